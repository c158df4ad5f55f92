"""Windows that slide over an array."""

from __future__ import annotations

from typing import Any

from phalanx.array._base import lazy, one_axis

__all__ = ["sliding_window_view"]


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, automatic_rechunk: bool = True, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Each window of ``x``: its elements are new axes behind the others, which are shorter by the window less one.

    Parameters
    ----------
    x : array_like
    window_shape : int or tuple of int
        The window's length along each of the axes, 1 at least.
    axis : int or tuple of int, optional
        Along which axes windows slide; by default all.
    automatic_rechunk : bool, default True
        Taken as Dask takes it; chunks stay small in either case.
    subok, writeable : bool
        Only False: there are no subclasses, and windows are not written to.

    Notes
    -----
    A window of ``w`` elements is ``w`` slices of ``x`` side by side: reductions of windows read each chunk and ``w - 1``
    elements of the next.

    >>> import phalanx.array as da
    >>> da.lib.stride_tricks.sliding_window_view(da.arange(6), 3).sum(axis=-1).compute()
    array([ 3,  6,  9, 12])
    """
    from phalanx.array._joining import stack

    if subok or writeable or automatic_rechunk not in (True, False):
        raise NotImplementedError("sliding_window_view with subok or writeable: lazy arrays are never written to")
    x = lazy(x)
    lengths = [int(length) for length in window_shape] if hasattr(window_shape, "__len__") else [int(window_shape)]
    if any(length < 0 for length in lengths):
        raise ValueError("`window_shape` cannot contain negative values")
    if axis is None:
        axes = list(range(x.ndim))
        if len(lengths) != len(axes):
            raise ValueError(
                "Since axis is None, must provide window_shape for all dimensions of `x`; got "
                f"{len(lengths)} window_shape elements and `x.ndim` is {x.ndim}."
            )
    else:
        axes = [one_axis(each, x.ndim) for each in (axis if isinstance(axis, (tuple, list)) else [axis])]
        if len(lengths) != len(axes):
            raise ValueError(
                "Must provide matching length window_shape and axis; got "
                f"{len(lengths)} window_shape elements and {len(axes)} axes elements."
            )
    if 0 in lengths:
        raise NotImplementedError("windows of no elements: slice the array, and give it an axis of length 0")
    for along, length in zip(axes, lengths):
        count = x.shape[along] - length + 1
        if count < 1:
            raise ValueError("window shape cannot be larger than input array shape")
        before = (slice(None),) * along
        x = stack([x[(*before, slice(first, first + count))] for first in range(length)], axis=-1)
    return x
