"""Operators of frames: value by value with frames, columns, values for each column, and scalars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._results import Deferred
from phalanx.dataframe.series import Series

__all__ = ["FrameArithmetic"]

_LOGIC = ("and", "or", "xor")
_COMPARES = ("eq", "ne", "lt", "le", "gt", "ge")
_JOINS = ("outer", "inner", "left", "right")


def _axis(axis: Any) -> str:
    if axis in (0, "index", "rows"):
        return "index"
    if axis in (1, "columns"):
        return "columns"
    raise ValueError(f"No axis named {axis} for object type DataFrame")


class FrameArithmetic:
    """Arithmetic, comparisons and what aligns two frames."""

    __slots__ = ()
    _native: Any
    _names: Any

    # One operator.

    def _binary(self, name: str, other: Any, axis: Any = "columns", level: Any = None, fill_value: Any = None) -> Any:
        if level is not None:
            raise NotImplementedError(f"{name}(level=…): an index has one level")
        along = _axis(axis)
        operate = getattr(Series, f"__{name}__")
        if isinstance(other, Deferred):
            other = other.compute()
        if isinstance(other, FrameArithmetic):
            return self._with_frame(other, operate, fill_value)
        if isinstance(other, Series):
            if along == "columns":
                raise NotImplementedError(
                    'a frame with a lazy series by columns: pass axis="index" to meet it row by row, or compute it first'
                )
            if fill_value is not None:
                raise NotImplementedError(f"fill_value {fill_value} not supported.")
            return self._each(lambda column: operate(column, other))  # type: ignore[attr-defined]
        if isinstance(other, pd.Series) and along == "index":
            raise NotImplementedError("a frame with pandas' series by rows: make it lazy with from_pandas, and take its column")
        if isinstance(other, (pd.DataFrame,)):
            raise NotImplementedError("a lazy frame with pandas' frame: make it lazy with from_pandas")
        if isinstance(other, (pd.Series, list, tuple, np.ndarray)):
            return self._with_values(other, operate, fill_value)

        def one(column: Any) -> Any:
            return operate(column if fill_value is None else column.fillna(fill_value), other)

        return self._each(one)  # type: ignore[attr-defined]

    def _with_values(self, other: Any, operate: Callable[..., Any], fill_value: Any) -> Any:
        """A value for each column: by name, or by place."""
        if isinstance(other, pd.Series):
            if fill_value is not None:
                raise NotImplementedError(f"fill_value {fill_value} not supported.")
            values = {str(name): value for name, value in other.items()}
        else:
            if len(other) != len(self._names):
                raise ValueError(f"Unable to coerce to Series, length must be {len(self._names)}: given {len(other)}")
            values = dict(zip(self._names, other))
        names = list(self._meta.columns.union(pd.Index(list(values)))) if set(values) != set(self._names) else self._names  # type: ignore[attr-defined]
        frame = self._with_missing(names)
        made = frame._each(lambda column: operate(column, values.get(column.name, np.nan)))
        return made[list(names)]

    def _with_missing(self, names: Any, value: Any = float("nan")) -> Any:
        """With columns of a value (missing ones, by default) for the names that it has not."""
        frame: Any = self
        for name in names:
            if name not in frame._names:
                frame = frame._wrap(frame._native.assign_value(name, value))
        return frame

    def _with_frame(self, other: Any, operate: Callable[..., Any], fill_value: Any) -> Any:
        left: Any = self
        right: Any = other
        if not self._same_rows(other):
            left, right = self._by_index(other, "outer")
        if left._names == right._names:
            names = left._names
        else:
            names = list(left._meta.align(right._meta, axis=1)[0].columns)
            left, right = left._with_missing(names), right._with_missing(names)

        def one(name: str) -> Any:
            a, b = left._column(name), right._column(name)
            if fill_value is None:
                return operate(a, b)
            both = a.isna() & b.isna()
            return operate(a.fillna(fill_value), b.fillna(fill_value)).mask(both, None)

        columns = [(name, one(name)._native) for name in names]
        return left._wrap(left._native.assign(columns))[list(names)]

    def _same_rows(self, other: Any) -> bool:
        """Whether columns of both can stand side by side: they come from one frame, row by row, or have the same
        numbers of rows."""
        if self._native.has_rows_of(other._native) or not other._names:
            return True
        if self._native.index is not None or other._native.index is not None:
            return False
        try:
            self._native.assign([("__probe", other._native.column(other._names[0]))])
        except NotImplementedError:
            return False
        return True

    def _by_index(self, other: Any, join: str) -> tuple[Any, Any]:
        """Both with the rows of a join of their indexes."""
        for frame in (self, other):
            if frame._native.index is None:
                raise NotImplementedError("frames of other rows that have no index: set_index a column of both, or merge them")
        index = self._native.index
        left = self._wrap(self._native.rename([(name, f"l {name}") for name in self._names]))  # type: ignore[attr-defined]
        right = other._wrap(other._native.rename([(name, f"r {name}") for name in other._names]))
        met = left.merge(right, how=join, left_index=True, right_index=True)
        if join == "outer":
            met = met.sort_index()

        def part(mark: str, names: list[str]) -> Any:
            native = met._native.select([f"{mark} {name}" for name in names])
            return met._wrap(native.rename([(f"{mark} {name}", name) for name in names]))

        if met._native.index != index:
            met = met._wrap(met._native.rename([(met._native.index, index)]))
        return part("l", self._names), part("r", other._names)

    # Two frames.

    def align(self, other: Any, join: str = "outer", axis: Any = None, fill_value: Any = None) -> tuple[Any, Any]:
        """This frame and another with the same rows (by their indexes) and the same columns.

        Frames of other rows are merged on their indexes, and come sorted by them.

        Parameters
        ----------
        other : DataFrame
            The other frame.
        join : {"outer", "inner", "left", "right"}
            Whose labels and columns are kept.
        axis : {0, 1}, optional
            Only rows, or only columns; both by default.
        fill_value : scalar, optional
            For what one of them has not; missing by default.
        """
        if join not in _JOINS:
            raise ValueError(f"join={join!r}: there are {', '.join(_JOINS)}")
        if not isinstance(other, FrameArithmetic):
            raise TypeError(f"unsupported type: {type(other)}")
        left: Any = self
        right: Any = other
        if axis is None or _axis(axis) == "index":
            if not self._same_rows(other):
                left, right = self._by_index(other, join)
                if fill_value is not None:
                    left, right = left.fillna(fill_value), right.fillna(fill_value)
        if axis is None or _axis(axis) == "columns":
            names = list(left._meta.align(right._meta, join=join, axis=1)[0].columns)
            value = np.nan if fill_value is None else fill_value
            left, right = (frame._with_missing(names, value)[names] for frame in (left, right))
        return left, right

    def combine(self, other: Any, func: Callable[..., Any], fill_value: Any = None, overwrite: bool = True) -> Any:
        """``func`` of each pair of columns of the same name, as pandas' series, partition by partition."""
        from phalanx.dataframe._python import call_partitions

        if not isinstance(other, FrameArithmetic):
            raise TypeError(f"combine takes a lazy frame, not a {type(other).__name__}")
        left, right = (self, other) if self._same_rows(other) else self.align(other, axis=0)
        arguments = {"func": func, "fill_value": fill_value, "overwrite": overwrite}
        return call_partitions(left, _combine, (right,), arguments, row_by_row=True, label="combine")

    def combine_first(self, other: Any) -> Any:
        """With the other's values where this frame's are missing, for all rows and columns of both."""
        left: Any = self
        right: Any = other
        if not self._same_rows(other):
            left, right = self._by_index(other, "outer")
        names = list(left._meta.combine_first(right._meta).columns)
        columns = []
        for name in names:
            if name not in right._names or name not in left._names:
                columns.append((name, (left if name in left._names else right)._column(name)._native))
            else:
                columns.append((name, left._column(name).fillna(right._column(name))._native))
        return left._wrap(left._native.assign(columns))[names]

    def dot(self, other: Any, meta: Any = None) -> Any:
        """The matrix product with pandas' series or frame, or NumPy's array, of a row for each column.

        A frame of the products with each column, or a series, of the rows; what ``meta`` would say is known.
        """
        if hasattr(other, "_phalanx_kind"):
            raise NotImplementedError("dot with a lazy object: compute the right side, which is as long as the columns are many")
        if isinstance(other, (pd.Series, pd.DataFrame)):
            if set(map(str, other.index)) != set(self._names):
                raise ValueError("matrices are not aligned")
            other = other.set_axis(other.index.map(str)).loc[self._names]
        else:
            other = np.asarray(other)
            if other.shape[0] != len(self._names):
                raise ValueError(f"Dot product shape mismatch, {(np.nan, len(self._names))} vs {other.shape}")
            other = pd.Series(other) if other.ndim == 1 else pd.DataFrame(other)

        def product(weights: Any) -> Any:
            total = None
            for name, weight in zip(self._names, weights):
                term = self._column(name) * (weight.item() if hasattr(weight, "item") else weight)  # type: ignore[attr-defined]
                total = term if total is None else total + term
            return total

        if isinstance(other, pd.Series):
            return product(other).rename(None)
        first: Any = self
        names = [str(name) for name in other.columns]
        columns = [(f"d {name}", product(other.iloc[:, at])._native) for at, name in enumerate(names)]
        made = first._wrap(first._native.assign(columns))[[f"d {name}" for name in names]]
        return made.rename(columns=dict(zip((f"d {name}" for name in names), names)))

    __matmul__ = dot

    def __invert__(self) -> Any:
        return self._each(Series.__invert__)  # type: ignore[attr-defined]

    def __neg__(self) -> Any:
        return self._each(Series.__neg__)  # type: ignore[attr-defined]

    def __pos__(self) -> Any:
        return self._each(Series.__pos__)  # type: ignore[attr-defined]

    def __abs__(self) -> Any:
        return self.abs()

    def abs(self) -> Any:
        """The absolute values."""
        return self._each(Series.abs)  # type: ignore[attr-defined]

    __hash__ = object.__hash__


def _combine(left: Any, right: Any, func: Any, fill_value: Any, overwrite: bool) -> Any:
    return left.combine(right, func, fill_value=fill_value, overwrite=overwrite)


def _named(name: str, symbol: str) -> Callable[..., Any]:
    def method(self: Any, other: Any, axis: Any = "columns", level: Any = None, fill_value: Any = None) -> Any:
        return self._binary(name, other, axis, level, fill_value)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"""``{symbol}``, value by value.

    Parameters
    ----------
    other : scalar, list, pandas.Series, Series or DataFrame
        A value for all; values for each column; a lazy column for each row (``axis="index"``); or a lazy frame, which
        meets this one by index and columns.
    axis : {{"columns", "index"}}
        Which labels a series meets.
    level : None
        An index has one level.
    fill_value : scalar, optional
        In place of what one side has not.
    """
    return method


def _comparing(name: str, symbol: str) -> Callable[..., Any]:
    def method(self: Any, other: Any, axis: Any = "columns", level: Any = None) -> Any:
        return self._binary(name, other, axis, level)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{symbol}``, value by value, with what :meth:`add` takes; a missing value equals nothing."
    return method


def _symbolic(name: str, symbol: str) -> Callable[..., Any]:
    def method(self: Any, other: Any) -> Any:
        return self._binary(name, other)

    method.__doc__ = f"``{symbol}``, value by value."
    return method


_ARITHMETIC = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**"}
for _name, _symbol in _ARITHMETIC.items():
    setattr(FrameArithmetic, f"__{_name}__", _symbolic(_name, f"self {_symbol} other"))
    setattr(FrameArithmetic, f"__r{_name}__", _symbolic(f"r{_name}", f"other {_symbol} self"))
    setattr(FrameArithmetic, _name, _named(_name, f"self {_symbol} other"))
    setattr(FrameArithmetic, f"r{_name}", _named(f"r{_name}", f"other {_symbol} self"))
for _name, _symbol in dict(zip(_COMPARES, ("==", "!=", "<", "<=", ">", ">="))).items():
    setattr(FrameArithmetic, f"__{_name}__", _symbolic(_name, f"self {_symbol} other"))
    setattr(FrameArithmetic, _name, _comparing(_name, f"self {_symbol} other"))
for _name, _symbol in dict(zip(_LOGIC, "&|^")).items():
    setattr(FrameArithmetic, f"__{_name}__", _symbolic(_name, f"self {_symbol} other"))
    setattr(FrameArithmetic, f"__r{_name}__", _symbolic(_name, f"other {_symbol} self"))
for _alias, _name in {"div": "truediv", "rdiv": "rtruediv", "divide": "truediv", "subtract": "sub", "multiply": "mul"}.items():
    setattr(FrameArithmetic, _alias, getattr(FrameArithmetic, _name))
