"""The lazy frame: what it is, how it is computed and shown, and what it does column by column."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from phalanx import _client, _phalanx
from phalanx._host import function_name
from phalanx._lazy import pd
from phalanx.dataframe._arithmetic import FrameArithmetic
from phalanx.dataframe._columns import FrameColumns
from phalanx.dataframe._convert import Values, to_pandas
from phalanx.dataframe._parquet import to_parquet
from phalanx.dataframe._index import FrameIndex
from phalanx.dataframe._inspect import FrameInspection
from phalanx.dataframe._declared import no_meta
from phalanx.dataframe._python import call_partitions
from phalanx.dataframe._show import Tabular
from phalanx.dataframe._values import native_value, numpy_dtype, refuse_values
from phalanx.dataframe.groupby import FrameGroups
from phalanx.dataframe.query import evaluate
from phalanx.dataframe.reductions import FrameReductions
from phalanx.dataframe.reshape import FrameShape
from phalanx.dataframe.series import Series
from phalanx.dataframe.windows import FrameWindows

__all__ = ["DataFrame"]


class DataFrame(
    FrameReductions, FrameGroups, FrameWindows, FrameShape, FrameArithmetic, FrameColumns, FrameIndex, FrameInspection, Tabular
):
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

    @columns.setter
    def columns(self, names: Any) -> None:
        given = [str(name) for name in names]
        if len(given) != len(self._names):
            raise ValueError(
                f"Length mismatch: Expected axis has {len(self._names)} elements, new values have {len(given)} elements"
            )
        # By way of names that nobody has, since two may change places.
        aside = self._native.rename([(name, f"__column_{at}") for at, name in enumerate(self._names)])
        self._native = aside.rename([(f"__column_{at}", name) for at, name in enumerate(given)])

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
    def index(self) -> Any:
        """The labels of the rows: the index, or the numbers of the rows if there is none."""
        from phalanx.dataframe.index import index_of

        return index_of(self._native)

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

    def persist(self, *, client: Any = None, fuse: bool = True) -> DataFrame:
        """The same frame, computed and kept where it was computed."""
        return self._wrap(_client.native(client).persist_frame(self._native))

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
            refuse_values(key)
            names = [str(name) for name in key]
            missing = [name for name in names if name not in self._names]
            if missing:
                raise KeyError(f"{missing} not in index")
            return self._wrap(self._native.select(names))
        if isinstance(key, DataFrame):
            return self.where(key)
        if isinstance(key, slice):
            return self.iloc[key] if all(end is None or isinstance(end, int) for end in (key.start, key.stop)) else self.loc[key]
        if isinstance(key, int) and not isinstance(key, bool):
            if str(key) in self._names:  # names are text, also those that pandas has as numbers
                return self._column(str(key))
            raise KeyError(key)
        raise NotImplementedError("[] takes a name, a list of names or a lazy condition; for rows use head() or loc")

    def __getattr__(self, name: str) -> Any:
        # `_merge` is a column that merges make.
        if name != "_native" and not name.startswith("__") and name in self._names:
            return self._column(name)
        if not name.startswith("_") and hasattr(pd.DataFrame, name):
            raise AttributeError(
                f"a lazy DataFrame has no {name!r}, which pandas has: compute() first, or use map_partitions"
            )
        raise AttributeError(f"'DataFrame' object has no attribute {name!r}")

    def __deepcopy__(self, memo: Any) -> DataFrame:
        return self.copy()

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name != "columns" and name in self._names:
            self[name] = value
        else:
            object.__setattr__(self, name, value)

    def __setitem__(self, name: Any, value: Any) -> None:
        if isinstance(name, list):
            if isinstance(value, DataFrame):
                values = [value._column(each) for each in value._names]
            else:
                values = list(value) if isinstance(value, (list, tuple)) else [value] * len(name)
            if len(values) != len(name):
                raise ValueError("Columns must be same length as key")
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
        waiting: list[tuple[str, Any]] = []
        for name, value in columns.items():
            if callable(value) and not isinstance(value, Series):
                frame, waiting = frame._with(waiting), []
                value = value(frame)
            if isinstance(value, Series):
                waiting.append((name, value._native))
            else:
                frame, waiting = frame._with(waiting), []
                frame = self._wrap(frame._native.assign_value(name, native_value(value)))
        return frame._with(waiting)

    def _with(self, columns: list[tuple[str, Any]]) -> DataFrame:
        """With native series as columns, all in one step: a plan grows with its steps."""
        return self._wrap(self._native.assign(columns)) if columns else self

    def copy(self, deep: bool = True) -> DataFrame:
        """A frame that later assignments to this one leave alone."""
        return self._wrap(self._native)

    __copy__ = copy

    def pipe(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``func(self, *args, **kwargs)``."""
        return func(self, *args, **kwargs)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or len(inputs) not in (1, 2):
            return NotImplemented
        if len(inputs) == 1:
            return self._each(lambda column: Series._wrap(column._native.ufunc(ufunc.__name__)))
        frames = [each for each in inputs if isinstance(each, DataFrame)]
        first: Any = frames[0]
        if len(frames) == 2 and (frames[1]._names != first._names or not first._same_rows(frames[1])):
            raise NotImplementedError(f"numpy.{ufunc.__name__} of frames of other rows or columns: align() them first")

        def one(column: Series) -> Series:
            return ufunc(*(each._column(str(column.name)) if isinstance(each, DataFrame) else each for each in inputs))

        return first._each(one)

    # Expressions.

    def query(self, expr: str, *, local_dict: dict[str, Any] | None = None, global_dict: dict[str, Any] | None = None) -> DataFrame:
        """The rows for which an expression over the columns is true; ``@name`` is a variable of the caller."""
        caller = sys._getframe(1)
        names = {**(caller.f_globals if global_dict is None else global_dict), **(caller.f_locals if local_dict is None else local_dict)}
        return self[evaluate(self, expr, names)]

    def eval(self, expr: str, *, local_dict: dict[str, Any] | None = None, global_dict: dict[str, Any] | None = None) -> Any:
        """An expression over the columns, or with ``name = …`` a frame with that column; of several lines one each."""
        caller = sys._getframe(1)
        names = {**(caller.f_globals if global_dict is None else global_dict), **(caller.f_locals if local_dict is None else local_dict)}
        lines = [line.strip() for line in expr.splitlines() if line.strip()]
        value: Any = self
        for line in lines:
            target, equals, rest = line.partition("=")
            name = target.strip()
            if equals and (name.isidentifier() or name.startswith("`")) and not rest.startswith("="):
                value = value.assign(**{name.strip("`"): evaluate(value, rest.strip(), names)})
            elif len(lines) > 1:
                raise ValueError("Multi-line expressions are only valid if all expressions contain an assignment")
            else:
                value = evaluate(value, line, names)
        return value

    # Python's functions.

    def apply(
        self,
        function: Any,
        *args: Any,
        meta: Any = no_meta,
        axis: Any = 0,
        raw: bool = False,
        result_type: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """``function`` of each row as pandas' series (``axis=1``), or a statistic by name of each column.

        Parameters
        ----------
        function : callable or str
            Workers run a function only if they were started to (``--allow-python``).
        meta : optional
            What comes of it, as for :meth:`map_partitions`.
        axis : {0, 1}
            0 takes the name of a statistic; a function of whole columns is a job for ``reduction``.
        raw, result_type : optional
            As pandas takes them.
        """
        if isinstance(function, str):
            if axis in (1, "columns"):
                kwargs["axis"] = 1
            return getattr(self, function)(*args, **kwargs)
        if axis not in (1, "columns"):
            raise NotImplementedError(
                "apply of a function to whole columns: name a statistic, pass axis=1, or use reduction or map_partitions"
            )
        options = {"raw": raw, "result_type": result_type}
        call = functools.partial(_applied, function=function, arguments=args, keywords=kwargs, options=options)
        return call_partitions(self, call, meta=meta, row_by_row=True, label=function_name(function))

    def map(self, func: Callable[[Any], Any], na_action: str | None = None, meta: Any = no_meta, **kwargs: Any) -> Any:
        """``func`` of each value, in Python; ``na_action="ignore"`` leaves missing ones alone."""
        if na_action not in (None, "ignore"):
            raise ValueError(f"na_action must be 'ignore' or None. Got {na_action!r}")
        call = functools.partial(_mapped, function=func, na_action=na_action, keywords=kwargs)
        return call_partitions(self, call, meta=meta, row_by_row=True, label=function_name(func))

    @classmethod
    def from_dict(
        cls, data: dict[str, Any], *, npartitions: int = 1, orient: str = "columns", dtype: Any = None, columns: Any = None
    ) -> DataFrame:
        """A lazy frame of a dict of columns (or of rows, with ``orient="index"``)."""
        from phalanx.dataframe.io import from_pandas

        frame: DataFrame = from_pandas(pd.DataFrame.from_dict(data, orient, dtype, columns), npartitions)
        return frame

    # Files.

    to_parquet = to_parquet


def _applied(part: Any, function: Any, arguments: Any, keywords: Any, options: Any) -> Any:
    return part.apply(function, axis=1, args=arguments, **options, **keywords)


def _mapped(part: Any, function: Any, na_action: Any, keywords: Any) -> Any:
    return part.map(function, na_action=na_action, **keywords)
