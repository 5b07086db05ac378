"""Records what keras.applications' builders are, as Keras itself reports it on the PyTorch backend:
python recordKeras.py <folder of unpacked wheels> > keras.json

Parameters are the trainable variables.
"""

import inspect
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "torch"
sys.path.insert(0, sys.argv[1])
import torch

for name in [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
import keras

models = []
for name in dir(keras.applications):
    builder = getattr(keras.applications, name)
    if not inspect.isfunction(builder):
        continue
    try:
        model = builder(weights=None)
    except ValueError as error:
        print(f"{name}: {error}", file=sys.stderr)
        continue
    trainable = model.trainable_variables
    models.append(
        {
            "file": builder.__module__.replace(".", "/") + ".py",
            "expression": f"{name}(weights=None)",
            "input": list(model.input_shape[1:]),
            "parameters": sum(torch.Size(variable.shape).numel() for variable in trainable),
            "tensors": len(trainable),
            "output": list(model.output_shape[1:]),
        }
    )
json.dump({"keras": keras.__version__, "torch": torch.__version__, "models": models}, sys.stdout, indent=1)
