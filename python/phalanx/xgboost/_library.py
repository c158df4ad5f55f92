"""XGBoost as it is found, and what its Dask module has that is not needed here."""

from __future__ import annotations

from typing import Any, NamedTuple

from phalanx import _phalanx
from phalanx._lazy import require

__all__ = ["CommunicatorContext", "Found", "library", "python_package"]


class Found(NamedTuple):
    """The library."""

    version: str
    path: str


def library() -> Found:
    """The version of XGBoost that trains and predicts, and its file.

    It is that of ``PHALANX_XGBOOST``, or of the package ``xgboost`` (or ``xgboost-cpu``) of this Python.

    Raises
    ------
    NotImplementedError
        It is not there, or older than 2.1.
    """
    return Found(*_phalanx.boost_library())


def python_package() -> Any:
    """The package ``xgboost``, whose boosters models are handed over as."""
    return require("xgboost")


class CommunicatorContext:
    """Not needed: ranks find each other by themselves."""

    def __init__(self, **args: Any) -> None:
        raise NotImplementedError("CommunicatorContext: ranks are processes of their own, which train() brings together")
