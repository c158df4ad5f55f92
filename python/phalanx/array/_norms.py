"""Norms of vectors and of matrices, along axes."""

from __future__ import annotations

from typing import Any

from phalanx.array import _manipulation
from phalanx.array._base import axes_of, lazy, native_of, wrap

__all__ = ["matrix_norm", "norm", "vector_norm"]


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices.

    Parameters
    ----------
    x : array_like
    ord : {None, int, float, inf, -inf, 'fro', 'nuc'}
        Which norm; by default the 2-norm of all elements.
    axis : int or 2-tuple of ints, optional
        One axis: norms of vectors. Two: of matrices. By default the whole array.
    keepdims : bool
        Whether the axes stay, with length 1.
    """
    native = native_of(x)
    axes = _axes(axis, len(native.shape))
    if axes is not None and len(axes) > 2:
        raise ValueError("Improper number of dimensions to norm.")
    return wrap(native.norm(ord, axes, keepdims))


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of vectors along axes; by default of all elements."""
    x = lazy(x)
    axes = axes_of(axis, x.ndim)
    axes = list(range(x.ndim)) if axes is None else axes
    others = [at for at in range(x.ndim) if at not in axes]
    flat = x.transpose([*others, *axes]).reshape([*(x.shape[at] for at in others), -1]) if len(axes) != 1 else x
    along = len(others) if len(axes) != 1 else axes[0]
    result = wrap(flat._native.norm(ord, [along], False))
    return _manipulation.expand_dims(result, tuple(axes)) if keepdims else result


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """The norm of matrices, of the last two axes."""
    native = native_of(x)
    return wrap(native.norm(ord, _axes((-2, -1), len(native.shape)), keepdims))


def _axes(axis: Any, ndim: int) -> list[int] | None:
    """Axes in the caller's order, which matters for the norms of matrices."""
    if axis is None or hasattr(axis, "__index__"):
        return axes_of(axis, ndim)
    return [axes_of(each, ndim)[0] for each in axis]  # type: ignore[index]
