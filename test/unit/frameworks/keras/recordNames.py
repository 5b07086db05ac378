"""Writes names.json: the public names of Keras by module. Needs keras and torch (CPU)."""

import json
import os
import pathlib
import types

os.environ["KERAS_BACKEND"] = "torch"

import keras

# Data, files and pictures of data: no network is written with them.
left_out = ("keras.applications.", "keras.datasets", "keras.legacy", "keras.preprocessing", "keras.visualization", "keras.wrappers")
names = {}


def walk(module, name):
    if name in names or name.startswith(left_out):
        return
    public = {key: value for key, value in vars(module).items() if not key.startswith("_")}
    names[name] = sorted(key for key, value in public.items() if not isinstance(value, types.ModuleType))
    for key, value in sorted(public.items()):
        if isinstance(value, types.ModuleType) and value.__name__.startswith("keras.") and "keras.src" not in value.__name__:
            walk(value, f"{name}.{key}")


walk(keras, "keras")
here = pathlib.Path(__file__).parent
lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(members)}" for name, members in names.items())
(here / "names.json").write_text(f'{{"keras": {json.dumps(keras.__version__)}, "modules": {{\n{lines}\n}}}}\n')
