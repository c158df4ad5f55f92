"""XGBoost as it is found, and what its Dask module has that is not needed here."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from phalanx import _phalanx
from phalanx._lazy import require

__all__ = ["CATEGORIES", "CommunicatorContext", "Found", "categories_of", "library", "python_package"]

#: The attribute of a booster that says which category each code of a feature stands for, as JSON.
CATEGORIES = "phalanx_categories"


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


def categories_of(booster: Any) -> dict[str, list[str]]:
    """The texts of the categories of each feature that has any: as we note them, or as XGBoost keeps them from 3.1 on."""
    known = booster.attr(CATEGORIES)
    if known is not None:
        return dict(json.loads(known))
    if not hasattr(booster, "get_categories"):
        return {}
    try:
        pairs = booster.get_categories(export_to_arrow=True).to_arrow()
    except (TypeError, ValueError, AttributeError):  # it has none
        return {}
    return {str(name): [str(text) for text in texts.to_pylist()] for name, texts in pairs if texts is not None}


class CommunicatorContext:
    """Not needed: ranks find each other by themselves."""

    def __init__(self, **args: Any) -> None:
        raise NotImplementedError("CommunicatorContext: ranks are processes of their own, which train() brings together")
