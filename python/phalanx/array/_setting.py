"""Setting elements: what a value may be, and indices of several arrays, which name points."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import is_lazy, lazy

__all__ = ["check_value", "names_points", "unmasked", "with_points"]


def check_value(array: Any, value: Any) -> None:
    """NumPy's error for a Python number that is no value of the array's type, as NaN among integers."""
    if type(value) in (bool, int, float, complex):
        np.empty(1, array.dtype)[0] = value


def _is_array(part: Any) -> bool:
    return part is not None and part is not Ellipsis and not isinstance(part, slice)


def names_points(index: Any) -> bool:
    """Whether arrays in an index are taken together: more than one of them, or one beside integers."""
    if not isinstance(index, tuple):
        return False
    arrays = [part for part in index if _is_array(part)]
    return len(arrays) > 1 and any(not hasattr(part, "__index__") or getattr(part, "ndim", 0) for part in arrays)


def unmasked(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same index with, for each mask whose values are known, the positions of what is true, axis by axis."""
    parts: list[Any] = []
    for part in index:
        known = _is_array(part) and not is_lazy(part) and not isinstance(part, (bool, np.bool_))
        mask = known and np.asarray(part).dtype.kind == "b"
        parts += list(np.asarray(part).nonzero()) if mask else [part]
    return tuple(parts)


def with_points(array: Any, index: tuple[Any, ...], value: Any) -> Any:
    """A copy in which ``copy[index]`` is ``value``, for an index of several arrays: NumPy takes their elements together.

    The axes that the arrays index are brought to the front and made one, which a vector of positions indexes.
    """
    if any(is_lazy(part) for part in index):
        raise NotImplementedError("setting points that lazy arrays name: compute() the index first, or use where")
    if any(part is None for part in index):
        raise NotImplementedError("setting points with None in the index: leave the new axes out")
    parts = [np.asarray(part) if _is_array(part) else part for part in unmasked(index)]
    if any(part is Ellipsis for part in parts):
        at = [part is Ellipsis for part in parts].index(True)
        parts[at : at + 1] = [slice(None)] * (array.ndim - len(parts) + 1)
    if len(parts) > array.ndim:
        raise IndexError(f"too many indices for array: array is {array.ndim}-dimensional, but {len(parts)} were indexed")
    parts += [slice(None)] * (array.ndim - len(parts))
    points = [axis for axis, part in enumerate(parts) if _is_array(part)]
    others = [axis for axis in range(array.ndim) if axis not in points]
    try:
        places = np.broadcast_arrays(*(_positions(parts[axis], array.shape[axis], axis) for axis in points))
    except ValueError:
        shapes = " ".join(str(parts[axis].shape) for axis in points)
        raise IndexError(f"shape mismatch: indexing arrays could not be broadcast together with shapes {shapes}") from None
    sizes = [array.shape[axis] for axis in points]
    flat = np.ravel_multi_index(tuple(places), sizes).ravel() if places[0].size else np.zeros(0, np.int64)

    order = [*points, *others]
    rest = [array.shape[axis] for axis in others]
    front = array.transpose(order).reshape([int(np.prod(sizes)), *rest])
    ranges = tuple(parts[axis] for axis in others)
    if not (type(value) in (bool, int, float, complex)):
        value = _in_front(lazy(value), places[0].shape, points, tuple(range_length(*pair) for pair in zip(ranges, rest)))
    front = front.with_item((flat, *ranges), value)
    return front.reshape([*sizes, *rest]).transpose([order.index(axis) for axis in range(array.ndim)])


def range_length(part: slice, size: int) -> int:
    """How many elements of an axis of this size a slice selects."""
    return len(range(*part.indices(size)))


def _positions(part: Any, size: int, axis: int) -> Any:
    """Positions from the front; NumPy's error for one that is out of range."""
    if part.size == 0 and part.dtype.kind == "f":
        part = part.astype(np.int64)
    if part.dtype.kind not in "iu":
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    outside = part[(part < -size) | (part >= size)]
    if outside.size:
        raise IndexError(f"index {outside.flat[0]} is out of bounds for axis {axis} with size {size}")
    return np.where(part < 0, part + size, part)


def _in_front(value: Any, shape: tuple[int, ...], points: list[int], rest: tuple[int, ...]) -> Any:
    """``value``, which stands where NumPy puts the points, with them as its first axis."""
    from phalanx.array._manipulation import broadcast_to

    together = points[-1] - points[0] == len(points) - 1
    before = points[0] if together else 0
    whole = (*rest[:before], *shape, *rest[before:])
    extra = value.ndim - len(whole)
    if extra > 0 and all(length == 1 for length in value.shape[:extra]):
        value = value.reshape(value.shape[extra:])
    try:
        value = broadcast_to(value, whole)
    except ValueError:
        raise ValueError(
            f"shape mismatch: value array of shape {value.shape} could not be broadcast to indexing result of shape {whole}"
        ) from None
    axes = [*range(before, before + len(shape)), *range(before), *range(before + len(shape), len(whole))]
    return value.transpose(axes).reshape([int(np.prod(shape)), *rest])
