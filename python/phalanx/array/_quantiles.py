"""Quantiles and medians over axes."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import axes_of, lazy, wrap

__all__ = [
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "percentile",
    "quantile",
]


def _quantile(
    a: Any,
    q: Any,
    axis: Any,
    out: Any,
    method: str,
    keepdims: bool,
    skip_nan: bool,
    scale: float,
    weights: Any,
    what: str,
    interpolation: Any = None,
) -> Any:
    if interpolation is not None:
        # NumPy's name until 1.22, which it still takes.
        if method != "linear":
            raise TypeError("You shall not pass both `method` and `interpolation`!\n(`interpolation` is Deprecated in "
                            "favor of `method`)")
        method = interpolation
    if out is not None:
        raise NotImplementedError(f"{what} with out=; use the result")
    if weights is not None:
        raise NotImplementedError(f"{what} with weights=")
    a, q = lazy(a), np.asarray(q, dtype=float)
    if q.ndim > 1:
        raise NotImplementedError(f"{what} with q of {q.ndim} dimensions; flatten it, and reshape the result")
    low, high = (0.0, 100.0) if scale != 1.0 else (0.0, 1.0)
    if not ((q >= low) & (q <= high)).all():
        text = "Percentiles must be in the range [0, 100]" if scale != 1.0 else "Quantiles must be in the range [0, 1]"
        raise ValueError(text)
    native = a._native.quantile(
        [float(value) / scale for value in np.atleast_1d(q)], axes_of(axis, a.ndim), method, bool(keepdims), skip_nan
    )
    result = wrap(native)
    return result if q.ndim else result[0]


def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: Any = None,
) -> Any:
    """Quantiles over axes. A task has the whole lines."""
    return _quantile(a, q, axis, out, method, keepdims, False, 1.0, weights, "quantile", interpolation)


def nanquantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: Any = None,
) -> Any:
    """Quantiles over axes of what is not NaN."""
    return _quantile(a, q, axis, out, method, keepdims, True, 1.0, weights, "nanquantile", interpolation)


def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: Any = None,
    internal_method: str = "default",
) -> Any:
    """Percentiles over axes (Dask's is of one-dimensional arrays, and approximate; this is NumPy's, whichever of Dask's
    two ways ``internal_method`` names)."""
    if internal_method not in ("default", "dask", "tdigest"):
        raise ValueError(f"`internal_method` option must be 'default', 'tdigest' or 'dask', not {internal_method!r}")
    return _quantile(a, q, axis, out, method, keepdims, False, 100.0, weights, "percentile", interpolation)


def nanpercentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
    interpolation: Any = None,
) -> Any:
    """Percentiles over axes of what is not NaN."""
    return _quantile(a, q, axis, out, method, keepdims, True, 100.0, weights, "nanpercentile", interpolation)


def median(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median over axes."""
    if out is not None:
        raise NotImplementedError("median with out=; use the result")
    a = lazy(a)
    return wrap(a._native.median(axes_of(axis, a.ndim), bool(keepdims), False))


def nanmedian(a: Any, axis: Any = None, keepdims: bool = False, out: Any = None) -> Any:
    """The median over axes of what is not NaN."""
    if out is not None:
        raise NotImplementedError("nanmedian with out=; use the result")
    a = lazy(a)
    return wrap(a._native.median(axes_of(axis, a.ndim), bool(keepdims), True))
