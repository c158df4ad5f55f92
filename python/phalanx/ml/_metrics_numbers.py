"""Metrics of regressions: sums over rows, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx._lazy import np, require
from phalanx.ml._metric_inputs import columns, gathered, values

__all__ = [
    "d2_of_deviance",
    "explained_variance_score",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_gamma_deviance",
    "mean_poisson_deviance",
    "mean_squared_error",
    "mean_squared_log_error",
    "median_absolute_error",
    "r2_score",
    "root_mean_squared_error",
]


def _sklearn(name: str) -> Any:
    return getattr(require("sklearn.metrics"), name)


def _mean_of(
    name: str, loss: Callable[[Any, Any, Any], Any], y_true: Any, y_pred: Any, sample_weight: Any, multioutput: Any
) -> Any:
    """The weighted mean of a loss of one row: scikit-learn's of values, one job of lazy arrays."""
    from phalanx import array as da

    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        options = {} if multioutput is None else {"multioutput": multioutput}
        return _sklearn(name)(y_true, y_pred, sample_weight=sample_weight, **options)
    true, predicted, weight = lazy
    _same_axes(true, predicted)
    losses = loss(da, true.astype(np.float64), predicted.astype(np.float64))
    each = _average(losses, weight)
    return _outputs(each, multioutput)


def _same_axes(true: Any, predicted: Any) -> None:
    if true.ndim != predicted.ndim or true.shape[1:] != predicted.shape[1:]:
        raise ValueError(f"y_true and y_pred have different number of output: {true.shape} and {predicted.shape}")


def _average(losses: Any, weight: Any) -> Any:
    if weight is None:
        (mean,) = values(losses.mean(axis=0))
        return mean
    weight = weight.astype(np.float64)
    each = losses * (weight if losses.ndim == 1 else weight.reshape(-1, 1))
    total, weights = values(each.sum(axis=0), weight.sum())
    return total / weights


def _outputs(each: Any, multioutput: Any) -> Any:
    if np.ndim(each) == 0:
        return float(each)
    if multioutput in (None, "uniform_average"):
        return float(np.mean(each))
    if multioutput == "raw_values":
        return each
    return float(np.average(each, weights=multioutput))


def mean_squared_error(y_true: Any, y_pred: Any, sample_weight: Any = None, multioutput: Any = "uniform_average", squared: bool = True) -> Any:
    """The mean of squared errors; ``squared=False`` gives its root, as in dask-ml."""
    found = _mean_of("mean_squared_error", lambda xp, t, p: (t - p) * (t - p), y_true, y_pred, sample_weight, multioutput)
    return found if squared else np.sqrt(found)


def root_mean_squared_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None, multioutput: Any = "uniform_average") -> Any:
    """The root of the mean of squared errors, of each output."""
    raw = np.sqrt(mean_squared_error(y_true, y_pred, sample_weight, "raw_values"))
    return _outputs(raw[0] if np.shape(raw) == (1,) else raw, multioutput)


def mean_absolute_error(y_true: Any, y_pred: Any, sample_weight: Any = None, multioutput: Any = "uniform_average") -> Any:
    """The mean of absolute errors."""
    return _mean_of("mean_absolute_error", lambda xp, t, p: xp.abs(t - p), y_true, y_pred, sample_weight, multioutput)


def mean_absolute_percentage_error(
    y_true: Any, y_pred: Any, sample_weight: Any = None, multioutput: Any = "uniform_average"
) -> Any:
    """The mean of errors as a share of the true value."""
    eps = float(np.finfo(np.float64).eps)
    return _mean_of(
        "mean_absolute_percentage_error",
        lambda xp, t, p: xp.abs(p - t) / xp.maximum(xp.abs(t), eps),
        y_true, y_pred, sample_weight, multioutput,
    )  # fmt: skip


def mean_squared_log_error(y_true: Any, y_pred: Any, sample_weight: Any = None, multioutput: Any = "uniform_average") -> Any:
    """The mean of squared differences of ``log(1 + y)``."""
    lazy = columns(y_true, y_pred)
    if lazy is not None and min(float(low) for low in values(lazy[0].min(), lazy[1].min())) < 0:
        raise ValueError("Mean Squared Logarithmic Error cannot be used when targets contain negative values.")
    return _mean_of(
        "mean_squared_log_error",
        lambda xp, t, p: (xp.log1p(t) - xp.log1p(p)) ** 2,
        y_true, y_pred, sample_weight, multioutput,
    )  # fmt: skip


def mean_poisson_deviance(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> Any:
    """The mean deviance of counts."""
    lazy = columns(y_true, y_pred)
    if lazy is not None:
        low, least = values(lazy[0].min(), lazy[1].min())
        if low < 0 or least <= 0:
            raise ValueError("Mean Tweedie deviance error with power=1 can only be used on non-negative y and strictly positive y_pred.")

    def loss(xp: Any, t: Any, p: Any) -> Any:
        return 2 * (xp.where(t > 0, t * xp.log(xp.where(t > 0, t, 1.0) / p), 0.0) - t + p)

    return _mean_of("mean_poisson_deviance", loss, y_true, y_pred, sample_weight, None)


def mean_gamma_deviance(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> Any:
    """The mean deviance of positive numbers."""
    lazy = columns(y_true, y_pred)
    if lazy is not None and min(float(low) for low in values(lazy[0].min(), lazy[1].min())) <= 0:
        raise ValueError("Mean Tweedie deviance error with power=2 can only be used on strictly positive y and y_pred.")
    return _mean_of("mean_gamma_deviance", lambda xp, t, p: 2 * (xp.log(p / t) + t / p - 1), y_true, y_pred, sample_weight, None)


def median_absolute_error(y_true: Any, y_pred: Any, *, sample_weight: Any = None, multioutput: Any = "uniform_average") -> Any:
    """The median of absolute errors, on the client."""
    true, predicted, weight = gathered(y_true, y_pred, sample_weight)
    return _sklearn("median_absolute_error")(true, predicted, sample_weight=weight, multioutput=multioutput)


def r2_score(y_true: Any, y_pred: Any, sample_weight: Any = None, multioutput: Any = "uniform_average", *, force_finite: bool = True) -> Any:
    """The coefficient of determination: 1 less the share of the variance that is left."""
    return _explained("r2_score", y_true, y_pred, sample_weight, multioutput, force_finite, shifted=False)


def explained_variance_score(
    y_true: Any, y_pred: Any, *, sample_weight: Any = None, multioutput: Any = "uniform_average", force_finite: bool = True
) -> Any:
    """As :func:`r2_score`, of errors without their mean."""
    return _explained("explained_variance_score", y_true, y_pred, sample_weight, multioutput, force_finite, shifted=True)


def _explained(
    name: str, y_true: Any, y_pred: Any, sample_weight: Any, multioutput: Any, force_finite: bool, *, shifted: bool
) -> Any:
    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        return _sklearn(name)(
            y_true, y_pred, sample_weight=sample_weight, multioutput=multioutput, force_finite=force_finite
        )
    true, predicted, weight = lazy
    _same_axes(true, predicted)
    true, predicted = true.astype(np.float64), predicted.astype(np.float64)
    away = true - predicted
    middle = _average(true, weight)
    if shifted:
        away = away - _average(away, weight)
    left = np.asarray(_average(away * away, weight))
    spread = true - middle
    whole = np.asarray(_average(spread * spread, weight))
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = 1 - left / whole
    if force_finite:
        scores = np.where(whole == 0, np.where(left == 0, 1.0, 0.0), scores)
    if scores.ndim and isinstance(multioutput, str) and multioutput == "variance_weighted":
        return float(np.average(scores, weights=whole)) if whole.any() else 1.0
    return _outputs(scores, multioutput)


def d2_of_deviance(family: str, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """The share of the deviance of ``"poisson"`` or ``"gamma"`` that is explained, as the models' ``score`` gives it."""
    deviance = mean_poisson_deviance if family == "poisson" else mean_gamma_deviance
    lazy = columns(y_true, y_pred, sample_weight)
    if lazy is None:
        true = np.asarray(y_true, dtype=np.float64).reshape(-1)
        middle: Any = np.full(len(true), np.average(true, weights=sample_weight))
    else:
        from phalanx import array as da

        true = lazy[0].astype(np.float64)
        middle = da.ones_like(true) * float(_average(true, lazy[2]))
    base = deviance(true, middle, sample_weight=sample_weight)
    return float(1.0 - deviance(true, y_pred, sample_weight=sample_weight) / base)
