"""Records the models of vit-pytorch's README with the arguments written there:
python recordVitPytorch.py <folder of unpacked wheels> <README or METADATA> > vit_pytorch.json

Each code block that imports a class, constructs it and applies it to `torch.randn(...)` is one model. Needs torch and einops.
"""

import ast
import importlib
import inspect
import json
import re
import sys

sys.path.insert(0, sys.argv[1])
import declareTorchvision
import torch


def first_tensor(value):
    if isinstance(value, torch.Tensor):
        return value
    values = list(value.values() if isinstance(value, dict) else value)
    return first_tensor(values[0])


def blocks(text):
    return re.findall(r"```python\n(.*?)```", text, re.S)


def case(block):
    tree = ast.parse(block)
    imported = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("vit_pytorch"):
            for alias in node.names:
                imported[alias.asname or alias.name] = node.module
    shape = None
    call = None
    for node in tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        callee = node.value.func
        if isinstance(callee, ast.Name) and callee.id in imported and call is None:
            call = node.value
        if ast.unparse(callee) == "torch.randn" and shape is None:
            shape = [ast.literal_eval(argument) for argument in node.value.args]
    if call is None or shape is None:
        return None
    cls = getattr(importlib.import_module(imported[call.func.id]), call.func.id)
    with torch.device("cpu"):
        model = eval(ast.unparse(call), {call.func.id: cls, "torch": torch})
    model.to("meta").eval()
    entry = {
        "file": cls.__module__.replace(".", "/") + ".py",
        "expression": f"{cls.__name__}({', '.join(ast.unparse(a) for a in [*call.args, *call.keywords])})",
        "input": shape[1:],
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(list(model.parameters())),
    }
    try:
        with torch.no_grad():
            entry["output"] = list(first_tensor(model(torch.empty(1, *shape[1:], device="meta"))).shape)[1:]
    except Exception as error:
        print(f"{entry['file']}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return entry


models = []
for block in blocks(open(sys.argv[2]).read()):
    try:
        entry = case(block)
    except Exception as error:
        print(f"{block[:60]!r}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
        continue
    if entry and entry not in models:
        models.append(entry)
json.dump({"torch": torch.__version__, "vit-pytorch": "1.26.11", "models": models}, sys.stdout, indent=1)
