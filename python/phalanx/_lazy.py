"""Libraries that are imported when they are first used, so that ``import phalanx`` is quick.

``from phalanx._lazy import np, pa, pd`` and use them as usual.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

__all__ = ["np", "pa", "pd", "require"]

_EXTRAS = {
    "cloudpickle": "functions",
    "matplotlib": "plot",
    "pandas": "pandas",
    "scipy": "learn",
    "sklearn": "learn",
    "xgboost": "xgboost",
    "zarr": "zarr",
}


def require(name: str) -> ModuleType:
    """The module ``name``; if it is not installed, an error that says which extra brings it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        root = name.partition(".")[0]
        if error.name != root:
            raise
        extra = _EXTRAS.get(root)
        how = f"pip install 'phalanx[{extra}]'" if extra else f"pip install {root}"
        raise ModuleNotFoundError(f"this needs {root}, which is not installed: {how}", name=root) from None


class _Lazy:
    """A module that is imported at the first use of one of its names."""

    def __init__(self, name: str) -> None:
        self.__dict__["_name"] = name

    def __getattr__(self, name: str) -> Any:
        value = getattr(require(self._name), name)
        self.__dict__[name] = value  # the next use finds it at once
        return value

    def __dir__(self) -> list[str]:
        return dir(require(self._name))

    def __repr__(self) -> str:
        return f"<{self._name}, imported when used>"


np: Any = _Lazy("numpy")
pa: Any = _Lazy("pyarrow")
pd: Any = _Lazy("pandas")
