"""Writes recorded.json: what Flax itself says of the models in cases/. Needs jax and flax (CPU).

A case keeps each model in a name and its example input, or a tuple of them, in that name with `_input`.
"""

import json
import math
import pathlib
import re
from functools import partial

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from flax.traverse_util import flatten_dict

# Cases whose parameters are really drawn; of the others only sizes are worked out, which is much faster.
drawn = ["linen_dense"]
here = pathlib.Path(__file__).parent
result = {"versions": {"flax": flax.__version__, "jax": jax.__version__}, "cases": {}}


def shapes(value):
    return [list(leaf.shape) for leaf in jax.tree.leaves(value)]


def weight(path, array):
    """With mean and standard deviation where the array was drawn."""
    made = {"path": path, "count": math.prod(array.shape)}
    if isinstance(array, jax.ShapeDtypeStruct):
        return made
    array = np.asarray(array)
    return made | {"mean": round(float(array.mean()), 6), "std": round(float(array.std()), 6)}


def linen(model, inputs, is_drawn):
    key = jax.random.key(7)
    rngs = {"params": key, "dropout": key}
    run = model.init_with_output if is_drawn else partial(jax.eval_shape, model.init_with_output)
    outputs, variables = run(rngs, *inputs)
    return outputs, flatten_dict(variables["params"])


def stateful(model, inputs, _):
    parameters = nnx.to_flat_state(nnx.state(model, nnx.Param))
    outputs = nnx.eval_shape(lambda part: part(*inputs), model)
    return outputs, {path: variable.get_value() for path, variable in parameters}


for file in sorted((here / "cases").glob("*.py")):
    names = {}
    text = file.read_text()
    exec(re.sub(r"^\w+(\.init)?\((key|\{.*\}|\w+_input).*\)$", "", text, flags=re.M), names)
    models = {}
    for name, model in names.items():
        given = names.get(f"{name}_input")
        if given is None:
            continue
        inputs = given if isinstance(given, tuple) else (given,)
        outputs, parameters = (linen if isinstance(model, nn.Module) else stateful)(model, inputs, file.stem in drawn)
        own = type(model).__module__.startswith("flax")
        models[name if own else type(model).__name__] = {
            "parameters": sum(math.prod(array.shape) for array in parameters.values()),
            "outputs": shapes(outputs),
            "weights": [weight(".".join(map(str, path)), array) for path, array in parameters.items()],
        }
    result["cases"][file.stem] = models
(here / "recorded.json").write_text(json.dumps(result, indent=1) + "\n")
