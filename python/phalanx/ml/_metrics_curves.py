"""Curves over thresholds, and the areas under them: scores and targets come here, and scikit-learn sorts them."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import require
from phalanx.ml._metric_inputs import gathered

__all__ = ["auc", "average_precision_score", "det_curve", "precision_recall_curve", "roc_auc_score", "roc_curve"]


def _on_the_client(name: str, y_true: Any, y_score: Any, sample_weight: Any, options: dict[str, Any]) -> Any:
    true, score, weight = gathered(y_true, y_score, sample_weight)
    return getattr(require("sklearn.metrics"), name)(true, score, sample_weight=weight, **options)


def auc(x: Any, y: Any) -> float:
    """The area under a curve, by trapezia."""
    x, y = gathered(x, y)
    return float(require("sklearn.metrics").auc(x, y))


def roc_auc_score(y_true: Any, y_score: Any, *, average: Any = "macro", sample_weight: Any = None, max_fpr: Any = None, multi_class: str = "raise", labels: Any = None) -> Any:
    """The area under the curve of true against false positives."""
    options = {"average": average, "max_fpr": max_fpr, "multi_class": multi_class, "labels": labels}
    return _on_the_client("roc_auc_score", y_true, y_score, sample_weight, options)


def average_precision_score(y_true: Any, y_score: Any, *, average: Any = "macro", pos_label: Any = 1, sample_weight: Any = None) -> Any:
    """The area under the curve of precision against recall, by steps."""
    return _on_the_client("average_precision_score", y_true, y_score, sample_weight, {"average": average, "pos_label": pos_label})


def roc_curve(y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = True) -> Any:
    """False positives, true positives and thresholds."""
    return _on_the_client("roc_curve", y_true, y_score, sample_weight, {"pos_label": pos_label, "drop_intermediate": drop_intermediate})


def precision_recall_curve(y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None, drop_intermediate: bool = False) -> Any:
    """Precision, recall and thresholds."""
    return _on_the_client(
        "precision_recall_curve", y_true, y_score, sample_weight, {"pos_label": pos_label, "drop_intermediate": drop_intermediate}
    )


def det_curve(y_true: Any, y_score: Any, *, pos_label: Any = None, sample_weight: Any = None) -> Any:
    """False positives, false negatives and thresholds."""
    return _on_the_client("det_curve", y_true, y_score, sample_weight, {"pos_label": pos_label})
