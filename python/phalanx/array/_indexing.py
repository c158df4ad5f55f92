"""Indexing: slices, integers, arrays of integers, masks; and copies with some elements replaced."""

from __future__ import annotations

from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import np
from phalanx.array._base import Base, is_lazy, lazy, one_axis, operand, wrap
from phalanx.exceptions import InputError

__all__ = [
    "Indexing",
    "argwhere",
    "choose",
    "compress",
    "extract",
    "flatnonzero",
    "nonzero",
    "ravel_multi_index",
    "select",
    "take",
    "take_along_axis",
    "unravel_index",
]


def _part(part: Any) -> Any:
    """One part of an index, as the extension module takes it."""
    if part is None or part is Ellipsis or isinstance(part, slice):
        return part
    native = getattr(part, "_native", None)
    if native is not None:
        return native
    if isinstance(part, (bool, np.bool_)):
        raise NotImplementedError("indexing by a single truth value; write x[None] or x[:0] instead")
    if hasattr(part, "__index__") and not hasattr(part, "shape"):
        return part.__index__()
    values = np.asarray(part)
    if values.ndim == 0 and values.dtype.kind in "iu":
        return int(values)
    if values.size == 0 and values.dtype.kind == "f" and not hasattr(part, "dtype"):
        values = values.astype(np.int64)  # an empty list
    if values.dtype.kind not in "iub":
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid "
            f"indices, not {part!r:.50}"
        )
    return lazy(values)._native


def _as_numpy_has_it(error: InputError) -> Exception:
    """What NumPy raises where an index does not fit; sizes that are unknown, and values, stay as they are."""
    text = error.message
    if any(words in text for words in ("chunk sizes", "broadcast", "step of a slice")):
        return error
    return IndexError(f"{text}; {error.hint}" if error.hint else text)


def parts_of(index: Any) -> tuple[Any, ...]:
    """An index as the extension module takes it."""
    return tuple(_part(part) for part in (index if isinstance(index, tuple) else (index,)))


class _Vindex:
    """Pointwise indexing, as NumPy's by several arrays."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __getitem__(self, index: Any) -> Any:
        array = self._array
        index = index if isinstance(index, tuple) else (index,)
        if any(part is None for part in index):
            raise IndexError(f"vindex does not support indexing with None (np.newaxis), got {index}")
        if any(part is Ellipsis for part in index):
            at = [part is Ellipsis for part in index].index(True)
            index = index[:at] + (slice(None),) * (array.ndim - len(index) + 1) + index[at + 1 :]
        if len(index) > array.ndim:
            raise IndexError(f"too many indices for array: array is {array.ndim}-dimensional, but {len(index)} were indexed")
        index += (slice(None),) * (array.ndim - len(index))
        points = [axis for axis, part in enumerate(index) if not isinstance(part, slice)]
        others = [axis for axis in range(array.ndim) if axis not in points]
        # The points are the first axes of the result, wherever their indices are.
        array = array[tuple(part if isinstance(part, slice) else slice(None) for part in index)]
        places = [part if is_lazy(part) else np.asarray(part) for part in (index[axis] for axis in points)]
        return array.transpose([*points, *others])[tuple(places)] if points else array


class _Blocks:
    """An array's chunks by number."""

    def __init__(self, array: Any) -> None:
        self._array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of chunks, axis by axis."""
        return tuple(self._array.numblocks)

    @property
    def size(self) -> int:
        """The number of chunks."""
        return int(self._array.npartitions)

    def __getitem__(self, index: Any) -> Any:
        array = self._array
        index = index if isinstance(index, tuple) else (index,)
        if any(part is None for part in index):
            raise ValueError("slicing with np.newaxis or None is not supported")
        if Ellipsis in index:
            at = index.index(Ellipsis)
            index = index[:at] + (slice(None),) * (array.ndim - len(index) + 1) + index[at + 1 :]
        for axis, part in enumerate(index):
            sizes = array.chunks[axis]
            ends = np.cumsum([0, *sizes])
            numbers = np.arange(len(sizes))[part if isinstance(part, slice) else np.atleast_1d(part)]
            elements = [slice(int(ends[number]), int(ends[number + 1])) for number in numbers]
            pieces = [array[(slice(None),) * axis + (piece,)] for piece in elements]
            from phalanx.array._joining import concatenate

            array = concatenate(pieces, axis) if pieces else array[(slice(None),) * axis + (slice(0),)]
        return array


class Indexing(Base):
    """Indexing and its functions."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple) and len(index) > 1:
            from phalanx.array._setting import names_points, unmasked

            index = unmasked(index) if names_points(index) else index
        try:
            return wrap(self._native.get(parts_of(index)))
        except InputError as error:
            raise _as_numpy_has_it(error) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        # The array stands for another expression from here on; who had the old one keeps it.
        self._native = self.with_item(index, value)._native

    def with_item(self, index: Any, value: Any) -> Any:
        """A copy in which ``copy[index]`` is ``value``."""
        from phalanx.array._setting import check_value, names_points, with_points

        check_value(self, value)
        if names_points(index):
            return with_points(self, index, value)
        try:
            return wrap(self._native.with_item(parts_of(index), operand(value)))
        except InputError as error:
            raise _as_numpy_has_it(error) from None

    @property
    def vindex(self) -> Any:
        """Pointwise indexing: ``x.vindex[rows, :, columns]`` has the points, which index arrays name together, as its
        first axes.
        """
        return _Vindex(self)

    @property
    def blocks(self) -> Any:
        """The chunks by number: ``x.blocks[0, 1]`` is the array of that chunk alone."""
        return _Blocks(self)

    def compute_chunk_sizes(self, *, client: Any = None) -> Any:
        """Finds out sizes that depend on the data, and returns the array, which has them from here on."""
        self._native = _client.native(client).compute_chunk_sizes(self._native)
        return self

    def take(self, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
        """The slices along ``axis`` whose numbers are ``indices``."""
        if out is not None or mode != "raise":
            raise NotImplementedError("take with out= or another mode than 'raise'; wrap the indices before")
        return take(self, indices, axis)

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """The slices along ``axis`` where ``condition`` is true."""
        return compress(condition, self, axis)

    def nonzero(self) -> tuple[Any, ...]:
        """For each axis the indices of the elements that are not 0."""
        return nonzero(self)

    def choose(self, choices: Any) -> Any:
        """Element by element the choice of this number."""
        return choose(self, choices)


def take(a: Any, indices: Any, axis: Any = None) -> Any:
    """The slices along ``axis`` whose numbers are ``indices``; of the flattened array, if ``axis`` is None."""
    a = lazy(a)
    if axis is None:
        a, axis = a.ravel(), 0
    axis = one_axis(axis, a.ndim)
    return a[(slice(None),) * axis + (indices,)]


def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """For each index the element of its line along ``axis``."""
    arr, indices = lazy(arr), lazy(indices)
    if axis is None:
        arr, axis = arr.ravel(), 0
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if arr.ndim != indices.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    axis = one_axis(axis, arr.ndim)
    return wrap(arr._native.take_along_axis(indices._native, axis))


def compress(condition: Any, a: Any, axis: Any = None) -> Any:
    """The slices of ``a`` along ``axis`` where ``condition``, a vector that may be shorter, is true."""
    a, condition = lazy(a), lazy(condition)
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    if axis is None:
        a, axis = a.ravel(), 0
    axis = one_axis(axis, a.ndim)
    return wrap(a._native.compress(condition._native, axis))


def extract(condition: Any, arr: Any) -> Any:
    """The elements of ``arr``, in C order, where ``condition`` is true."""
    return wrap(lazy(arr)._native.extract(lazy(condition)._native))


def flatnonzero(a: Any) -> Any:
    """The flat indices of the elements that are not 0."""
    return wrap(lazy(a)._native.flatnonzero())


def nonzero(a: Any) -> tuple[Any, ...]:
    """For each axis the indices of the elements that are not 0."""
    return tuple(wrap(each) for each in lazy(a)._native.nonzero())


def argwhere(a: Any) -> Any:
    """The indices of the elements that are not 0, a row each."""
    return wrap(lazy(a)._native.argwhere())


def choose(a: Any, choices: Any) -> Any:
    """Element by element ``choices[a]``."""
    return wrap(lazy(a)._native.choose([lazy(choice)._native for choice in choices]))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Element by element the choice of the first condition that is true, else ``default``."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("select with an empty condition list is not possible")
    choices = [lazy(choice) for choice in choicelist]
    conditions = [lazy(condition) for condition in condlist]
    if any(condition.dtype.kind != "b" for condition in conditions):
        raise TypeError("invalid entry in condlist: should be boolean ndarray")
    dtype = np.result_type(*(choice.dtype for choice in choices), default)
    choices = [choice.astype(dtype)._native for choice in choices]
    other = lazy(default).astype(dtype)._native
    return wrap(_phalanx.Array.select([condition._native for condition in conditions], choices, other))


def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    """The indices of flat ones in an array of this shape, an array for each axis."""
    if order != "C":
        raise NotImplementedError("order='F'; give the shape in reverse, and reverse the result")
    lengths = [int(n) for n in shape] if hasattr(shape, "__len__") else [int(shape)]
    return tuple(wrap(each) for each in _phalanx.Array.unravel_index(lazy(indices)._native, lengths))


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Any:
    """The flat indices of an index for each axis."""
    if order != "C" or mode != "raise":
        raise NotImplementedError("order='F' or another mode than 'raise'; wrap or clip the indices before")
    indices = [lazy(index)._native for index in multi_index]
    return wrap(_phalanx.Array.ravel_multi_index(indices, [int(n) for n in dims]))
