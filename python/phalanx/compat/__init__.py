"""Runs programs that were written for Dask, unmodified.

``phalanx run program.py`` answers the program's imports of ``dask``, ``distributed``, ``dask_ml`` and ``xgboost.dask``
with ours. In a notebook, ``%load_ext phalanx.compat`` does the same from there on. A name that we do not have says so
where it is imported or used.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

__all__ = ["MODULES", "covered", "install", "is_answered", "load_ipython_extension", "uninstall", "unload_ipython_extension"]

#: Whose imports are answered, and by which module of ours.
MODULES = {
    "dask": "phalanx.compat._dask",
    "dask.base": "phalanx.compat._dask",
    "dask.config": "phalanx.compat._config",
    "dask.delayed": "phalanx._delayed",
    "dask.diagnostics": "phalanx.compat._diagnostics",
    "dask.utils": "phalanx.compat._utils",
    "dask.datasets": "phalanx.datasets",
    "dask.distributed": "phalanx.distributed",
    "distributed": "phalanx.distributed",
    "cdsw": "phalanx.workers",
    "cml": "phalanx.compat._cml",
    "cml.workers_v1": "phalanx.workers",
    "xgboost.dask": "phalanx.xgboost",
    "joblib._dask": "phalanx.compat._joblib",
}
#: Packages whose modules have their names here too, if we have them.
PACKAGES = {"dask.array": "phalanx.array", "dask.dataframe": "phalanx.dataframe", "dask_ml": "phalanx.ml"}
#: Where names begin that nobody but us answers.
ROOTS = ("dask", "dask_ml", "distributed", "xgboost.dask")
#: Names of Cloudera AI's workers, answered too. The platform's package ``cml`` has more than those, and stays where it
#: is; elsewhere it has nothing else.
PLATFORM = ("cdsw", "cml", "cml.workers_v1")
#: Variables that programs for the platform read, with its values, where it is not.
PORTS = {"CDSW_APP_PORT": "8100", "CDSW_READONLY_PORT": "8090"}


def is_answered(name: str) -> bool:
    """Whether imports of this module are answered by us alone: ``xgboost`` stays the library, ``xgboost.dask`` does not."""
    return name in (*PLATFORM, "joblib._dask") or any(name == root or name.startswith(f"{root}.") for root in ROOTS)


def ours_of(name: str) -> str | None:
    """Our module for a module of Dask's, if we have it."""
    if name in MODULES:
        return MODULES[name]
    for theirs, ours in PACKAGES.items():
        rest = name.removeprefix(theirs)
        if name == theirs or (rest != name and rest.startswith(".") and "._" not in rest):
            try:
                return ours + rest if importlib.util.find_spec(ours + rest) is not None else None
            except ModuleNotFoundError:
                return None
    return None


#: What does the work of modules that are not covered.
_INSTEAD = {
    "dask.bag": "dask.delayed over the parts, dask.dataframe.from_map, or client.map",
}


def instead_of(fullname: str) -> str:
    """What does the work of a name that is not covered, in brackets; nothing, if that is not known."""
    from phalanx.distributed._options import ABSENT

    module, _, name = fullname.rpartition(".")
    hint = _INSTEAD.get(fullname) or (ABSENT.get(name) if module in ("dask.distributed", "distributed") else None)
    return f" ({hint})" if hint else ""


class _Alias(ModuleType):
    """A module under Dask's name; what is missing in ours is said by name."""

    def __init__(self, name: str, ours: ModuleType) -> None:
        super().__init__(name, ours.__doc__)
        self.__dict__["_ours"] = ours
        self.__path__: list[str] = []  # a package, so that its submodules are asked for

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        try:
            return getattr(self._ours, name)
        except AttributeError:
            if ours_of(f"{self.__name__}.{name}") is not None:  # `import dask` is enough for `dask.datasets`
                return importlib.import_module(f"{self.__name__}.{name}")
            raise AttributeError(
                f"{self.__name__}.{name} is not covered by Phalanx{instead_of(f'{self.__name__}.{name}')}: `phalanx run` maps "
                f"Dask's names to ours, and {self._ours.__name__} has no {name!r}"
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing a.b sets b of a; as in Dask, `dask.delayed` stays the function although there is such a module.
        if not (isinstance(value, _Alias) and callable(getattr(self._ours, name, None))):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return dir(self._ours)


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of Dask's modules."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in PLATFORM:
            if fullname == "cml" and importlib.machinery.PathFinder.find_spec(fullname) is not None:
                return None
            for name, port in PORTS.items():
                os.environ.setdefault(name, port)
            return importlib.util.spec_from_loader(fullname, self, is_package=True)
        if is_answered(fullname):
            if ours_of(fullname) is not None:
                return importlib.util.spec_from_loader(fullname, self, is_package=True)
            # Under its own name `from dask.distributed import Event` would drop the error, and its words.
            raise ModuleNotFoundError(f"{fullname} is not covered by Phalanx{instead_of(fullname)}", name=None)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Alias(spec.name, importlib.import_module(ours_of(spec.name) or spec.name))

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: the module is there already."""


_FINDER = _Finder()


def install() -> None:
    """Answers imports of Dask with ours from here on; what was imported already stays."""
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


def uninstall() -> None:
    """Leaves imports of Dask alone again, and forgets those that were answered."""
    if _FINDER in sys.meta_path:
        sys.meta_path.remove(_FINDER)
    for name in [name for name, module in sys.modules.items() if isinstance(module, _Alias)]:
        del sys.modules[name]


def covered() -> dict[str, type]:
    """Our classes by the names of what they stand for."""
    from phalanx._delayed import Delayed
    from phalanx.array import Array
    from phalanx.dataframe import DataFrame, Series
    from phalanx.dataframe import accessors, groupby
    from phalanx.distributed import Client, Future, LocalCluster

    kinds: list[type] = [Array, DataFrame, Series, Delayed, Client, Future, LocalCluster]
    for module in (groupby, accessors):
        kinds += [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    return {kind.__name__.lstrip("_"): kind for kind in kinds}


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext phalanx.compat``."""
    install()


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext phalanx.compat``."""
    uninstall()
