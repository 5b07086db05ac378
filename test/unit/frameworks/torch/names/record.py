"""Lists the public functions, layers and methods of the installed PyTorch: python record.py > recorded.json"""

import importlib
import inspect
import json
import sys

import torch

packages = [
    "torch",
    "torch.nn.functional",
    "torch.nn.init",
    "torch.nn.utils",
    "torch.nn.utils.parametrizations",
    "torch.nn.utils.parametrize",
    "torch.nn.utils.prune",
    "torch.nn.utils.rnn",
    "torch.fft",
    "torch.linalg",
    "torch.special",
]


def public(owner, is_wanted):
    names = getattr(owner, "__all__", None) or dir(owner)
    return sorted(name for name in set(names) if not name.startswith("_") and is_wanted(getattr(owner, name, None)))


def is_function(value):
    return callable(value) and not inspect.isclass(value) and type(value).__module__ != "typing"


names = {package: public(importlib.import_module(package), is_function) for package in packages}
names["torch.nn"] = public(torch.nn, inspect.isclass)
names["torch.Tensor"] = sorted(name for name in dir(torch.Tensor) if not name.startswith("_"))
names["torch.nn.Module"] = sorted(name for name in vars(torch.nn.Module) if not name.startswith("_"))
json.dump({"torch": torch.__version__, "names": names}, sys.stdout, indent=1)
