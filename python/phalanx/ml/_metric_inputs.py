"""What metrics are given: values, lazy arrays and series, side by side."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.ml._given import frame_rows, is_lazy, kind_of

__all__ = ["columns", "gathered", "values"]


def _array(value: Any) -> Any:
    kind = kind_of(value)
    if kind == "series":
        return frame_rows(value.to_frame("column"), ["column"])[:, 0]
    if kind == "frame":
        rows = frame_rows(value, [str(name) for name in value.columns])
        return rows[:, 0] if rows.shape[1] == 1 else rows
    return value


def columns(*given: Any) -> list[Any] | None:
    """The arguments as lazy arrays with the chunks of the first that is lazy; None, if all are values.

    An argument that is None stays so.
    """
    if not any(is_lazy(value) for value in given if value is not None):
        return None
    from phalanx import array as da

    arrays: list[Any] = [None if value is None else _array(value) for value in given]
    arrays = [a.compute_chunk_sizes() if is_lazy(a) and any(np.isnan(n) for n in a.shape) else a for a in arrays]
    like = next(array for array in arrays if is_lazy(array))
    rows = like.shape[0]
    made: list[Any] = []
    for array in arrays:
        if array is None:
            made.append(None)
            continue
        array = array if is_lazy(array) else np.asarray(array)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.shape[0] != rows:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: [{rows}, {array.shape[0]}]")
        if is_lazy(array):
            made.append(array.rechunk({0: like.chunks[0]}))
        else:
            made.append(da.from_array(array, chunks=(like.chunks[0], *((n,) for n in array.shape[1:]))))
    return made


def values(*lazy: Any) -> list[Any]:
    """Lazy arrays computed together, as NumPy's."""
    from phalanx._compute import compute

    return [np.asarray(value) for value in compute(*lazy)]


def gathered(*given: Any) -> list[Any]:
    """The arguments as values; lazy ones are computed together."""
    arrays = columns(*given)
    if arrays is None:
        return list(given)
    there = iter(values(*(array for array in arrays if array is not None)))
    return [None if array is None else next(there) for array in arrays]
