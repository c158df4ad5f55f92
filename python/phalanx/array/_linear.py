"""Products as methods, operators and functions of the main namespace."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import Base, native_of, wrap

__all__ = [
    "corrcoef",
    "cov",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "vdot",
]


class LinearAlgebra(Base):
    """Products."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Any:
        return wrap(self._native.matmul(native_of(other)))

    def __rmatmul__(self, other: Any) -> Any:
        return wrap(native_of(other).matmul(self._native))

    def dot(self, other: Any) -> Any:
        """The sum of products over the last axis of this and the last but one of the other; see :func:`dot`."""
        return wrap(self._native.dot(native_of(other)))


def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices, or of stacks of them, that broadcast; a vector is a row on the left, a column on the
    right."""
    return wrap(native_of(x1).matmul(native_of(x2)))


def dot(a: Any, b: Any) -> Any:
    """The sum of products over the last axis of ``a`` and the last but one of ``b``; of numbers the product."""
    return wrap(native_of(a).dot(native_of(b)))


def vdot(a: Any, b: Any) -> Any:
    """The sum of products of all elements, the first conjugated."""
    return wrap(native_of(a).vdot(native_of(b)))


def inner(a: Any, b: Any) -> Any:
    """The sum of products over the last axes."""
    return wrap(native_of(a).inner(native_of(b)))


def outer(a: Any, b: Any) -> Any:
    """All products of an element of ``a`` with one of ``b``, both flat."""
    return wrap(native_of(a).outer(native_of(b)))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: each element of ``a`` times all of ``b``."""
    return wrap(native_of(a).kron(native_of(b)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes: the last ``axes`` of ``a`` with the first of ``b``, or two lists of
    them."""
    left, right = native_of(a), native_of(b)
    if hasattr(axes, "__index__"):
        count = axes.__index__()
        if not 0 <= count <= min(len(left.shape), len(right.shape)):
            raise ValueError(f"tensordot over {count} axes of arrays of {len(left.shape)} and {len(right.shape)}")
        first, second = list(range(-count, 0)), list(range(count))
    else:
        first, second = ([each.__index__()] if hasattr(each, "__index__") else list(each) for each in axes)
    if len(first) != len(second):
        raise ValueError("shape-mismatch for sum")
    return wrap(left.tensordot(right, first, second))


def einsum(subscripts: str, *operands: Any, dtype: Any = None, optimize: Any = False) -> Any:
    """Einstein's notation: ``einsum("ij,jk->ik", a, b)``.

    Operands are contracted two by two as products of matrices, the pair with the smallest result first, whatever
    ``optimize`` says.

    Parameters
    ----------
    subscripts : str
        A letter for each axis, ``...`` for axes that broadcast, ``->`` and the letters of the result.
    *operands : array_like
    dtype : dtype, optional
        To which the operands are cast first.
    """
    if not isinstance(subscripts, str):
        raise NotImplementedError("einsum takes subscripts as a string: einsum('ij,jk->ik', a, b)")
    arrays = [native_of(operand) for operand in operands]
    if dtype is not None:
        arrays = [array.astype(np.dtype(dtype).name) for array in arrays]
    return wrap(_phalanx.Array.einsum(subscripts, arrays))


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """The covariance matrix of variables, a row of ``m`` each (or a column, without ``rowvar``)."""
    if fweights is not None or aweights is not None:
        raise NotImplementedError("cov has no weights yet: repeat or scale the observations")
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    divisor = float((0 if bias else 1) if ddof is None else ddof)
    other = None if y is None else native_of(y)
    result = wrap(native_of(m).cov(other, rowvar, divisor))
    return result if dtype is None else result.astype(dtype)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The correlation matrix of variables, a row of ``x`` each (or a column, without ``rowvar``)."""
    result = wrap(native_of(x).corrcoef(None if y is None else native_of(y), rowvar))
    return result if dtype is None else result.astype(dtype)
