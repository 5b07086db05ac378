"""Stands in for packages that are imported but not needed to construct a model."""

import importlib.abc
import importlib.machinery
import sys
from unittest.mock import MagicMock


class AbsentPackages(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, names):
        self.names = names

    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in self.names:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__spec__, module.__name__, module.__path__ = spec, spec.name, []
        return module

    def exec_module(self, module):
        pass


def stand_in(*names):
    sys.meta_path.append(AbsentPackages(names))
