"""XGBoost, the library itself, trained over ranks: with the names of ``xgboost.dask``.

A training is done by *ranks*: processes, in this program or on workers, that hold a share of the rows each. How many
there are and how many threads each has is part of the training (``ranks=2``, one thread each, by default) and not of the
cluster: equal ranks give the same model, bit for bit, anywhere, also when workers are lost meanwhile.

>>> import numpy as np
>>> from phalanx import xgboost as pxgb
>>> X = np.arange(40.0).reshape(20, 2)
>>> output = pxgb.train(None, {"max_depth": 2}, pxgb.DaskDMatrix(None, X, X[:, 0]), num_boost_round=3)
>>> type(output["booster"]).__module__
'xgboost.core'
>>> pxgb.predict(None, output, X).shape
(20,)

Classes have the names of ``xgboost`` (``XGBClassifier``) and those of ``xgboost.dask`` (``DaskXGBClassifier``); both are
the same. Wherever a client is asked for, ``None`` is the current one, or this process.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Where each name is.
_NAMES = {
    **dict.fromkeys(("DMatrix", "QuantileDMatrix", "DaskDMatrix", "DaskQuantileDMatrix"), "_matrix"),
    "train": "_train",
    **dict.fromkeys(("predict", "inplace_predict"), "_predict"),
    **dict.fromkeys(("CommunicatorContext", "library"), "_library"),
    **{
        f"{dask}XGB{kind}": "_estimators"
        for dask in ("", "Dask")
        for kind in ("Classifier", "Regressor", "RFClassifier", "RFRegressor")
    },
    **dict.fromkeys(("XGBRanker", "DaskXGBRanker"), "_ranker"),
}

__all__ = sorted(_NAMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(f"phalanx.xgboost.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'phalanx.xgboost' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_NAMES)
