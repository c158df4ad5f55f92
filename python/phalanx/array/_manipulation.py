"""Shapes: the same elements, arranged otherwise; padding, differences, diagonals."""

from __future__ import annotations

import math
from typing import Any

from phalanx._lazy import np
from phalanx.array._base import Base, axes_of, lazy, one_axis, wrap

__all__ = [
    "Manipulation",
    "broadcast_to",
    "coarsen",
    "diag",
    "diagonal",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "rechunk",
    "repeat",
    "reshape",
    "reshape_blockwise",
    "roll",
    "rollaxis",
    "rot90",
    "shuffle",
    "squeeze",
    "swapaxes",
    "tile",
    "trace",
    "transpose",
    "tril",
    "triu",
]


def _lengths(shape: Any) -> list[int]:
    return [int(n) for n in shape] if hasattr(shape, "__len__") else [int(shape)]


class Manipulation(Base):
    """Methods that arrange the same elements otherwise."""

    __slots__ = ()

    @property
    def T(self) -> Any:
        """The array with its axes in reverse order."""
        return self.transpose()

    @property
    def mT(self) -> Any:
        """The array with its last two axes exchanged."""
        return matrix_transpose(self)

    def transpose(self, *axes: Any) -> Any:
        """The array with its axes in another order (in reverse, if none is given)."""
        order: Any = axes[0] if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))) else axes
        if not order:
            order = range(self.ndim)[::-1]
        if len(order) != self.ndim:
            raise ValueError("axes don't match array")
        counted = [one_axis(axis, self.ndim) for axis in order]
        if len(set(counted)) != len(counted):
            raise ValueError("repeated axis in transpose")
        return wrap(self._native.transpose(counted))

    def reshape(self, *shape: Any, order: str = "C", merge_chunks: bool = True, limit: Any = None) -> Any:
        """The same elements under another shape; one length may be -1.

        Parameters
        ----------
        *shape : int or tuple of int
        order : {"C", "F"}
            In which order elements are read and put: the last index changes fastest, or the first.
        merge_chunks, limit
            Taken as Dask takes them; chunks are those that fit the shape best.
        """
        lengths = shape[0] if len(shape) == 1 and hasattr(shape[0], "__len__") else shape
        lengths = [int(length) for length in lengths]
        if not _in_c_order(order):
            return self.transpose().reshape(lengths[::-1]).transpose()
        if lengths.count(-1) > 1:
            raise ValueError("can only specify one unknown dimension")
        if -1 in lengths and len(lengths) == 1:
            return self.ravel()
        if -1 in lengths:
            known = math.prod(length for length in lengths if length != -1)
            size = math.prod(self.shape)
            if known == 0 or size % known:
                raise ValueError(f"cannot reshape array of size {size} into shape {tuple(lengths)}")
            lengths[lengths.index(-1)] = size // known
        return wrap(self._native.reshape(lengths))

    def ravel(self, order: str = "C") -> Any:
        """One axis with all elements, the last index changing fastest; with ``order="F"`` the first."""
        return wrap((self if _in_c_order(order) else self.transpose())._native.ravel())

    def flatten(self, order: str = "C") -> Any:
        """One axis with all elements: as :meth:`ravel`."""
        return self.ravel(order)

    def squeeze(self, axis: Any = None) -> Any:
        """Without axes of length 1."""
        return squeeze(self, axis)

    def swapaxes(self, axis1: Any, axis2: Any) -> Any:
        """With two axes exchanged."""
        return swapaxes(self, axis1, axis2)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        """Each slice along ``axis`` several times."""
        return repeat(self, repeats, axis)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """A diagonal of two axes, as the last axis."""
        return diagonal(self, offset, axis1, axis2)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
        """The sum along a diagonal of two axes."""
        return trace(self, offset, axis1, axis2, dtype)

    def shuffle(self, indexer: Any, axis: int = 0, chunks: Any = "auto") -> Any:
        """The slices of an axis in groups of indices: see :func:`shuffle`."""
        return shuffle(self, indexer, axis, chunks)


def _in_c_order(order: str) -> bool:
    if order in ("A", "K"):
        raise NotImplementedError(f"order={order!r}: lazy arrays have no layout in memory: say 'C' or 'F'")
    if order not in ("C", "F"):
        raise ValueError(f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})")
    return order == "C"


def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """The same elements under another shape, read and put in C order, or with ``order="F"`` in Fortran's."""
    return lazy(a).reshape(shape, order=order)


def ravel(a: Any, order: str = "C") -> Any:
    """One axis with all elements."""
    return lazy(a).ravel(order)


def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order (in reverse, if none is given)."""
    return lazy(a).transpose(axes)


def permute_dims(a: Any, axes: Any = None) -> Any:
    """The axes in another order."""
    return transpose(a, axes)


def matrix_transpose(x: Any) -> Any:
    """The last two axes exchanged."""
    x = lazy(x)
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return swapaxes(x, -1, -2)


def flip(m: Any, axis: Any = None) -> Any:
    """The order of elements along axes (all by default) reversed."""
    m = lazy(m)
    return wrap(m._native.flip(axes_of(axis, m.ndim)))


def flipud(m: Any) -> Any:
    """The order of rows reversed."""
    if lazy(m).ndim < 1:
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


def fliplr(m: Any) -> Any:
    """The order of columns reversed."""
    if lazy(m).ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned ``k`` quarters from the first axis towards the second."""
    m = lazy(m)
    if len(axes) != 2:
        raise ValueError("len(axes) must be 2.")
    if axes[0] == axes[1] or abs(axes[0] - axes[1]) == m.ndim:
        raise ValueError("Axes must be different.")
    first, second = (one_axis(axis, m.ndim) for axis in axes)
    return wrap(m._native.rot90(int(k), (first, second)))


def roll(array: Any, shift: Any, axis: Any = None) -> Any:
    """Moved along axes; what leaves at an end comes in at the other."""
    array = lazy(array)
    if axis is None:
        return wrap(array._native.roll(int(np.sum(shift)), None))
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    for by, along in zip(shifts, axes):
        array = wrap(array._native.roll(int(by), one_axis(int(along), array.ndim)))
    return array


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    a = lazy(a)
    source, destination = axes_of(source, a.ndim) or [], axes_of(destination, a.ndim) or []
    if len(source) != len(destination):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    return wrap(a._native.moveaxis(source, destination))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis moved before another."""
    a = lazy(a)
    return wrap(a._native.rollaxis(one_axis(axis, a.ndim), one_axis(start, a.ndim + 1)))


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    a = lazy(a)
    order = list(range(a.ndim))
    first, second = one_axis(axis1, a.ndim), one_axis(axis2, a.ndim)
    order[first], order[second] = second, first
    return a.transpose(order)


def squeeze(a: Any, axis: Any = None) -> Any:
    """Without axes of length 1."""
    a = lazy(a)
    return wrap(a._native.squeeze(axes_of(axis, a.ndim)))


def expand_dims(a: Any, axis: Any) -> Any:
    """With new axes of length 1."""
    a = lazy(a)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    for each in sorted(axes_of(axis, a.ndim + count) or []):
        a = wrap(a._native.expand_dims(each))
    return a


def broadcast_to(x: Any, shape: Any, chunks: Any = None, meta: Any = None) -> Any:
    """Repeated along new axes and axes of length 1."""
    result = wrap(lazy(x)._native.broadcast_to(_lengths(shape)))
    return result if chunks is None else result.rechunk(chunks)


def tile(A: Any, reps: Any) -> Any:
    """The array several times along each axis."""
    counts = _lengths(reps)
    if any(count < 0 for count in counts):
        raise ValueError("Negative `reps` are not allowed.")
    return wrap(lazy(A)._native.tile(counts))


def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each slice along ``axis`` (or each element) several times."""
    a = lazy(a)
    if axis is None:
        a, axis = a.ravel(), 0
    counts = np.atleast_1d(np.asarray(repeats))
    if counts.dtype.kind not in "iu":
        raise TypeError("Cannot cast array data to dtype('int64') according to the rule 'safe'")
    if (counts < 0).any():
        raise ValueError("repeats may not contain negative values: negative dimensions are not allowed")
    return wrap(a._native.repeat([int(count) for count in counts], one_axis(axis, a.ndim)))


def tril(m: Any, k: int = 0) -> Any:
    """The elements on and below a diagonal, 0 above."""
    return wrap(lazy(m)._native.tril(int(k)))


def triu(m: Any, k: int = 0) -> Any:
    """The elements on and above a diagonal, 0 below."""
    return wrap(lazy(m)._native.triu(int(k)))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """A diagonal of two axes, as the last axis."""
    a = lazy(a)
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    first, second = one_axis(axis1, a.ndim), one_axis(axis2, a.ndim)
    if first == second:
        raise ValueError("axis1 and axis2 cannot be the same")
    return wrap(a._native.diagonal(int(offset), (first, second)))


def diag(v: Any, k: int = 0) -> Any:
    """A matrix with a vector on a diagonal, or the diagonal of a matrix."""
    v = lazy(v)
    if v.ndim not in (1, 2):
        raise ValueError("Input must be 1- or 2-d.")
    return wrap(v._native.diag(int(k)))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """The sum along a diagonal of two axes."""
    line = diagonal(a, offset, axis1, axis2)
    return (line if dtype is None else line.astype(dtype)).sum(axis=-1)


def rechunk(x: Any, chunks: Any = "auto", **_: Any) -> Any:
    """The same array, cut into other chunks."""
    return lazy(x).rechunk(chunks)


def coarsen(reduction: Any, x: Any, axes: Any, trim_excess: bool = False, **kwargs: Any) -> Any:
    """Blocks of neighbours reduced to one element each; ``reduction`` is NumPy's, or ours, or its name."""
    if kwargs:
        raise NotImplementedError(f"coarsen with {sorted(kwargs)} for the reduction")
    x = lazy(x)
    name = reduction if isinstance(reduction, str) else reduction.__name__
    sizes = [(axis, int(size)) for axis, size in axes.items()]
    uneven = any(x.shape[axis] % size for axis, size in sizes)
    if uneven and not trim_excess:
        raise ValueError(f"Coarsening factors {axes} do not align with array shape {x.shape}.")
    return wrap(x._native.coarsen(name, sizes, trim_excess))


def shuffle(x: Any, indexer: Any, axis: int = 0, chunks: Any = "auto") -> Any:
    """The slices of an axis in groups of indices, which end up in one chunk each."""
    if chunks != "auto":
        raise NotImplementedError("shuffle with chunks=; rechunk afterwards")
    x = lazy(x)
    groups = [[int(at) for at in group] for group in indexer]
    return wrap(x._native.shuffle(groups, one_axis(axis, x.ndim)))


def reshape_blockwise(x: Any, shape: Any, chunks: Any = None) -> Any:
    """Each chunk reshaped on its own: no element moves between chunks, so the order of elements is that of the chunks.

    With fewer axes the chunks follow; with more, ``chunks`` says them, and as many chunks as the array has.
    """
    import itertools

    from phalanx.array._joining import block

    x = lazy(x)
    shape = tuple(_lengths(shape))
    if math.prod(shape) != x.size:
        raise ValueError(f"cannot reshape array of size {x.size} into shape {shape}")
    if len(shape) > x.ndim:
        if chunks is None:
            raise TypeError("Need to specify chunks if expanding dimensions.")
        sizes = [list(map(int, axis)) for axis in chunks]
    elif len(shape) == x.ndim:
        if shape != x.shape:
            raise ValueError("Shapes must match if number of dimensions is the same.")
        return x
    else:
        sizes, axis = [], 0
        for length in shape:
            merged: list[int] = []
            own = [1]
            while math.prod(merged) != length or not merged:
                if axis == x.ndim:
                    raise ValueError(f"can't merge axes of {x.shape} into {shape}")
                merged.append(x.shape[axis])
                own = [a * b for a, b in itertools.product(own, x.chunks[axis])]
                axis += 1
            sizes.append(own)
    parts = [x.blocks[at] for at in itertools.product(*(range(count) for count in x.numblocks))]
    wanted = list(itertools.product(*sizes))
    if len(parts) != len(wanted) or any(part.size != math.prod(size) for part, size in zip(parts, wanted)):
        raise ValueError(f"chunks {x.chunks} can't become chunks {sizes} one by one")
    reshaped = [part.reshape(size) for part, size in zip(parts, wanted)]
    for axis_sizes in reversed(sizes):  # into nested lists
        count = len(axis_sizes)
        reshaped = [list(reshaped[at : at + count]) for at in range(0, len(reshaped), count)]
    return block(reshaped[0])
