"""Reductions of the elements that a mask selects (``where=``), about a mean that is given, and from an initial value.

NumPy's functions of lazy arrays are lazy.
"""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import axes_of, lazy, wrap

__all__ = ["moment_of", "selected", "started"]

#: What changes no result.
_NEUTRAL = {"sum": 0, "nansum": 0, "prod": 1, "nanprod": 1, "any": False, "all": True}
#: NumPy's names of the reductions that have no neutral element.
_EXTREMES = {"min": "minimum", "max": "maximum", "nanmin": "fmin", "nanmax": "fmax"}


def _mask(x: Any, where: Any) -> Any:
    """The mask in the shape of ``x``; None, if there is none."""
    if where is None:
        return None
    mask = lazy(where)
    if mask.ndim > x.ndim:
        raise ValueError(f"where= has {mask.ndim} axes, and the array {x.ndim}")
    return np.broadcast_to(mask.astype(bool), x.shape)


def selected(name: str, x: Any, where: Any, initial: Any) -> Any:
    """The elements, with such in place of those that are not selected as change nothing.

    Raises
    ------
    ValueError
        The reduction has none, and there is no initial value; or the mask is of another shape.
    """
    mask = _mask(x, where)
    if mask is None:
        return x
    if name in _EXTREMES and initial is None:
        raise ValueError(
            f"reduction operation '{_EXTREMES[name]}' does not have an identity, so to use a where mask one has to specify 'initial'"
        )
    return np.where(mask, x, x.dtype.type(_NEUTRAL.get(name, initial)))


def started(name: str, x: Any, reduce: Any, initial: Any) -> Any:
    """The reduction of the elements and of one more, which is there even if they are none."""
    if name in _EXTREMES and 0 in x.shape:
        return np.full_like(reduce("sum", x), initial, dtype=x.dtype)
    result = reduce(name, x)
    first = result.dtype.type(initial)  # NumPy casts it, whatever it is
    if name in _EXTREMES:
        return getattr(np, _EXTREMES[name])(result, first)
    return result + first if name.endswith("sum") else result * first


def moment_of(name: str, x: Any, axis: Any, keepdims: bool, ddof: float, where: Any, mean: Any) -> Any:
    """A mean, variance or deviation of selected elements, those of the last two about ``mean`` if it is given (in the shape
    that it has with ``keepdims``). Without an element it is NaN.
    """
    kind = wrap(x._native.reduce(name.removeprefix("nan"), None, False, 0.0)).dtype
    mask = _mask(x, where)
    mask = np.ones_like(x, dtype=bool) if mask is None else mask
    if name.startswith("nan"):
        mask, name = mask & ~np.isnan(x), name.removeprefix("nan")
    wide = np.result_type(x.dtype, np.float64) if x.dtype.kind in "biu" else x.dtype

    def total(values: Any) -> Any:
        return np.where(mask, values, values.dtype.type(0)).sum(axis, keepdims=True)

    count = mask.sum(axis, keepdims=True)
    if mean is None:
        mean = total(x.astype(wide)) / count
    if name != "mean":
        away = np.abs(x - mean)
        spread = total(away * away) / np.maximum(count - ddof, 0)
    result = mean if name == "mean" else spread if name == "var" else np.sqrt(spread)
    result = result.astype(kind)
    if keepdims:
        return result
    axes = axes_of(axis, x.ndim)
    return result.squeeze(tuple(range(x.ndim) if axes is None else axes))
