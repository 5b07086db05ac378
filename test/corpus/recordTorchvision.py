"""Records what torchvision's builders are, as PyTorch itself reports it: python recordTorchvision.py <folder of unpacked wheels> > torchvision.json

Parameters are made on the meta device, so nothing is computed. A wheel for another device than the installed PyTorch's does: compiled
operators are only declared. Needs torch, and pillow for torchvision's own imports.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])
import declareTorchvision
import torch
import torchvision
from torchvision.models import get_model_builder, list_models

for name in [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)

shapes = {"optical_flow": [3, 128, 128], "video": [3, 16, 224, 224]}


def first_tensor(value):
    if isinstance(value, torch.Tensor):
        return value
    values = list(value.values() if isinstance(value, dict) else value)
    return first_tensor(values[0])


def record(name):
    builder = get_model_builder(name)
    module = builder.__module__.removeprefix("torchvision.models.")
    family = module.split(".")[0] if "." in module else "classification"
    side = 299 if "inception" in module else 224
    shape = shapes.get(family, [3, side, side])
    arguments = "weights=None"
    if family in ("detection", "segmentation"):
        arguments += ", weights_backbone=None"
    if family == "quantization":
        arguments += ", quantize=False"
    entry = {
        "file": builder.__module__.replace(".", "/") + ".py",
        "expression": f"{builder.__name__}({arguments})",
        "family": family,
        "input": shape,
    }
    try:
        with torch.device("meta"):
            model = eval(f"builder({arguments})")
    except NotImplementedError:
        # Some work with tensors while they are built; without initialisation their weights' memory is never touched.
        model = eval(f"builder({arguments})").to("meta")
    model.eval()
    entry["parameters"] = sum(p.numel() for p in model.parameters())
    entry["tensors"] = len(list(model.parameters()))
    try:
        inputs = [torch.empty(1, *shape, device="meta")] * (2 if family == "optical_flow" else 1)
        with torch.no_grad():
            entry["output"] = list(first_tensor(model(*inputs)).shape)[1:]
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return entry


json.dump(
    {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "models": [record(name) for name in list_models()],
    },
    sys.stdout,
    indent=1,
)
