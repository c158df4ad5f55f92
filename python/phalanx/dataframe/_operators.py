"""Operators of lazy columns, and pandas' methods of their names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._values import native_value

__all__ = ["Operators", "need_rows", "operand"]

#: What a comparison is when its sides change places.
_MIRRORED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_ARITHMETIC = {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide": "truediv",
    "floor_divide": "floordiv", "remainder": "mod", "power": "pow",
}  # fmt: skip
_COMPARISONS = {
    "equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge",
}  # fmt: skip
_LOGIC = {
    "bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "logical_and": "and", "logical_or": "or",
    "logical_xor": "xor",
}  # fmt: skip


def operand(value: Any) -> Any:
    """The native half of a series, or a value."""
    return value._native if isinstance(value, Operators) else native_value(value)


def need_rows(axis: Any, level: Any, what: str) -> None:
    """Refuses an axis that a series has not, and levels of an index."""
    if level is not None:
        raise NotImplementedError(f"{what}(level=…): an index has one level; merge on the columns of the key instead")
    if axis not in (0, "index", None):
        raise ValueError(f"No axis named {axis} for object type Series")


def _operator(name: str, symbol: str, is_reversed: bool) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return self._arithmetic(name, other, is_reversed)

    method.__name__ = f"__{'r' if is_reversed else ''}{name}__"
    method.__doc__ = f"``{f'other {symbol} self' if is_reversed else f'self {symbol} other'}``, row by row."
    return method


def _method(name: str, symbol: str, is_reversed: bool) -> Callable[..., Any]:
    def method(self: Any, other: Any, level: Any = None, fill_value: Any = None, axis: Any = 0) -> Any:
        need_rows(axis, level, name)
        left, right = self._filled(other, fill_value)
        return left._arithmetic(name, right, is_reversed)

    method.__name__ = f"{'r' if is_reversed else ''}{name}"
    method.__doc__ = (
        f"``{f'other {symbol} self' if is_reversed else f'self {symbol} other'}``, row by row; ``fill_value`` stands "
        "for a value that one side has and the other has not."
    )
    return method


def _comparison(name: str, symbol: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def compare(self: Any, other: Any) -> Any:
        return self._compare(name, other)

    def method(self: Any, other: Any, level: Any = None, fill_value: Any = None, axis: Any = 0) -> Any:
        need_rows(axis, level, name)
        left, right = self._filled(other, fill_value)
        return left._compare(name, right)

    compare.__name__, method.__name__ = f"__{name}__", name
    text = f"``self {symbol} other``, row by row; {name == 'ne'} where a value is missing."
    compare.__doc__ = text
    method.__doc__ = text[:-1] + "; ``fill_value`` stands for a value that one side has and the other has not."
    return compare, method


class Operators:
    """What stands between a column and another column or a value."""

    __slots__ = ()
    _native: Any
    _like: Callable[[Any], Any]
    _truths: Callable[[Any], Any]

    def _arithmetic(self, name: str, other: Any, is_reversed: bool) -> Any:
        if hasattr(other, "_names"):  # a frame says what becomes of it
            return NotImplemented
        other = operand(other)
        if self._native.dtype == "str" and name == "mul" and isinstance(other, int):
            return self._like(self._native.text_repeat(other))
        return self._like(self._native.arithmetic(name, other, is_reversed))

    def _compare(self, name: str, other: Any) -> Any:
        if self._native.dtype == "category":
            from phalanx.dataframe.categories import compared

            return compared(self, name, other)
        return self._truths(self._native.compare(name, operand(other)))

    def _logic(self, name: str, other: Any) -> Any:
        return self._truths(self._native.logic(name, operand(other)))

    def _filled(self, other: Any, fill_value: Any) -> tuple[Any, Any]:
        """Both sides, with ``fill_value`` where only one of them is missing."""
        this: Any = self
        if fill_value is None:
            return this, other
        if not isinstance(other, Operators):
            return (this if pd.isna(other) else this.fillna(fill_value)), other
        that: Any = other
        return this.mask(this.isna() & that.notna(), fill_value), that.mask(that.isna() & this.notna(), fill_value)

    __add__, __radd__ = _operator("add", "+", False), _operator("add", "+", True)
    __sub__, __rsub__ = _operator("sub", "-", False), _operator("sub", "-", True)
    __mul__, __rmul__ = _operator("mul", "*", False), _operator("mul", "*", True)
    __truediv__, __rtruediv__ = _operator("truediv", "/", False), _operator("truediv", "/", True)
    __floordiv__, __rfloordiv__ = _operator("floordiv", "//", False), _operator("floordiv", "//", True)
    __mod__, __rmod__ = _operator("mod", "%", False), _operator("mod", "%", True)
    __pow__, __rpow__ = _operator("pow", "**", False), _operator("pow", "**", True)
    add, radd = _method("add", "+", False), _method("add", "+", True)
    sub, rsub = _method("sub", "-", False), _method("sub", "-", True)
    mul, rmul = _method("mul", "*", False), _method("mul", "*", True)
    truediv, rtruediv = _method("truediv", "/", False), _method("truediv", "/", True)
    floordiv, rfloordiv = _method("floordiv", "//", False), _method("floordiv", "//", True)
    mod, rmod = _method("mod", "%", False), _method("mod", "%", True)
    pow, rpow = _method("pow", "**", False), _method("pow", "**", True)
    div, rdiv, divide = truediv, rtruediv, truediv
    subtract, multiply = sub, mul
    __eq__, eq = _comparison("eq", "==")
    __ne__, ne = _comparison("ne", "!=")
    __lt__, lt = _comparison("lt", "<")
    __le__, le = _comparison("le", "<=")
    __gt__, gt = _comparison("gt", ">")
    __ge__, ge = _comparison("ge", ">=")
    __hash__ = object.__hash__

    def __and__(self, other: Any) -> Any:
        return self._logic("and", other)

    def __or__(self, other: Any) -> Any:
        return self._logic("or", other)

    def __xor__(self, other: Any) -> Any:
        return self._logic("xor", other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __invert__(self) -> Any:
        return self._truths(self._native.invert())

    def __neg__(self) -> Any:
        return self._like(self._native.ufunc("negative"))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.abs()

    def abs(self) -> Any:
        """The absolute values."""
        return self._like(self._native.ufunc("absolute"))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        name = ufunc.__name__
        if len(inputs) == 1:
            return self._like(self._native.ufunc(name))
        left, right = inputs
        series: Any
        other: Any
        series, other = (left, right) if isinstance(left, Operators) else (right, left)
        if name in _ARITHMETIC:
            return series._arithmetic(_ARITHMETIC[name], other, series is not left)
        if name in _COMPARISONS:
            op = _COMPARISONS[name]
            return series._compare(op if series is left else _MIRRORED[op], other)
        if name in _LOGIC:
            return series._logic(_LOGIC[name], other)
        if name in ("maximum", "minimum", "fmax", "fmin"):
            smaller = series < other if name in ("maximum", "fmax") else series > other
            result = series.mask(smaller, other)
            if name.startswith("f"):
                return result
            if not isinstance(other, Operators):
                return series * np.nan if pd.isna(other) else result
            return result.mask(series._truths(other._native.isna()), np.nan)
        raise NotImplementedError(f"numpy.{name} of a series: compute it first, or use map_partitions")
