"""Scorers by scikit-learn's names, whose metrics take lazy data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.metrics import make_scorer

from phalanx.ml import _metrics_classes as classes
from phalanx.ml import _metrics_curves as curves
from phalanx.ml import _metrics_numbers as numbers

__all__ = ["SCORERS", "check_scoring", "get_scorer"]

_PROBABILITY = {"response_method": "predict_proba"}
_SCORE = {"response_method": ("decision_function", "predict_proba")}
_LOSS = {"greater_is_better": False}

#: Name: metric, what it is given, and whether it is a loss.
_METRICS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "accuracy": (classes.accuracy_score, {}),
    "balanced_accuracy": (classes.balanced_accuracy_score, {}),
    "f1": (classes.f1_score, {}),
    "f1_macro": (classes.f1_score, {"average": "macro"}),
    "f1_micro": (classes.f1_score, {"average": "micro"}),
    "f1_weighted": (classes.f1_score, {"average": "weighted"}),
    "precision": (classes.precision_score, {}),
    "precision_macro": (classes.precision_score, {"average": "macro"}),
    "precision_weighted": (classes.precision_score, {"average": "weighted"}),
    "recall": (classes.recall_score, {}),
    "recall_macro": (classes.recall_score, {"average": "macro"}),
    "recall_weighted": (classes.recall_score, {"average": "weighted"}),
    "neg_log_loss": (classes.log_loss, {**_PROBABILITY, **_LOSS}),
    "neg_brier_score": (classes.brier_score_loss, {**_PROBABILITY, **_LOSS}),
    "roc_auc": (curves.roc_auc_score, _SCORE),
    "average_precision": (curves.average_precision_score, _SCORE),
    "r2": (numbers.r2_score, {}),
    "explained_variance": (numbers.explained_variance_score, {}),
    "neg_mean_squared_error": (numbers.mean_squared_error, _LOSS),
    "neg_root_mean_squared_error": (numbers.root_mean_squared_error, _LOSS),
    "neg_mean_absolute_error": (numbers.mean_absolute_error, _LOSS),
    "neg_median_absolute_error": (numbers.median_absolute_error, _LOSS),
    "neg_mean_squared_log_error": (numbers.mean_squared_log_error, _LOSS),
    "neg_mean_poisson_deviance": (numbers.mean_poisson_deviance, _LOSS),
    "neg_mean_gamma_deviance": (numbers.mean_gamma_deviance, _LOSS),
}

SCORERS: dict[str, Any] = {name: make_scorer(metric, **options) for name, (metric, options) in _METRICS.items()}


def get_scorer(scoring: Any, compute: bool = True) -> Any:
    """The scorer of a name; a callable is one already.

    ``compute`` is dask-ml's: scores are numbers here, so it must be True.
    """
    if not compute:
        raise NotImplementedError("get_scorer(compute=False): scores are numbers; metrics take compute=False")
    if callable(scoring):
        return scoring
    if scoring not in SCORERS:
        raise ValueError(f"{scoring!r} is not a valid scoring value. Valid options are {sorted(SCORERS)}")
    return SCORERS[scoring]


def _passthrough(estimator: Any, X: Any, y: Any = None, **options: Any) -> Any:
    return estimator.score(X, y, **options) if y is not None else estimator.score(X)


def check_scoring(estimator: Any, scoring: Any = None, **_: Any) -> Any:
    """The scorer that a search uses: by name, a callable, or the estimator's own ``score``."""
    if scoring is not None:
        return get_scorer(scoring)
    if not hasattr(estimator, "score"):
        raise TypeError(f"If no scoring is specified, the estimator passed should have a 'score' method. {estimator!r} does not.")
    return _passthrough
