"""Products as methods, operators and functions of the main namespace."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import np
from phalanx.array._base import Base, wrap

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


def lazy(value: Any) -> Any:
    """The native array of anything that is an array."""
    from phalanx.array._creation import asarray

    return asarray(value)._native


class LinearAlgebra(Base):
    """Products."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Any:
        return wrap(self._native.matmul(lazy(other)))

    def __rmatmul__(self, other: Any) -> Any:
        return wrap(lazy(other).matmul(self._native))

    def dot(self, other: Any) -> Any:
        """The sum of products over the last axis of this and the last but one of the other; see :func:`dot`."""
        return wrap(self._native.dot(lazy(other)))


def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices, or of stacks of them, that broadcast; a vector is a row on the left, a column on the
    right."""
    return wrap(lazy(x1).matmul(lazy(x2)))


def dot(a: Any, b: Any) -> Any:
    """The sum of products over the last axis of ``a`` and the last but one of ``b``; of numbers the product."""
    return wrap(lazy(a).dot(lazy(b)))


def vdot(a: Any, b: Any) -> Any:
    """The sum of products of all elements, the first conjugated."""
    return wrap(lazy(a).vdot(lazy(b)))


def inner(a: Any, b: Any) -> Any:
    """The sum of products over the last axes."""
    return wrap(lazy(a).inner(lazy(b)))


def outer(a: Any, b: Any) -> Any:
    """All products of an element of ``a`` with one of ``b``, both flat."""
    return wrap(lazy(a).outer(lazy(b)))


def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: each element of ``a`` times all of ``b``."""
    return wrap(lazy(a).kron(lazy(b)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The sum of products over pairs of axes: the last ``axes`` of ``a`` with the first of ``b``, or two lists of
    them."""
    left, right = lazy(a), lazy(b)
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
    arrays = [lazy(operand) for operand in operands]
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
    other = None if y is None else lazy(y)
    result = wrap(lazy(m).cov(other, rowvar, divisor))
    return result if dtype is None else result.astype(dtype)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """The correlation matrix of variables, a row of ``x`` each (or a column, without ``rowvar``)."""
    result = wrap(lazy(x).corrcoef(None if y is None else lazy(y), rowvar))
    return result if dtype is None else result.astype(dtype)
