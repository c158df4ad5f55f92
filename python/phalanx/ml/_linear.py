"""What linear models share: weights, warnings, and predictors over values, arrays and frames."""

from __future__ import annotations

import math
import warnings
from numbers import Integral, Real
from typing import Any

from phalanx._lazy import np
from phalanx.ml._given import Given, is_lazy
from phalanx.ml._rows import Solution

__all__ = ["check_weight", "need_count", "need_number", "predictors", "target_values", "unsupported", "warn_unless_converged"]


def predictors(x: Any, coefficients: Any, intercept: Any) -> Any:
    """``x @ coefficients.T + intercept`` of a lazy array, for one predictor (one axis) or several."""
    from phalanx import array as da

    product = da.matmul(x, np.ascontiguousarray(coefficients.T))
    return product + (float(intercept) if np.ndim(intercept) == 0 else np.asarray(intercept))


def target_values(y: Any) -> Any:
    """Targets of a regression that are values: one number a row, finite."""
    if is_lazy(y):
        return y
    y = np.asarray(y)
    if y.dtype == object:
        y = y.astype(np.float64)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise NotImplementedError(f"y of shape {y.shape}: fit one model for each column of y")
    return y.astype(np.float64)


def check_weight(weight: Any, given: Given) -> Any:
    """Weights as rows take them: None, values or lazy."""
    if weight is None or is_lazy(weight):
        return weight
    from sklearn.utils.validation import _check_sample_weight

    if given.lazy:
        return float(weight) * np.ones(len(given.x)) if np.ndim(weight) == 0 else weight
    return _check_sample_weight(weight, given.x, dtype=np.float64, ensure_non_negative=True)


def need_number(name: str, value: Any, low: float = 0.0, *, open_low: bool = False, high: float = math.inf) -> None:
    """Refuses a parameter that is no number of a range."""
    number = isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(float(value))
    if not number or value < low or (open_low and value <= low) or value > high:
        left = f"({low}" if open_low else f"[{low}"
        raise ValueError(f"The {name!r} parameter must be a float in the range {left}, {high}]. Got {value!r} instead.")


def need_count(name: str, value: Any, low: int = 1) -> None:
    """Refuses a parameter that is no integer of at least ``low``."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
        raise ValueError(f"The {name!r} parameter must be an int in the range [{low}, inf). Got {value!r} instead.")


def unsupported(estimator: Any, parameters: dict[str, tuple[Any, str]]) -> None:
    """Refuses parameters that are not at their only value; each has a word on what to do instead."""
    for name, (only, instead) in parameters.items():
        if getattr(estimator, name) != only:
            raise NotImplementedError(
                f"{type(estimator).__name__}({name}={getattr(estimator, name)!r}) is not supported: {instead}"
            )


def warn_unless_converged(estimator: Any, solution: Solution) -> None:
    """Keeps what the minimiser said, and warns if it was stopped."""
    from sklearn.exceptions import ConvergenceWarning

    estimator.converged_ = bool(solution.converged)
    estimator.gradient_norm_ = float(solution.gradient)
    if not solution.converged:
        warnings.warn(
            f"{type(estimator).__name__} did not converge in {solution.iterations} iterations (the largest component of "
            f"the gradient is {solution.gradient:.3g}): take more (max_iter), or standardise the features",
            ConvergenceWarning,
            stacklevel=3,
        )
