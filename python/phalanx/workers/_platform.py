"""The platform's own module, also where a program's imports of it are answered with ours."""

from __future__ import annotations

import functools
import importlib.util
import sys
from types import ModuleType

__all__ = ["module"]

#: Under which names the platform has it, the newest first.
NAMES = ("cml.workers_v1", "cdsw")


@functools.cache
def module() -> ModuleType | None:
    """The module, or None where there is no platform."""
    for name in NAMES:
        found = _original(name)
        if found is not None and hasattr(found, "launch_workers"):
            return found
    return None


def _original(name: str) -> ModuleType | None:
    """The module of that name that is not ours (:mod:`phalanx.compat` answers the same names)."""
    there = sys.modules.get(name)
    if there is not None and "_ours" not in vars(there):
        return there
    package, _, _rest = name.rpartition(".")
    path = None
    if package:
        parent = _original(package)
        path = getattr(parent, "__path__", None)
        if path is None:
            return None
    for finder in sys.meta_path:
        if type(finder).__module__ == "phalanx.compat" or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(name, path, None)
        if spec is not None and spec.loader is not None:
            found = importlib.util.module_from_spec(spec)
            hidden = sys.modules.get(name)
            sys.modules[name] = found  # as it expects while it is loaded
            try:
                spec.loader.exec_module(found)
            finally:
                if hidden is not None:
                    sys.modules[name] = hidden
            return found
    return None
