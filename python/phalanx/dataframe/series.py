"""The lazy column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from phalanx import _client
from phalanx._lazy import np, pd
from phalanx.dataframe._show import Tabular
from phalanx.dataframe._values import dtype_name, native_value, numpy_dtype

__all__ = ["Series"]

def operand(value: Any) -> Any:
    """The native half of a series, or a value."""
    if isinstance(value, Series):
        return value._native
    return native_value(value)


def _both_ways(name: str, symbol: str) -> tuple[Callable[..., Series], Callable[..., Series]]:
    def forward(self: Series, other: Any) -> Series:
        return self._arithmetic(name, other, False)

    def backward(self: Series, other: Any) -> Series:
        return self._arithmetic(name, other, True)

    forward.__doc__ = f"``self {symbol} other``, row by row."
    backward.__doc__ = f"``other {symbol} self``, row by row."
    return forward, backward


def _comparison(name: str, symbol: str) -> Callable[..., Series]:
    def compare(self: Series, other: Any) -> Series:
        return Series._wrap(self._native.compare(name, operand(other)))

    compare.__doc__ = f"``self {symbol} other``, row by row; False (for ``!=`` True) where a value is missing."
    return compare


class Series(Tabular):
    """A lazy column with an index; made by functions and by selecting from a frame."""

    __slots__ = ("_native",)
    _native: Any
    __array_priority__ = 1000
    _phalanx_kind = "frame"

    def __init__(self, *_: Any) -> None:
        raise TypeError("a Series is made by functions: phalanx.dataframe.from_pandas, or frame['column']")

    @classmethod
    def _wrap(cls, native: Any) -> Series:
        series = object.__new__(cls)
        series._native = native
        return series

    # What it is.

    @property
    def name(self) -> str | None:
        """The name, if it has one."""
        return self._native.name

    @property
    def dtype(self) -> Any:
        """The type of the values, as pandas has it."""
        return numpy_dtype(self._native.dtype)

    @property
    def ndim(self) -> int:
        """1."""
        return 1

    @property
    def npartitions(self) -> int:
        """How many partitions it has."""
        return self._native.frame.npartitions

    def __repr__(self) -> str:
        return f"<phalanx Series: name={self.name}, dtype={self._native.dtype}>"

    def __bool__(self) -> bool:
        raise ValueError("The truth value of a Series is ambiguous. Use a.empty, a.bool(), a.item(), a.any() or a.all().")

    __hash__ = object.__hash__

    # How it is computed.

    def _prepared(self, native: Any) -> Any:
        return self._native.to_frame()

    def _finish(self, table: Any) -> Any:
        from phalanx.dataframe._convert import to_pandas

        frame = to_pandas(table, self._native.frame.index)
        series = frame.iloc[:, 0]
        series.name = self.name
        return series

    def persist(self, *, client: Any = None) -> Series:
        """The same, computed and kept where it was computed."""
        column = "0" if self.name is None else self.name
        kept = _client.native(client).persist_frame(self._native.to_frame())
        return Series._wrap(kept.column(column).rename(self.name))

    def to_frame(self, name: Any = None) -> Any:
        """A frame of this column."""
        from phalanx.dataframe._core import DataFrame

        native = self._native if name is None else self._native.rename(name)
        return DataFrame._wrap(native.to_frame())

    def _via(self, function: Callable[[Any], Any]) -> Series:
        column = "0" if self.name is None else self.name
        return Series._wrap(function(self._native.to_frame()).column(column).rename(self.name))

    # Operators.

    def _arithmetic(self, name: str, other: Any, reversed_: bool) -> Series:
        other = operand(other)
        if self._native.dtype == "str" and name == "mul" and isinstance(other, int):
            return Series._wrap(self._native.text_repeat(other))
        return Series._wrap(self._native.arithmetic(name, other, reversed_))

    def _logic(self, name: str, other: Any) -> Series:
        return Series._wrap(self._native.logic(name, operand(other)))

    __add__, __radd__ = _both_ways("add", "+")
    __sub__, __rsub__ = _both_ways("sub", "-")
    __mul__, __rmul__ = _both_ways("mul", "*")
    __truediv__, __rtruediv__ = _both_ways("truediv", "/")
    __floordiv__, __rfloordiv__ = _both_ways("floordiv", "//")
    __mod__, __rmod__ = _both_ways("mod", "%")
    __pow__, __rpow__ = _both_ways("pow", "**")
    add, radd = __add__, __radd__
    sub, rsub = __sub__, __rsub__
    mul, rmul = __mul__, __rmul__
    truediv, rtruediv = __truediv__, __rtruediv__
    floordiv, rfloordiv = __floordiv__, __rfloordiv__
    mod, rmod = __mod__, __rmod__
    pow, rpow = __pow__, __rpow__
    div, rdiv = __truediv__, __rtruediv__
    subtract, multiply, divide = __sub__, __mul__, __truediv__
    __eq__ = _comparison("eq", "==")  # type: ignore[assignment]
    __ne__ = _comparison("ne", "!=")  # type: ignore[assignment]
    __lt__ = _comparison("lt", "<")
    __le__ = _comparison("le", "<=")
    __gt__ = _comparison("gt", ">")
    __ge__ = _comparison("ge", ">=")
    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__

    def __and__(self, other: Any) -> Series:
        return self._logic("and", other)

    def __or__(self, other: Any) -> Series:
        return self._logic("or", other)

    def __xor__(self, other: Any) -> Series:
        return self._logic("xor", other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Series:
        return Series._wrap(self._native.invert())

    def __neg__(self) -> Series:
        return Series._wrap(self._native.ufunc("negative"))

    def __pos__(self) -> Series:
        return self

    def __abs__(self) -> Series:
        return self.abs()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            return NotImplemented
        if len(inputs) == 1:
            return Series._wrap(self._native.ufunc(ufunc.__name__))
        names = {"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide": "truediv",
                 "floor_divide": "floordiv", "remainder": "mod", "power": "pow"}
        compares = {"equal": "eq", "not_equal": "ne", "less": "lt", "less_equal": "le", "greater": "gt",
                    "greater_equal": "ge"}
        logic = {"bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "logical_and": "and",
                 "logical_or": "or", "logical_xor": "xor"}
        left, right = inputs
        name = ufunc.__name__
        if name in names:
            if isinstance(left, Series):
                return left._arithmetic(names[name], right, False)
            return right._arithmetic(names[name], left, True)
        if name in compares:
            mirrored = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
            if isinstance(left, Series):
                return Series._wrap(left._native.compare(compares[name], operand(right)))
            op = compares[name]
            return Series._wrap(right._native.compare(mirrored.get(op, op), operand(left)))
        if name in logic:
            series, other = (left, right) if isinstance(left, Series) else (right, left)
            return series._logic(logic[name], other)
        if name in ("maximum", "minimum", "fmax", "fmin"):
            series, other = (left, right) if isinstance(left, Series) else (right, left)
            smaller = series < other if name in ("maximum", "fmax") else series > other
            result = series.mask(smaller, other)
            return result if name.startswith("f") else result.mask(isna(other), np.nan)
        raise NotImplementedError(f"numpy.{name} of a series: compute it first, or use map_partitions")

    def __getitem__(self, key: Any) -> Series:
        if isinstance(key, Series):
            column = "0" if self.name is None else self.name
            frame = self._native.to_frame().filter(key._native)
            return Series._wrap(frame.column(column).rename(self.name))
        raise NotImplementedError("a series takes a lazy condition in []; use head(), or compute it first")

    # Values.

    def astype(self, dtype: Any, errors: str = "raise") -> Series:
        """The values as another type."""
        if errors != "raise":
            raise NotImplementedError('astype(errors="ignore"): use to_numeric(errors="coerce")')
        return Series._wrap(self._native.astype(dtype_name(dtype), False))

    def isna(self) -> Series:
        """Whether values are missing."""
        return Series._wrap(self._native.isna())

    def notna(self) -> Series:
        """Whether values are there."""
        return Series._wrap(self._native.notna())

    isnull, notnull = isna, notna

    def fillna(self, value: Any) -> Series:
        """The values, with ``value`` (or another series' values) where they are missing."""
        return Series._wrap(self._native.fillna(operand(value)))

    def combine_first(self, other: Series) -> Series:
        """The values, with the other's where they are missing."""
        return Series._wrap(self._native.fillna(other._native))

    def dropna(self) -> Series:
        """Only the values that are there."""
        return self[self.notna()]

    def where(self, cond: Any, other: Any = None) -> Series:
        """The values where ``cond`` is true, ``other`` elsewhere."""
        if callable(cond):
            cond = cond(self)
        return Series._wrap(self._native.where_(cond._native, operand(other)))

    def mask(self, cond: Any, other: Any = None) -> Series:
        """The values where ``cond`` is not true, ``other`` elsewhere."""
        if callable(cond):
            cond = cond(self)
        return Series._wrap(self._native.mask(cond._native, operand(other)))

    def isin(self, values: Iterable[Any]) -> Series:
        """Whether values are among ``values``."""
        if isinstance(values, str):
            raise TypeError(f"only list-like objects are allowed to be passed to isin(), you passed a `{type(values).__name__}`")
        return Series._wrap(self._native.isin([native_value(value) for value in values]))

    def map(self, arg: Any, na_action: str | None = None) -> Series:
        """For each value what the mapping (a dict or a pandas series) has for it; missing if it has nothing."""
        if callable(arg) and not hasattr(arg, "items"):
            raise NotImplementedError("map with a function: use map_partitions, or give a dict")
        if na_action not in (None, "ignore"):
            raise ValueError(f"na_action must either be 'ignore' or None, {na_action!r} was passed")
        pairs = [(native_value(key), native_value(value)) for key, value in arg.items()]
        return Series._wrap(self._native.map(pairs))

    def replace(self, to_replace: Any, value: Any = None, regex: bool = False) -> Series:
        """The values, with others in place of some."""
        if regex:
            raise NotImplementedError("replace(regex=True): use .str.replace(…, regex=True)")
        if isinstance(to_replace, dict):
            pairs = list(to_replace.items())
        elif isinstance(to_replace, (list, tuple)):
            values = value if isinstance(value, (list, tuple)) else [value] * len(to_replace)
            pairs = list(zip(to_replace, values))
        else:
            pairs = [(to_replace, value)]
        return Series._wrap(self._native.replace([(native_value(old), native_value(new)) for old, new in pairs]))

    def between(self, left: Any, right: Any, inclusive: str = "both") -> Series:
        """Whether values lie between two others."""
        return Series._wrap(self._native.between(operand(left), operand(right), inclusive))

    def clip(self, lower: Any = None, upper: Any = None) -> Series:
        """The values, but no smaller than ``lower`` and no larger than ``upper``."""
        bounds = [None if bound is None else operand(bound) for bound in (lower, upper)]
        return Series._wrap(self._native.clip(*bounds))

    def round(self, decimals: int = 0) -> Series:
        """Rounded to so many digits after the point."""
        return Series._wrap(self._native.round(decimals))

    def abs(self) -> Series:
        """The absolute values."""
        return Series._wrap(self._native.ufunc("absolute"))

    def rename(self, index: Any = None) -> Series:
        """The same under another name."""
        return Series._wrap(self._native.rename(index))

    def head(self, n: int = 5, npartitions: int = -1, compute: bool = True) -> Any:
        """The first ``n`` values, computed."""
        first = self._via(lambda frame: frame.head(n))
        return first.compute() if compute else first

    def cumsum(self) -> Series:
        """Running sums."""
        return self._via(lambda frame: frame.cumulative("cumsum"))

    def cumprod(self) -> Series:
        """Running products."""
        return self._via(lambda frame: frame.cumulative("cumprod"))

    def cummax(self) -> Series:
        """Running maxima."""
        return self._via(lambda frame: frame.cumulative("cummax"))

    def cummin(self) -> Series:
        """Running minima."""
        return self._via(lambda frame: frame.cumulative("cummin"))

    def unique(self) -> Series:
        """The distinct values in order of first appearance."""
        column = "0" if self.name is None else self.name
        return Series._wrap(self._native.to_frame().unique(column).column(column).rename(self.name))

    @property
    def values(self) -> Any:
        """The values as a lazy thing that computes to NumPy's array."""
        from phalanx.dataframe._convert import Values

        return Values(self)

    @property
    def str(self) -> Any:
        """Functions of text."""
        from phalanx.dataframe.accessors import StringMethods

        return StringMethods(self)

    @property
    def dt(self) -> Any:
        """Functions of times."""
        from phalanx.dataframe.accessors import DatetimeMethods

        return DatetimeMethods(self)


def isna(value: Any) -> Any:
    """Whether a value, or each value of a series, is missing."""
    return value.isna() if isinstance(value, Series) else bool(pd.isna(value))
