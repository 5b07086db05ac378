"""Writes recorded.json: what Keras itself says of the models in cases/. Needs keras and torch (CPU)."""

import json
import math
import os
import pathlib
import re

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch


here = pathlib.Path(__file__).parent
result = {"versions": {"keras": keras.__version__, "torch": torch.__version__.split("+")[0]}, "cases": {}}


def shapes(value):
    tensors = value if isinstance(value, (list, tuple)) else [value]
    return [list(tensor.shape)[1:] for tensor in tensors]


for path in sorted((here / "cases").glob("*.py")):
    text = path.read_text().replace("tensorflow.keras", "keras")
    keras.utils.clear_session()
    keras.utils.set_random_seed(1)
    names = {}
    exec(text, names)
    model = names["model"]
    given = re.search(r"^# input: (.*)$", text, re.M)
    if given:
        outputs = model(np.zeros([2] + [int(size) for size in given[1].split(",")], "float32"))
    else:
        outputs = model.outputs
    result["cases"][path.stem] = {
        "parameters": model.count_params(),
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "outputs": shapes(outputs),
        "weights": [
            {
                "path": weight.path,
                "count": math.prod(weight.shape),
                "mean": round(float(np.mean(keras.ops.convert_to_numpy(weight))), 6),
                "std": round(float(np.std(keras.ops.convert_to_numpy(weight))), 6),
            }
            for weight in model.weights
        ],
        "layers": [layer.name for layer in model.layers],
    }
(here / "recorded.json").write_text(json.dumps(result, indent=1) + "\n")
