"""Splits, and searches whose trials run at the same time.

Splits are scikit-learn's own: the same seed gives the same rows. Of lazy arrays, the parts are lazy; only the numbers
of the rows are made here.
"""

from __future__ import annotations

from sklearn.model_selection import ParameterGrid, ParameterSampler

from phalanx.ml._halving import HalvingGridSearchCV, HalvingRandomSearchCV
from phalanx.ml._hyperband import HyperbandSearchCV, SuccessiveHalvingSearchCV
from phalanx.ml._incremental import IncrementalSearchCV, InverseDecaySearchCV
from phalanx.ml._search import GridSearchCV, RandomizedSearchCV
from phalanx.ml._splits import KFold, ShuffleSplit, StratifiedKFold, check_cv, train_test_split
from phalanx.ml._validate import compute_n_splits, cross_val_score, cross_validate

__all__ = [
    "GridSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "HyperbandSearchCV",
    "IncrementalSearchCV",
    "InverseDecaySearchCV",
    "KFold",
    "ParameterGrid",
    "ParameterSampler",
    "RandomizedSearchCV",
    "ShuffleSplit",
    "StratifiedKFold",
    "SuccessiveHalvingSearchCV",
    "check_cv",
    "compute_n_splits",
    "cross_val_score",
    "cross_validate",
    "train_test_split",
]
