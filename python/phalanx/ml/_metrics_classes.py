"""Metrics of classifications that are made of counts: one confusion matrix, or one sum."""

from __future__ import annotations

import warnings
from typing import Any

from phalanx._lazy import np, require
from phalanx.ml._given import is_lazy, kind_of
from phalanx.ml._metric_inputs import columns, values

__all__ = [
    "accuracy_score",
    "balanced_accuracy_score",
    "brier_score_loss",
    "confusion_matrix",
    "f1_score",
    "fbeta_score",
    "log_loss",
    "precision_recall_fscore_support",
    "precision_score",
    "recall_score",
]


def _sklearn(name: str) -> Any:
    return getattr(require("sklearn.metrics"), name)


def _text_codes(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Series of text as numbers: arrays hold no text."""
    if kind_of(y_true) != "series" or y_true.dtype.kind in "biuf":
        return y_true, y_pred
    if is_lazy(y_pred):
        both = [y_true.compute(), y_pred.compute()]
    else:
        both = [y_true.compute(), y_pred]
    return np.asarray(both[0]), np.asarray(both[1])


def accuracy_score(y_true: Any, y_pred: Any, normalize: bool = True, sample_weight: Any = None, compute: bool = True) -> Any:
    """The share (or, not normalized, the weight) of rows whose label is predicted.

    ``compute=False`` gives a lazy array, as in dask-ml.
    """
    y_true, y_pred = _text_codes(y_true, y_pred)
    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        return float(_sklearn("accuracy_score")(y_true, y_pred, normalize=normalize, sample_weight=sample_weight))
    true, predicted, weight = lazy
    right = (true == predicted).astype(np.float64)
    if right.ndim > 1:
        right = right.min(axis=1)
    if weight is None:
        made = right.mean() if normalize else right.sum()
    else:
        weight = weight.astype(np.float64)
        made = (right * weight).sum() / weight.sum() if normalize else (right * weight).sum()
    return float(made.compute()) if compute else made


def confusion_matrix(
    y_true: Any, y_pred: Any, *, labels: Any = None, sample_weight: Any = None, normalize: Any = None
) -> Any:
    """How often each label (a line) was predicted as each label (a column)."""
    y_true, y_pred = _text_codes(y_true, y_pred)
    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        return _sklearn("confusion_matrix")(
            y_true, y_pred, labels=labels, sample_weight=sample_weight, normalize=normalize
        )
    known, counts = _counts(lazy, labels)
    return _normalized(counts if lazy[2] is not None else counts.astype(np.int64), normalize)


def _normalized(counts: Any, normalize: Any) -> Any:
    if normalize is None:
        return counts
    axis = {"true": 1, "pred": 0, "all": None}
    if normalize not in axis:
        raise ValueError(f"normalize must be one of {{'true', 'pred', 'all', None}}, got {normalize!r}")
    with np.errstate(all="ignore"):
        return np.nan_to_num(counts / counts.sum(axis=axis[normalize], keepdims=True))


def _counts(lazy: list[Any], labels: Any) -> tuple[Any, Any]:
    """The labels, and the weights of pairs of labels: one histogram."""
    from phalanx import array as da

    true, predicted, weight = lazy
    if labels is None:
        labels = np.union1d(*values(da.unique(true), da.unique(predicted)))
    labels = np.asarray(labels)
    order = np.argsort(labels)
    ranked, count = labels[order], len(labels)
    place = [da.searchsorted(da.asarray(ranked), each).astype(np.int64) for each in (true, predicted)]
    # Labels that are not asked for go to a line and a column of their own.
    place = [
        da.where(da.isin(each, da.asarray(ranked)), at, count) for each, at in zip((true, predicted), place)
    ]
    pair = place[0] * (count + 1) + place[1]
    weights = None if weight is None else weight.astype(np.float64)
    flat = da.bincount(pair, weights=weights, minlength=(count + 1) ** 2)
    (found,) = values(flat)
    table = found.reshape(count + 1, count + 1)[:count, :count]
    back = np.empty(count, dtype=np.intp)
    back[order] = np.arange(count)
    return labels, table[np.ix_(back, back)]


def precision_recall_fscore_support(
    y_true: Any,
    y_pred: Any,
    *,
    beta: float = 1.0,
    labels: Any = None,
    pos_label: Any = 1,
    average: Any = None,
    warn_for: Any = ("precision", "recall", "f-score"),
    sample_weight: Any = None,
    zero_division: Any = "warn",
) -> Any:
    """Precision, recall, F and support of each label, or averaged."""
    y_true, y_pred = _text_codes(y_true, y_pred)
    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        return _sklearn("precision_recall_fscore_support")(
            y_true, y_pred, beta=beta, labels=labels, pos_label=pos_label, average=average, warn_for=warn_for,
            sample_weight=sample_weight, zero_division=zero_division,
        )  # fmt: skip
    known, counts = _counts(lazy, None)
    # What remains is arithmetic on the counts: each pair of labels is one row with their weight.
    pairs = [(a, b, counts[i, j]) for i, a in enumerate(known) for j, b in enumerate(known) if counts[i, j]]
    true, predicted, weight = (np.array(each) for each in zip(*pairs))
    with warnings.catch_warnings():
        return _sklearn("precision_recall_fscore_support")(
            true, predicted, beta=beta, labels=known if labels is None and average != "binary" else labels,
            pos_label=pos_label, average=average, warn_for=warn_for, sample_weight=weight, zero_division=zero_division,
        )  # fmt: skip


def _one_of(place: int, y_true: Any, y_pred: Any, options: dict[str, Any]) -> Any:
    found = precision_recall_fscore_support(y_true, y_pred, **options)[place]
    return found if np.ndim(found) else float(found)


def precision_score(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: Any = "binary", sample_weight: Any = None, zero_division: Any = "warn"
) -> Any:
    """The share of what was predicted as a label that has it."""
    options = {"labels": labels, "pos_label": pos_label, "average": average, "sample_weight": sample_weight, "zero_division": zero_division}
    return _one_of(0, y_true, y_pred, {**options, "warn_for": ("precision",)})


def recall_score(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: Any = "binary", sample_weight: Any = None, zero_division: Any = "warn"
) -> Any:
    """The share of what has a label that was predicted so."""
    options = {"labels": labels, "pos_label": pos_label, "average": average, "sample_weight": sample_weight, "zero_division": zero_division}
    return _one_of(1, y_true, y_pred, {**options, "warn_for": ("recall",)})


def fbeta_score(
    y_true: Any, y_pred: Any, *, beta: float, labels: Any = None, pos_label: Any = 1, average: Any = "binary", sample_weight: Any = None, zero_division: Any = "warn"
) -> Any:
    """The weighted harmonic mean of precision and recall."""
    options = {"labels": labels, "pos_label": pos_label, "average": average, "sample_weight": sample_weight, "zero_division": zero_division}
    return _one_of(2, y_true, y_pred, {**options, "beta": beta, "warn_for": ("f-score",)})


def f1_score(
    y_true: Any, y_pred: Any, *, labels: Any = None, pos_label: Any = 1, average: Any = "binary", sample_weight: Any = None, zero_division: Any = "warn"
) -> Any:
    """The harmonic mean of precision and recall."""
    return fbeta_score(
        y_true, y_pred, beta=1.0, labels=labels, pos_label=pos_label, average=average, sample_weight=sample_weight,
        zero_division=zero_division,
    )  # fmt: skip


def balanced_accuracy_score(y_true: Any, y_pred: Any, *, sample_weight: Any = None, adjusted: bool = False) -> float:
    """The mean recall of the labels."""
    counts = np.asarray(confusion_matrix(y_true, y_pred, sample_weight=sample_weight), dtype=np.float64)
    support = counts.sum(axis=1)
    recall = np.diag(counts)[support > 0] / support[support > 0]
    score, chance = float(recall.mean()), 1.0 / len(recall)
    return (score - chance) / (1.0 - chance) if adjusted else score


def log_loss(y_true: Any, y_pred: Any, *, normalize: bool = True, sample_weight: Any = None, labels: Any = None) -> float:
    """The mean (or sum) of ``-log`` of the probability that was given to the true label."""
    from phalanx import array as da

    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        return float(_sklearn("log_loss")(y_true, y_pred, normalize=normalize, sample_weight=sample_weight, labels=labels))
    true, given, weight = lazy
    known = np.asarray(values(da.unique(true))[0] if labels is None else np.sort(np.asarray(labels)))
    if len(known) < 2:
        raise ValueError(f"y_true contains only one label ({known.tolist()}). Please provide the true labels explicitly through the labels argument.")
    eps = float(np.finfo(np.float64).eps)
    given = da.clip(given.astype(np.float64), eps, 1.0 - eps)
    if given.ndim == 1:
        own = da.where(true == known[1].item(), given, 1.0 - given)
    else:
        if given.shape[1] != len(known):
            raise ValueError(f"The number of classes in labels is different from that in y_pred. Classes found in labels: {known.tolist()}")
        given = given / given.sum(axis=1, keepdims=True)
        hit = true.reshape(-1, 1) == da.asarray(known).reshape(1, -1)
        own = da.where(hit, given, 0.0).sum(axis=1)
    losses = -da.log(own)
    return _weighted(losses, weight, normalize)


def _weighted(losses: Any, weight: Any, normalize: bool = True) -> float:
    if weight is None:
        return float((losses.mean() if normalize else losses.sum()).compute())
    weight = weight.astype(np.float64)
    total, weights = values((losses * weight).sum(), weight.sum())
    return float(total / weights if normalize else total)


def brier_score_loss(y_true: Any, y_proba: Any, *, sample_weight: Any = None, pos_label: Any = None) -> float:
    """The mean squared difference between the probability and what happened."""
    lazy = columns(y_true, y_proba, sample_weight)
    if lazy is None:
        return float(_sklearn("brier_score_loss")(y_true, y_proba, sample_weight=sample_weight, pos_label=pos_label))
    from phalanx import array as da

    true, given, weight = lazy
    if given.ndim != 1:
        raise NotImplementedError("brier_score_loss of several classes: give the probabilities of one")
    known = values(da.unique(true))[0]
    if len(known) > 2:
        raise ValueError(f"Only binary classification is supported. The type of the target is multiclass: {known.tolist()}")
    positive = known.max().item() if pos_label is None else pos_label
    away = (true == positive).astype(np.float64) - given.astype(np.float64)
    return _weighted(away * away, weight)
