"""Rows for the tables of cases of boosting, and XGBoost alone as the oracle."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xgboost as xgb
from oracle import engine
from sklearn import datasets

import phalanx.xgboost as pxgb
from phalanx import _client

sys.path.insert(0, str(Path(__file__).parents[1] / "ml"))
from learning import given, plain

__all__ = ["BINARY", "alone", "booster_bytes", "few", "given", "on", "plain", "real", "trained"]

BINARY = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "eval_metric": "logloss"}


@contextmanager
def on(name: str) -> Iterator[Any]:
    """Runs what is inside on an engine: ``local``, ``perturbed`` or ``cluster`` (two workers)."""
    native = engine(name)
    current = type("Current", (), {"_native": native})()
    _client.push(current)
    try:
        yield current
    finally:
        _client.pop(current)


@functools.cache
def real(name: str) -> tuple[Any, Any]:
    """X and y of one of scikit-learn's bundled real data sets."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    return np.ascontiguousarray(x, dtype=np.float64), y


@functools.cache
def few(name: str) -> tuple[Any, Any]:
    """The same with at most 200 different values a feature, so that any number of ranks finds the same cuts."""
    x, y = real(name)
    ranks = pd.DataFrame(x).rank(pct=True).to_numpy()
    return np.floor(ranks * 200.0) / 200.0, y


def alone(x: Any, y: Any, params: dict[str, Any], rounds: int, *, quantiles: bool = False, **fields: Any) -> Any:
    """The booster of one process of the library."""
    kind = xgb.QuantileDMatrix if quantiles else xgb.DMatrix
    matrix = kind(x, y, nthread=1, **fields)
    return xgb.train({**params, "nthread": 1}, matrix, rounds)


def trained(x: Any, y: Any, params: dict[str, Any], rounds: int, *, ranks: int = 2, **fields: Any) -> Any:
    """Our booster, of the current client."""
    output = pxgb.train(None, params, pxgb.DaskDMatrix(None, x, y, **fields), rounds, ranks=ranks)
    assert output["restarts"] == 0
    return output["booster"]


def booster_bytes(booster: Any) -> bytes:
    return bytes(booster.save_raw("ubj"))
