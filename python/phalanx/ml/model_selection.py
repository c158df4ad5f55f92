"""Splits, and searches whose trials run at the same time.

Splits are scikit-learn's own: the same seed gives the same rows. Of lazy arrays, the parts are lazy; only the numbers
of the rows are made here.
"""

from __future__ import annotations

from sklearn.model_selection import ParameterGrid, ParameterSampler

from phalanx.ml._halving import HalvingGridSearchCV, HalvingRandomSearchCV
from phalanx.ml._search import GridSearchCV, RandomizedSearchCV
from phalanx.ml._splits import KFold, ShuffleSplit, StratifiedKFold, check_cv, train_test_split
from phalanx.ml._validate import compute_n_splits, cross_val_score, cross_validate

__all__ = [
    "GridSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "KFold",
    "ParameterGrid",
    "ParameterSampler",
    "RandomizedSearchCV",
    "ShuffleSplit",
    "StratifiedKFold",
    "check_cv",
    "compute_n_splits",
    "cross_val_score",
    "cross_validate",
    "train_test_split",
]

_INCREMENTAL = ("HyperbandSearchCV", "IncrementalSearchCV", "InverseDecaySearchCV", "SuccessiveHalvingSearchCV")


def __getattr__(name: str) -> object:
    if name in _INCREMENTAL:
        raise AttributeError(
            f"phalanx.ml.model_selection has no {name!r} yet: take HalvingRandomSearchCV, whose trials run side by side"
        )
    raise AttributeError(f"module 'phalanx.ml.model_selection' has no attribute {name!r}")
