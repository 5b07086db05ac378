"""Records the models of vit-pytorch with the arguments that its README and its files' main guards give them:
python recordVitPytorch.py <folder of unpacked wheels> <README or METADATA> > vit_pytorch.json

Each code block and each main guard is run; what it constructs itself is recorded, and applied to what it applies it to, where that is one
tensor. Constructions and applications run on the meta device. What cannot be constructed stands under `leftOut` with the reason. Needs torch and einops.
"""

import ast
import json
import pathlib
import re
import sys

site = pathlib.Path(sys.argv[1]).resolve()
readme = sys.argv[2]
sys.path.insert(0, str(site))

import declareTorchvision
import torch
import traceConstruction
from traceConstruction import constructions, write_construction

written = {}


def watch_writing():
    """Which constructions stand in the text that is run, rather than in the constructor of another."""
    construct = traceConstruction.construct

    def construct_and_note(cls, *args, **kwargs):
        self = construct(cls, *args, **kwargs)
        frame = sys._getframe(1)
        while "torch" in frame.f_code.co_filename and "vit_pytorch" not in frame.f_code.co_filename:
            frame = frame.f_back
        written[self] = frame.f_code.co_filename
        return self

    torch.nn.Module.__new__ = construct_and_note


def run(text, name, scope):
    """Runs a text statement by statement; one that fails here does not keep the next from constructing something."""
    for statement in ast.parse(text).body:
        code = compile(ast.Module([statement], []), name, "exec")
        for device in ["meta", "cpu"]:
            try:
                with torch.device(device):
                    exec(code, scope)
                break
            except Exception as error:
                if device == "cpu" or "meta" not in str(error):
                    failures.setdefault(name, f"{type(error).__name__}: {str(error)[:100]}")
                    break


def texts():
    for index, block in enumerate(re.findall(r"```python\n(.*?)```", open(readme).read(), re.S)):
        yield block, f"<README {index}>", {"torch": torch}
    for file in sorted(site.glob("vit_pytorch/*.py")):
        for statement in ast.parse(file.read_text()).body:
            if isinstance(statement, ast.If) and "__main__" in ast.unparse(statement.test):
                try:
                    module = __import__(f"vit_pytorch.{file.stem}", fromlist=[file.stem])
                except ImportError as error:
                    left_out[f"vit_pytorch.{file.stem}"] = str(error)
                    continue
                yield "\n".join(map(ast.unparse, statement.body)), f"<{file.stem}>", dict(vars(module))


def shape_of(value):
    if isinstance(value, torch.Tensor):
        return list(value.shape)
    values = list(value.values()) if isinstance(value, dict) else list(value)
    return shape_of(values[0])


def constructed(expression, scope):
    """On the meta device; some work with tensors while they are built."""
    try:
        with torch.device("meta"):
            return eval(expression, vars(scope)).eval()
    except (RuntimeError, NotImplementedError):
        return eval(expression, vars(scope)).eval()


def record(construction):
    scope = sys.modules[construction["cls"].__module__]
    expression = write_construction(construction, scope)
    model = constructed(expression, scope)
    entry = {"file": str(pathlib.Path(scope.__file__).relative_to(site)), "expression": expression}
    given = traceConstruction.inputs.get(construction["self"])
    if given is not None:
        entry |= {"input": list(given.shape)[1:], "first": given.shape[0]}
    entry["parameters"] = sum(p.numel() for p in model.parameters())
    entry["tensors"] = len(list(model.parameters()))
    if given is not None:
        try:
            with torch.no_grad(), torch.device("meta"):
                entry["output"] = shape_of(model.to("meta")(given.to("meta")))[1:]
        except Exception as error:
            print(f"{expression[:60]}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
    return entry


def apply_cheaply(self, *args, **kwargs):
    """While a text is read only what it applies its models to is of interest."""
    if written.get(self, "").startswith("<"):
        traceConstruction.note_input(self, args, kwargs)
        raise RuntimeError("not applied while the text is read")
    return apply(self, *args, **kwargs)


def no_download(*args, **kwargs):
    raise RuntimeError("weights are not downloaded")


failures, left_out = {}, {}
torch.hub.load_state_dict_from_url = no_download
sys.stdout, out = sys.stderr, sys.stdout
for name in [name for name in dir(torch.nn.init) if name.endswith("_") and not name.startswith("_")]:
    setattr(torch.nn.init, name, lambda tensor, *args, **kwargs: tensor)
apply = torch.nn.Module.__call__
torch.nn.Module.cuda = lambda self, *args: self
torch.Tensor.cuda = lambda self, *args, **kwargs: self
traceConstruction.watch()
watch_writing()
torch.nn.Module.__call__ = apply_cheaply
for text, name, scope in texts():
    run(text, name, scope)
torch.nn.Module.__call__ = apply

models = {}
for construction in list(constructions):
    cls, self = construction["cls"], construction["self"]
    if not cls.__module__.startswith("vit_pytorch") or not written[self].startswith("<"):
        continue
    try:
        entry = record(construction)
    except Exception as error:
        left_out.setdefault(f"{cls.__module__}.{cls.__name__}", f"{type(error).__name__}: {str(error)[:120]}")
        continue
    models.setdefault((entry["file"], entry["expression"]), entry)
json.dump(
    {
        "torch": torch.__version__,
        "vit-pytorch": "1.26.11",
        "models": list(models.values()),
        "leftOut": [{"class": key, "reason": reason} for key, reason in left_out.items()],
    },
    out,
    indent=1,
)
for name, reason in failures.items():
    print(f"{name}: {reason}", file=sys.stderr)
print(f"{len(models)} recorded, {len(left_out)} left out", file=sys.stderr)
