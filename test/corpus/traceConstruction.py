"""Watches which modules some code constructs, with which arguments, and which tensors they are applied to."""

import dataclasses
import enum
import inspect
import sys

import torch
from torch import nn

constructions = []
inputs = {}


def construct(cls, *args, **kwargs):
    self = object.__new__(cls)
    construction = {"cls": cls, "args": args, "kwargs": kwargs, "self": self}
    self.__dict__["_construction"] = construction
    constructions.append(construction)
    return self


def note_input(module, args, kwargs):
    if module in inputs:
        return
    parameters = [p for p in inspect.signature(module.forward).parameters.values() if p.default is p.empty]
    given = [*args, *kwargs.values()]
    single = len(parameters) == 1 and parameters[0].kind in (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
    )
    inputs[module] = given[0] if single and given and isinstance(given[0], torch.Tensor) else None


def watch():
    apply = nn.Module.__call__

    def note_and_apply(self, *args, **kwargs):
        note_input(self, args, kwargs)
        return apply(self, *args, **kwargs)

    nn.Module.__new__ = construct
    nn.Module.__call__ = note_and_apply


class CannotWrite(Exception):
    pass


def write_name(value, scope):
    """How code in the module `scope` can name a class or function: its own name, one of a module's it imports, or by import."""
    for name, known in vars(scope).items():
        if known is value:
            return name
    for name, known in vars(scope).items():
        if inspect.ismodule(known) and getattr(known, value.__name__, None) is value:
            return f"{name}.{value.__name__}"
    home = sys.modules[value.__module__]
    if getattr(home, value.__qualname__, None) is not value:
        raise CannotWrite(f"{value.__qualname__} is no name of {home.__name__}")
    return f"__import__({home.__name__!r}, fromlist=[{value.__name__!r}]).{value.__name__}"


def write(value, scope):
    """A Python expression for `value` in the scope of the module `scope`."""
    if isinstance(value, nn.Module):
        return write_construction(value.__dict__["_construction"], scope)
    if value is None or isinstance(value, (bool, int, float, str)) and not isinstance(value, enum.Enum):
        return repr(value)
    if isinstance(value, (list, set)) and value:
        parts = ", ".join(write(item, scope) for item in value)
        return f"[{parts}]" if isinstance(value, list) else f"{{{parts}}}"
    if isinstance(value, list):
        return "[]"
    if isinstance(value, tuple):
        parts = [write(item, scope) for item in value]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{write(key, scope)}: {write(item, scope)}" for key, item in value.items()) + "}"
    if isinstance(value, torch.device):
        return f"{write_name(torch.device, scope)}({str(value)!r})"
    if inspect.isclass(value) or inspect.isfunction(value) or inspect.isbuiltin(value):
        return write_name(value, scope)
    if dataclasses.is_dataclass(value):
        fields = [f"{field.name}={write(getattr(value, field.name), scope)}" for field in dataclasses.fields(value) if field.init]
        return f"{write_name(type(value), scope)}({', '.join(fields)})"
    raise CannotWrite(f"a value of type {type(value).__name__}")


def write_construction(construction, scope):
    parts = [write(argument, scope) for argument in construction["args"]]
    parts += [f"{name}={write(argument, scope)}" for name, argument in construction["kwargs"].items()]
    return f"{write_name(construction['cls'], scope)}({', '.join(parts)})"
