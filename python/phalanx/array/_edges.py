"""Elements put in, taken out and put around; differences of neighbours."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import np
from phalanx.array._base import axes_of, lazy, one_axis, wrap
from phalanx.array._manipulation import broadcast_to

__all__ = [
    "delete",
    "diff",
    "ediff1d",
    "gradient",
    "insert",
    "pad",
]


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along ``axis``, ``n`` times over."""
    from phalanx.array._joining import concatenate

    a = lazy(a)
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    along = one_axis(axis, a.ndim)

    def piece(value: Any) -> Any:
        value = lazy(value)
        if value.ndim == 0:
            value = broadcast_to(value, [1 if at == along else length for at, length in enumerate(a.shape)])
        return value

    pieces = [piece(prepend)] if prepend is not None else []
    pieces += [a] + ([piece(append)] if append is not None else [])
    joined = concatenate(pieces, along) if len(pieces) > 1 else a
    return wrap(joined._native.diff(int(n), along))


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of the flattened array, with something before and after."""
    from phalanx.array._joining import concatenate

    flat = lazy(ary).ravel()
    pieces = [] if to_begin is None else [lazy(to_begin).ravel().astype(flat.dtype)]
    pieces += [diff(flat)] + ([] if to_end is None else [lazy(to_end).ravel().astype(flat.dtype)])
    return concatenate(pieces) if len(pieces) > 1 else pieces[0]


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences along axes, one-sided at the ends; spacings are numbers."""
    f = lazy(f)
    if edge_order != 1:
        raise NotImplementedError("gradient with edge_order=2; it has edge_order=1")
    axes = axes_of(axis, f.ndim)
    axes = list(range(f.ndim)) if axes is None else axes
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1:
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    if any(np.ndim(spacing) for spacing in spacings):
        raise NotImplementedError("gradient with coordinates; it takes one spacing for an axis")
    results = [wrap(f._native.gradient(float(by), along)) for by, along in zip(spacings, axes)]
    return results[0] if len(axes) == 1 else tuple(results)


def _places(obj: Any, length: int) -> list[int]:
    if isinstance(obj, slice):
        return list(range(*obj.indices(length)))
    values = np.asarray(obj)
    if values.dtype.kind == "b":
        values = np.flatnonzero(values)
    return [int(at) for at in np.atleast_1d(values)]


def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """With values put in before places of an axis."""
    arr = lazy(arr)
    if axis is None:
        arr, axis = arr.ravel(), 0
    along = one_axis(axis, arr.ndim)
    at = _places(obj, arr.shape[along])
    values = np.asarray(values) if getattr(values, "_phalanx_kind", None) is None else values
    if np.ndim(obj) == 0 and not isinstance(obj, slice) and values.ndim == arr.ndim and arr.ndim > 0:
        at = at * values.shape[along]  # several slices before one place
    return wrap(arr._native.insert(at, lazy(values)._native, along))


def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """Without some slices of an axis."""
    arr = lazy(arr)
    if axis is None:
        arr, axis = arr.ravel(), 0
    along = one_axis(axis, arr.ndim)
    length = arr.shape[along]
    gone = _places(obj, length)
    wrong = [at for at in gone if not -length <= at < length]
    if wrong:
        raise IndexError(f"index {wrong[0]} is out of bounds for axis {along} with size {length}")
    return wrap(arr._native.delete(gone, along))


def _pairs(value: Any, ndim: int, what: str) -> list[Any]:
    """(before, after) for each axis, from what NumPy takes."""
    if isinstance(value, dict):
        given = {axes_of(axis, ndim)[0]: pair for axis, pair in value.items()}  # type: ignore[index]
        value = [given.get(axis, (0, 0)) for axis in range(ndim)]
        value = [pair if np.ndim(pair) else (pair, pair) for pair in value]
    pairs = np.broadcast_to(np.asarray(value), (ndim, 2)) if ndim else np.empty((0, 2))
    if what == "pad_width" and (np.asarray(pairs) < 0).any():
        raise ValueError("index can't contain negative values")
    return [(pair[0], pair[1]) for pair in pairs]


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """With more elements around, by a mode of NumPy's.

    ``constant_values``, ``end_values`` and ``stat_length`` as NumPy has them; ``reflect_type`` must be ``"even"``.
    """
    array = lazy(array)
    if callable(mode):
        raise NotImplementedError("pad by a function; pad with a constant and use map_blocks")
    allowed = {"constant": {"constant_values"}, "linear_ramp": {"end_values"}}
    statistics = ("maximum", "minimum", "mean", "median")
    allowed.update({name: {"stat_length"} for name in statistics})
    allowed.update({name: {"reflect_type"} for name in ("reflect", "symmetric")})
    unknown = set(kwargs) - allowed.get(mode, set())
    if unknown:
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {unknown}")
    if kwargs.get("reflect_type", "even") != "even":
        raise NotImplementedError("reflect_type='odd'; it has 'even'")
    raw = np.asarray(pad_width if not isinstance(pad_width, dict) else 0)
    if raw.dtype.kind not in "iu":
        raise TypeError("`pad_width` must be of integral type.")
    widths = [(int(a), int(b)) for a, b in _pairs(pad_width, array.ndim, "pad_width")]
    values = kwargs.get("constant_values", kwargs.get("end_values", 0))
    ends = [(float(a), float(b)) for a, b in _pairs(values, array.ndim, "values")]
    lengths: list[Any] = [(None, None)] * array.ndim
    if kwargs.get("stat_length") is not None:
        lengths = [(int(a), int(b)) for a, b in _pairs(kwargs["stat_length"], array.ndim, "stat_length")]
    return wrap(array._native.pad(widths, mode, ends, lengths))
