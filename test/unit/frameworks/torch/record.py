"""Records what real PyTorch says of the models beside this file: parameters, module outputs, spread of the weights.

Run: python record.py > recorded.json
"""

import json
import pathlib
import sys

import torch
from torch import nn

DRAWS = 8


def shapes(value):
    if isinstance(value, torch.Tensor):
        return [list(value.shape)]
    if isinstance(value, (tuple, list)):
        return [shape for item in value for shape in shapes(item)]
    return []


def record(path):
    outputs = {}
    source = compile(path.read_text(), str(path), "exec")
    call = nn.Module.__call__
    state = {"root": None}

    def traced(self, *args, **kwargs):
        is_root = state["root"] is None
        if is_root:
            state["root"] = self
        result = call(self, *args, **kwargs)
        name = next((name for name, module in state["root"].named_modules() if module is self), None)
        if name and not list(self.children()) and name not in outputs:
            outputs[name] = shapes(result)
        if is_root:
            state["root"] = None
        return result

    moments = {}
    for draw in range(DRAWS):
        torch.manual_seed(draw)
        nn.Module.__call__ = traced if draw == 0 else call
        names = {"__name__": "models"}
        exec(source, names)
        for name, parameter in names["model"].named_parameters():
            values = parameter.detach().double()
            moments.setdefault(name, []).append((values.mean().item(), values.square().mean().item()))
    nn.Module.__call__ = call
    model = names["model"]
    return {
        "parameters": [
            {
                "path": name,
                "shape": list(parameter.shape),
                "mean": sum(mean for mean, _ in moments[name]) / DRAWS,
                "meanSquare": sum(square for _, square in moments[name]) / DRAWS,
            }
            for name, parameter in model.named_parameters()
        ],
        "modules": outputs,
        "output": shapes(names["output"]),
    }


folder = pathlib.Path(__file__).parent / "models"
models = {path.stem: record(path) for path in sorted(folder.glob("*.py"))}
json.dump({"torch": torch.__version__, "draws": DRAWS, "models": models}, sys.stdout, indent=1)
