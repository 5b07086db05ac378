"""Records what real PyTorch gives for the lines beside this file, evaluated after prelude.py: python record.py > recorded.json

functions.txt: expressions, the shapes of the tensors in their results; a size that differs between runs depends on the data and is null.
values.txt: expressions, the text of their values.
layers.txt: `constructor | inputs`, the path and shape of each parameter after the first application, and the shapes of the results.
"""

import json
import pathlib
import sys
import warnings

import torch

warnings.simplefilter("ignore")
folder = pathlib.Path(__file__).parent


def lines(name):
    return [line for line in (folder / name).read_text().splitlines() if line and not line.startswith("#")]


def shapes(value):
    if isinstance(value, torch.Tensor):
        return [list(value.shape)]
    if isinstance(value, (tuple, list)):
        return [shape for item in value for shape in shapes(item)]
    return []


def names(seed):
    torch.manual_seed(seed)
    scope = {}
    exec((folder / "prelude.py").read_text(), scope)
    return scope


def function(line):
    runs = [shapes(eval(line, names(seed))) for seed in range(3)]
    return [
        [sizes[0] if len(set(sizes)) == 1 else None for sizes in zip(*result)] for result in zip(*runs)
    ]


def value(line):
    return repr(eval(line, names(0)))


def layer(line):
    construct, inputs = line.split(" | ")
    scope = names(0)
    made = eval(construct, scope)
    output = shapes(eval(f"made({inputs})", {**scope, "made": made}))
    module = getattr(made, "__self__", made)
    return {"parameters": {path: list(p.shape) for path, p in module.named_parameters()}, "output": output}


def recorded(name, record):
    result = {}
    for line in lines(name):
        try:
            result[line] = record(line)
        except Exception as error:
            print(f"{line}: {type(error).__name__}: {error}", file=sys.stderr)
    return result


def text(table):
    return ",\n".join(f"  {json.dumps(line)}: {json.dumps(value)}" for line, value in table.items())


print("{")
print(f' "torch": {json.dumps(torch.__version__)},')
print(f' "functions": {{\n{text(recorded("functions.txt", function))}\n }},')
print(f' "values": {{\n{text(recorded("values.txt", value))}\n }},')
print(f' "layers": {{\n{text(recorded("layers.txt", layer))}\n }}')
print("}")
