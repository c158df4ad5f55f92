"""The lazy frame: what it is, how it is computed and shown, and what it does column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from phalanx import _client, _phalanx
from phalanx._lazy import pd
from phalanx.dataframe._convert import INDEX, Values, to_pandas
from phalanx.dataframe._show import Tabular
from phalanx.dataframe._values import native_value, numpy_dtype
from phalanx.dataframe.groupby import FrameGroups
from phalanx.dataframe.query import evaluate
from phalanx.dataframe.reductions import FrameReductions
from phalanx.dataframe.reshape import FrameShape
from phalanx.dataframe.series import Series
from phalanx.dataframe.windows import FrameWindows

__all__ = ["DataFrame"]


class DataFrame(FrameReductions, FrameGroups, FrameWindows, FrameShape, Tabular):
    """A lazy, partitioned, ordered table."""

    __slots__ = ("_native",)
    __array_priority__ = 1000
    _phalanx_kind = "frame"

    def __init__(self, *_: Any) -> None:
        raise TypeError("a DataFrame is made by functions: phalanx.dataframe.from_pandas, read_parquet, …")

    @classmethod
    def _wrap(cls, native: Any) -> DataFrame:
        frame = object.__new__(cls)
        frame._native = native
        return frame

    @classmethod
    def _of_series(cls, series: list[Any]) -> DataFrame:
        return cls._wrap(_phalanx.Frame.from_series(series))

    def _via(self, function: Callable[[Any], Any]) -> DataFrame:
        return self._wrap(function(self._native))

    # What it is.

    @property
    def columns(self) -> Any:
        """The names of the columns."""
        return pd.Index(self._names)

    @property
    def _names(self) -> list[str]:
        return [name for name in self._native.column_names if name != self._native.index]

    @property
    def dtypes(self) -> Any:
        """The columns' types, as pandas has them."""
        kinds = dict(self._native.dtypes)
        return pd.Series({name: numpy_dtype(kinds[name]) for name in self._names}, dtype=object)

    @property
    def ndim(self) -> int:
        """2."""
        return 2

    @property
    def _meta(self) -> Any:
        """An empty pandas frame of the same columns."""
        return to_pandas(self._native.empty(), self._native.index)

    @property
    def index(self) -> Series:
        """The index, as a series."""
        if self._native.index is None:
            raise NotImplementedError("this frame has no index column: rows are numbered when it is computed")
        name = self._native.index
        return Series._wrap(self._native.column(name).rename(None if name == INDEX else name))

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name}: {kind}" for name, kind in self._native.dtypes if name != self._native.index)
        return f"<phalanx DataFrame: {kinds}>"

    def __iter__(self) -> Any:
        return iter(self._names)

    def __contains__(self, name: Any) -> bool:
        return name in self._names

    def __bool__(self) -> bool:
        raise ValueError("The truth value of a DataFrame is ambiguous. Use a.empty, a.bool(), a.item(), a.any() or a.all().")

    # How it is computed.

    def _prepared(self, native: Any) -> Any:
        """What the native client is given."""
        return self._native

    def _finish(self, table: Any) -> Any:
        """What the caller gets: pandas' frame."""
        return to_pandas(table, self._native.index)

    def persist(self, *, client: Any = None) -> DataFrame:
        """The same frame, computed and kept where it was computed."""
        return self._wrap(_client.native(client).persist_frame(self._native))

    def head(self, n: int = 5, npartitions: int = -1, compute: bool = True) -> Any:
        """The first ``n`` rows, computed."""
        first = self._wrap(self._native.head(n))
        return first.compute() if compute else first

    @property
    def values(self) -> Values:
        """The values as a lazy thing that computes to NumPy's array."""
        return Values(self)

    # Selecting.

    @property
    def iloc(self) -> Any:
        """Columns and rows by their places: ``iloc[:, 1]``, ``iloc[10:20]``."""
        from phalanx.dataframe._labels import Iloc

        return Iloc(self)

    def shuffle(
        self,
        on: Any = None,
        ignore_index: bool = False,
        npartitions: int | None = None,
        shuffle_method: str | None = None,
        on_index: bool = False,
        force: bool = False,
        **_: Any,
    ) -> DataFrame:
        """The same rows in partitions by the hash of columns: rows with equal values are in one.

        Parameters
        ----------
        on : str or list of str
            The columns; the index, if ``on_index``.
        ignore_index : bool, default False
            The result has no index.
        npartitions : int, optional
            As many as before by default.
        """
        if on_index == (on is not None):
            raise TypeError("pass the columns on, or on_index=True")
        names = [self._native.index] if on_index else [on] if isinstance(on, str) else list(on)
        if None in names:
            raise NotImplementedError("a shuffle by row numbers: repartition deals rows out by their numbers")
        self._need(names)
        native = self._native.shuffled(names, npartitions or self.npartitions)
        return self._wrap(native.reset_index().select(self._names) if ignore_index else native)

    def _column(self, name: str) -> Series:
        if name not in self._names:
            raise KeyError(name)
        return Series._wrap(self._native.column(name))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._column(key)
        if isinstance(key, Series):
            return self._wrap(self._native.filter(key._native))
        if isinstance(key, (list, tuple)) or hasattr(key, "tolist"):
            names = [str(name) for name in key]
            missing = [name for name in names if name not in self._names]
            if missing:
                raise KeyError(f"{missing} not in index")
            return self._wrap(self._native.select(names))
        if isinstance(key, DataFrame):
            return self.where(key)
        raise NotImplementedError("[] takes a name, a list of names or a lazy condition; for rows use head() or loc")

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and name in self._names:
            return self._column(name)
        raise AttributeError(f"'DataFrame' object has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name in self._names:
            self[name] = value
        else:
            object.__setattr__(self, name, value)

    def __setitem__(self, name: Any, value: Any) -> None:
        if isinstance(name, list):
            values = value if isinstance(value, (list, tuple)) else [value] * len(name)
            self._native = self.assign(**dict(zip(name, values)))._native
            return
        self._native = self.assign(**{name: value})._native

    def __delitem__(self, name: str) -> None:
        self._native = self.drop(columns=[name])._native

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *(name for name in self._names if name.isidentifier())]

    def assign(self, **columns: Any) -> DataFrame:
        """With columns new or replaced: series, values, or functions of the frame."""
        frame = self
        for name, value in columns.items():
            if callable(value) and not isinstance(value, Series):
                value = value(frame)
            if isinstance(value, Series):
                frame = self._wrap(frame._native.assign([(name, value._native)]))
            else:
                frame = self._wrap(frame._native.assign_value(name, native_value(value)))
        return frame

    def drop(self, labels: Any = None, *, axis: Any = 0, columns: Any = None, errors: str = "raise") -> DataFrame:
        """Without these columns."""
        if columns is None:
            if axis not in (1, "columns"):
                raise NotImplementedError("drop of rows by label: filter them with a condition")
            columns = labels
        names = [columns] if isinstance(columns, str) else list(columns)
        missing = [name for name in names if name not in self._names]
        if missing and errors == "raise":
            raise KeyError(f"{missing} not found in axis")
        return self._wrap(self._native.drop_columns([name for name in names if name in self._names]))

    def pop(self, item: str) -> Series:
        """A column, which the frame then has not."""
        column = self[item]
        del self[item]
        return column

    def rename(self, mapper: Any = None, *, index: Any = None, columns: Any = None, axis: Any = None) -> DataFrame:
        """With columns renamed, by a dict or a function."""
        if columns is None and axis in (1, "columns"):
            columns = mapper
        if index is not None or columns is None:
            raise NotImplementedError("rename of rows; for columns give columns=…")
        if callable(columns):
            pairs = [(name, str(columns(name))) for name in self._names]
        else:
            pairs = [(old, str(new)) for old, new in columns.items() if old in self._names]
        return self._wrap(self._native.rename(pairs))

    def add_prefix(self, prefix: str) -> DataFrame:
        """With ``prefix`` before all names."""
        return self.rename(columns=lambda name: f"{prefix}{name}")

    def add_suffix(self, suffix: str) -> DataFrame:
        """With ``suffix`` behind all names."""
        return self.rename(columns=lambda name: f"{name}{suffix}")

    def select_dtypes(self, include: Any = None, exclude: Any = None) -> DataFrame:
        """Only columns of some types."""
        return self[list(self._meta.select_dtypes(include, exclude).columns)]

    def filter(self, items: Any = None, like: str | None = None, regex: str | None = None, axis: Any = None) -> DataFrame:
        """Only columns whose names are among ``items``, contain ``like``, or match ``regex``."""
        if axis not in (None, 1, "columns"):
            raise NotImplementedError("filter of rows by label: use a condition in []")
        return self[list(self._meta.filter(items, like, regex, axis=1).columns)]

    def set_index(self, keys: str, drop: bool = True, sorted: bool = True) -> DataFrame:
        """With a column as the index; the rows stay where they are."""
        if not drop:
            raise NotImplementedError("set_index(drop=False): assign a copy of the column first")
        if keys not in self._names:
            raise KeyError(f"None of [{keys!r}] are in the columns")
        old = self._native.index
        native = self._native.reset_index()
        return self._wrap((native if old is None else native.drop_columns([old])).set_index(keys))

    def reset_index(self, drop: bool = False) -> DataFrame:
        """Without an index; unless dropped, it becomes the first column."""
        name = self._native.index
        if name is None:
            return self
        native = self._native.reset_index()
        if drop:
            return self._wrap(native.drop_columns([name]))
        native = native.select([name, *self._names])
        return self._wrap(native.rename([(INDEX, "index")]) if name == INDEX else native)

    def copy(self, deep: bool = True) -> DataFrame:
        """A frame that later assignments to this one leave alone."""
        return self._wrap(self._native)

    def pipe(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``func(self, *args, **kwargs)``."""
        return func(self, *args, **kwargs)

    # Values, column by column.

    def _each(self, function: Callable[[Series], Series], names: Iterable[str] | None = None) -> DataFrame:
        columns = [(name, function(self._column(name))._native) for name in (self._names if names is None else names)]
        return self._wrap(self._native.assign(columns))

    def _with_other(self, other: Any, function: Callable[[Series, Any], Series]) -> DataFrame:
        if isinstance(other, DataFrame):
            if other._names != self._names:
                raise NotImplementedError("an operation on frames of other columns: select the same columns of both")
            return self._each(lambda column: function(column, other._column(str(column.name))))
        if isinstance(other, Series):
            raise NotImplementedError("a frame with a series: pandas aligns it with the columns; use assign")
        return self._each(lambda column: function(column, other))

    def astype(self, dtype: Any, errors: str = "raise") -> DataFrame:
        """With columns of other types: one for all, or a dict."""
        if isinstance(dtype, dict):
            missing = [name for name in dtype if name not in self._names]
            if missing:
                raise KeyError(f"Only a column name can be used for the key in a dtype mappings argument. {missing[0]!r} not found in columns.")
            return self._each(lambda column: column.astype(dtype[column.name], errors), dtype)
        return self._each(lambda column: column.astype(dtype, errors))

    def isna(self) -> DataFrame:
        """Which values are missing."""
        return self._each(Series.isna)

    def notna(self) -> DataFrame:
        """Which values are there."""
        return self._each(Series.notna)

    isnull, notnull = isna, notna

    def fillna(self, value: Any) -> DataFrame:
        """With ``value`` where values are missing; a dict says it for each column."""
        if isinstance(value, dict):
            return self._each(lambda column: column.fillna(value[column.name]), [n for n in value if n in self._names])
        return self._with_other(value, Series.fillna)

    def combine_first(self, other: DataFrame) -> DataFrame:
        """With the other's values where they are missing; both have the same rows."""
        return self._with_other(other, Series.combine_first)

    def dropna(self, *, axis: Any = 0, how: str | None = None, thresh: int | None = None, subset: Any = None) -> DataFrame:
        """Only rows with enough values."""
        if axis not in (0, "index"):
            raise NotImplementedError("dropna of columns: which go is known only after computing; use drop(columns=…)")
        if how is not None and thresh is not None:
            raise TypeError("You cannot set both the how and thresh arguments at the same time.")
        if how not in (None, "any", "all"):
            raise ValueError(f"invalid how option: {how}")
        names = [subset] if isinstance(subset, str) else None if subset is None else list(subset)
        missing = [name for name in names or [] if name not in self._names]
        if missing:
            raise KeyError(missing)
        if thresh is not None:
            return self._wrap(self._native.dropna(names, "least", thresh))
        return self._wrap(self._native.dropna(names, how or "any", 0))

    def replace(self, to_replace: Any, value: Any = None, regex: bool = False) -> DataFrame:
        """With other values in place of some; a dict of dicts says it for each column."""
        if isinstance(to_replace, dict) and all(isinstance(inner, dict) for inner in to_replace.values()):
            return self._each(lambda column: column.replace(to_replace[column.name], regex=regex), to_replace)
        return self._each(lambda column: column.replace(to_replace, value, regex))

    def where(self, cond: Any, other: Any = None) -> DataFrame:
        """The values where ``cond`` is true, ``other`` elsewhere."""
        if isinstance(cond, Series):
            return self._with_other(other, lambda column, other: column.where(cond, other))
        return self._each(lambda column: column.where(cond._column(column.name), other))

    def mask(self, cond: Any, other: Any = None) -> DataFrame:
        """The values where ``cond`` is not true, ``other`` elsewhere."""
        if isinstance(cond, Series):
            return self._with_other(other, lambda column, other: column.mask(cond, other))
        return self._each(lambda column: column.mask(cond._column(column.name), other))

    def isin(self, values: Any) -> DataFrame:
        """Which values are among ``values``; a dict says it for each column."""
        if isinstance(values, dict):
            return self._each(lambda column: column.isin(values.get(column.name, [])))
        return self._each(lambda column: column.isin(values))

    def clip(self, lower: Any = None, upper: Any = None) -> DataFrame:
        """No smaller than ``lower`` and no larger than ``upper``."""
        return self._each(lambda column: column.clip(lower, upper))

    def round(self, decimals: Any = 0) -> DataFrame:
        """Rounded to so many digits; a dict says it for each column."""
        if isinstance(decimals, dict):
            return self._each(lambda column: column.round(decimals[column.name]), [n for n in decimals if n in self._names])
        numbers = list(self._meta.select_dtypes(["number"]).columns)
        return self._each(lambda column: column.round(decimals), numbers)

    def abs(self) -> DataFrame:
        """The absolute values."""
        return self._each(Series.abs)

    def __invert__(self) -> DataFrame:
        return self._each(Series.__invert__)

    def __neg__(self) -> DataFrame:
        return self._each(Series.__neg__)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or len(inputs) != 1:
            return NotImplemented
        return self._each(lambda column: Series._wrap(column._native.ufunc(ufunc.__name__)))

    # Expressions.

    def query(self, expr: str, *, local_dict: dict[str, Any] | None = None, **_: Any) -> DataFrame:
        """The rows for which an expression over the columns is true; ``@name`` is a variable of the caller."""
        import sys

        caller = sys._getframe(1)
        names = {**caller.f_globals, **caller.f_locals} if local_dict is None else local_dict
        return self[evaluate(self, expr, names)]

    def eval(self, expr: str, *, local_dict: dict[str, Any] | None = None) -> Any:
        """An expression over the columns, or with ``name = …`` a frame with that column."""
        import sys

        caller = sys._getframe(1)
        names = {**caller.f_globals, **caller.f_locals} if local_dict is None else local_dict
        target, equals, rest = expr.partition("=")
        if equals and target.strip().isidentifier() and not rest.startswith("="):
            return self.assign(**{target.strip(): evaluate(self, rest.strip(), names)})
        return evaluate(self, expr, names)

    # Files.

    def to_parquet(self, path: Any, *, compression: str | None = "snappy", write_index: bool = True, **options: Any) -> None:
        """Writes a Parquet file for each partition into the folder ``path``."""
        from phalanx.dataframe.io import write

        write(self, path, "parquet", compression=compression or "none", write_index=write_index, **options)

    def to_csv(self, path: Any, *, sep: str = ",", header: bool = True, index: bool = True, **options: Any) -> list[str]:
        """Writes a CSV file for each partition into the folder ``path``; their paths."""
        from phalanx.dataframe.io import write

        return write(self, path, "csv", write_index=index, sep=sep, header=header, **options)

    def to_json(self, path: Any, *, orient: str = "records", lines: bool = True, **options: Any) -> list[str]:
        """Writes a file of JSON lines for each partition into the folder ``path``; their paths."""
        from phalanx.dataframe.io import write

        if orient != "records" or not lines:
            raise NotImplementedError('to_json writes orient="records", lines=True')
        return write(self, path, "json", write_index=False, **options)

    def to_dict(self, *args: Any, **kwargs: Any) -> Any:
        """pandas' ``to_dict`` of the computed frame."""
        return self.compute().to_dict(*args, **kwargs)


def _operator(name: str, symbol: str) -> Callable[..., DataFrame]:
    def method(self: DataFrame, other: Any) -> DataFrame:
        return self._with_other(other, getattr(Series, f"__{name}__"))

    method.__doc__ = f"``{symbol}``, value by value."
    return method


for _name, _symbol in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**"}.items():
    setattr(DataFrame, f"__{_name}__", _operator(_name, f"self {_symbol} other"))
    setattr(DataFrame, f"__r{_name}__", _operator(f"r{_name}", f"other {_symbol} self"))
    setattr(DataFrame, _name, getattr(DataFrame, f"__{_name}__"))
    setattr(DataFrame, f"r{_name}", getattr(DataFrame, f"__r{_name}__"))
for _name, _symbol in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "&", "or": "|"}.items():
    setattr(DataFrame, f"__{_name}__", _operator(_name, f"self {_symbol} other"))
    if _name not in ("and", "or"):
        setattr(DataFrame, _name, getattr(DataFrame, f"__{_name}__"))
DataFrame.__hash__ = object.__hash__  # type: ignore[method-assign]
DataFrame.div = DataFrame.__truediv__  # type: ignore[attr-defined,operator]
