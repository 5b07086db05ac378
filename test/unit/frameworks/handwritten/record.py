"""Writes recorded.json: what the networks of cases/ hold and give when they are really run. Needs numpy, jax and torch (CPU)."""

import json
import pathlib
import re
import sys
import types

import jax
import numpy as np
import torch

here = pathlib.Path(__file__).parent
pandas = types.ModuleType("pandas")
pandas.read_csv = lambda path: types.SimpleNamespace(to_numpy=lambda: np.random.rand(50, 785))
sys.modules["pandas"] = pandas


def pairs(values, name):
    return {f"{name}[{i}][{j}]": value for i, pair in enumerate(values) for j, value in enumerate(pair)}


def first_round(text):
    """The arrays as they are drawn: loops of training are taken away."""
    kept = []
    for line in text.splitlines():
        if re.match(r"for \w+ in range|    for i in range\(1500\)", line):
            break
        kept.append(line)
    return "\n".join(kept) + "\n"


def script_output(n):
    hidden = np.maximum(0, n["X"] @ n["W1"] + n["b1"])
    return hidden @ n["W2"] + n["b2"]


# The model's name, its weights by the names that a person would write, and its output with the features last.
cases = {
    "bare_parameters": (
        "net",
        lambda n: {k: n[k].detach() for k in ("W1", "b1", "W2", "b2")},
        lambda n: n["net"](torch.ones(7, 784)).detach(),
    ),
    "settings_function": (
        "full_forward_propagation",
        lambda n: {f"values['{k}']": w for k, w in n["init_layers"](n["ARCHITECTURE"]).items()},
        lambda n: n["full_forward_propagation"](np.ones((6, 4)), n["init_layers"](n["ARCHITECTURE"]), n["ARCHITECTURE"])[0].T,
    ),
    "trained_objects": (
        "NeuralNetwork",
        lambda n: {f"layer{i}.synaptic_weights": n["NeuronLayer"](*s).synaptic_weights for i, s in ((1, (4, 3)), (2, (1, 4)))},
        lambda n: n["network"].think(np.ones((5, 3)))[1],
    ),
    "char_rnn": ("forward", lambda n: {k: n[k] for k in ("Wxh", "Whh", "Why", "bh", "by")}, lambda n: n["forward"](np.ones((65, 1))).T),
    "columns_class": (
        "Network",
        lambda n: {f"{k}[{i}]": w for k in ("weights", "biases") for i, w in enumerate(getattr(n["net"], k))},
        lambda n: n["net"].feedforward(np.ones((784, 1))).T,
    ),
    "input_attribute": (
        "NeuralNetwork",
        lambda n: {"weights1": n["nn"].weights1, "weights2": n["nn"].weights2},
        lambda n: (n["nn"].feedforward(), n["nn"].output)[1],
    ),
    "jax_pairs": ("predict", lambda n: pairs(n["params"], "params"), lambda n: n["predict"](n["params"], np.ones(784))[None]),
    "layer_objects": (
        "MLP",
        lambda n: {f"layers[{i}].{k}": getattr(n["model"].layers[i], k) for i in (0, 2, 4) for k in ("W", "b")},
        lambda n: n["model"].forward(np.ones((5, 20))),
    ),
    "parameter_functions": (
        "L_model_forward",
        lambda n: {f"parameters['{k}']": w for k, w in n["initialize_parameters_deep"](n["layers_dims"]).items()},
        lambda n: n["L_model_forward"](np.ones((12288, 4)), n["parameters"])[0].T,
    ),
    "rows_class": (
        "TwoLayerNet",
        lambda n: {f"params['{k}']": w for k, w in n["model"].params.items()},
        lambda n: n["model"].loss(np.ones((5, 3072))),
    ),
    "script": ("network", lambda n: {k: n[k] for k in ("W1", "b1", "W2", "b2")}, script_output),
    "script_unknown": ("network", lambda n: {f"params['{k}']": w for k, w in n["params"].items()}, lambda n: np.ones((50, 10))),
    "torch_tensors": ("forward", lambda n: {k: n[k].detach() for k in ("W1", "b1", "W2", "b2")}, lambda n: n["forward"](torch.ones(7, 30)).detach()),
}

result = {"versions": {"numpy": np.__version__, "jax": jax.__version__, "torch": torch.__version__.split("+")[0]}, "cases": {}}
for stem, (model, weights, output) in cases.items():
    np.random.seed(3)
    space = {"__name__": "__main__", "load_data": lambda: (np.random.rand(12288, 3), np.random.rand(1, 3) > 0.5)}
    text = (here / "cases" / f"{stem}.py").read_text().replace("num_iterations=3000", "num_iterations=1")
    exec(first_round(text), space)
    drawn = {name: np.asarray(array) for name, array in weights(space).items()}
    result["cases"][stem] = {
        "model": model,
        "parameters": sum(array.size for array in drawn.values()),
        "features": int(np.shape(output(space))[-1]),
        "weights": [
            {"name": name, "count": array.size, "mean": round(float(array.mean()), 6), "std": round(float(array.std()), 6)}
            for name, array in drawn.items()
        ],
    }
(here / "recorded.json").write_text(json.dumps(result, indent=1) + "\n")
