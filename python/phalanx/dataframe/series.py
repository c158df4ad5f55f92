"""The lazy column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from phalanx import _client
from phalanx._lazy import pd
from phalanx.dataframe._operators import Operators, need_rows, operand
from phalanx.dataframe._relations import Relations
from phalanx.dataframe._show import Tabular
from phalanx.dataframe._values import dtype_name, native_value, numpy_dtype, refuse_values

__all__ = ["Series", "isna", "operand"]

_NO_DEFAULT: Any = object()
_NAN = float("nan")


class Series(Operators, Relations, Tabular):
    """A lazy column with an index; made by functions and by selecting from a frame.

    What it has in common with a frame (``sum``, ``cumsum``, ``rolling``, ``to_csv`` …) is what a frame of this column
    alone does.
    """

    __slots__ = ("_native",)
    _native: Any
    __array_priority__ = 1000
    _phalanx_kind = "frame"

    def __init__(self, *_: Any) -> None:
        raise TypeError("a Series is made by functions: phalanx.dataframe.from_pandas, or frame['column']")

    @classmethod
    def _wrap(cls, native: Any) -> Any:
        series = object.__new__(cls)
        series._native = native
        return series

    def _like(self, native: Any) -> Any:
        """What values made of these values are: a series; of an index, an index."""
        return type(self)._wrap(native)

    def _truths(self, native: Any) -> Any:
        """What answers about these values are: a series, of an index too, for ``[]``."""
        return Series._wrap(native)

    # What it is.

    @property
    def name(self) -> str | None:
        """The name, if it has one."""
        return self._native.name

    @name.setter
    def name(self, value: str | None) -> None:
        self._native = self._native.rename(value)

    @property
    def dtype(self) -> Any:
        """The type of the values, as pandas has it."""
        if self._native.dtype == "category":
            from phalanx.dataframe.categories import category_dtype

            return category_dtype(self)
        return numpy_dtype(self._native.dtype)

    dtypes = dtype

    @property
    def ndim(self) -> int:
        """1."""
        return 1

    @property
    def index(self) -> Any:
        """The labels of the rows: the index, or the numbers of the rows if there is none."""
        from phalanx.dataframe.index import index_of

        return index_of(self._native.frame)

    @property
    def axes(self) -> list[Any]:
        """The index, in a list."""
        return [self.index]

    @property
    def columns(self) -> Any:
        """The name, as the columns of the frame that :meth:`to_frame` gives."""
        return pd.Index([self.name])

    @property
    def _meta(self) -> Any:
        """An empty pandas series of the same type."""
        return self._finish(self._prepared(None).empty())

    def __repr__(self) -> str:
        return f"<phalanx {type(self).__name__}: name={self.name}, dtype={self._native.dtype}>"

    def __iter__(self) -> Any:
        # One partition after the other, each of which is computed when it is its turn.
        return (value for number in range(self.npartitions) for value in self.partitions[number].compute())

    def __contains__(self, value: Any) -> bool:
        raise NotImplementedError(
            "`in` asks pandas' series for a label: (series == value).any() asks for a value, and value in series.index.compute() "
            "for a label"
        )

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property that said why there is none
            return object.__getattribute__(self, name)
        kind = type(self).__name__
        if not name.startswith("_") and hasattr(getattr(pd, kind), name):
            raise AttributeError(f"a lazy {kind} has no {name!r}, which pandas has: compute() first, or use map_partitions")
        raise AttributeError(f"{kind!r} object has no attribute {name!r}")

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __bool__(self) -> bool:
        raise ValueError("The truth value of a Series is ambiguous. Use a.empty, a.bool(), a.item(), a.any() or a.all().")

    # How it is computed.

    @property
    def _column(self) -> str:
        """The name of its column in a frame of this column alone."""
        name = "0" if self.name is None else self.name
        return f"{name} (values)" if name == self._native.frame.index else name

    def _alone(self) -> Any:
        """A frame of this column alone, under the name ``_column``."""
        from phalanx.dataframe._core import DataFrame

        return DataFrame._wrap(self._native.rename(self._column).to_frame())

    def _of_alone(self, frame: Any) -> Any:
        """The only column of a frame that was made of :meth:`_alone`."""
        return self._like(frame._native.column(self._column).rename(self.name))

    def _via(self, function: Callable[[Any], Any]) -> Any:
        return self._like(function(self._alone()._native).column(self._column).rename(self.name))

    def _prepared(self, native: Any) -> Any:
        return self._alone()._native

    def _finish(self, table: Any) -> Any:
        from phalanx.dataframe._convert import to_pandas

        frame = to_pandas(table, self._native.frame.index)
        series = frame.iloc[:, 0]
        series.name = self.name
        return series

    def persist(self, *, client: Any = None, fuse: bool = True) -> Any:
        """The same, computed and kept where it was computed.

        Parameters
        ----------
        client : Client, optional
            Where to run; by default the current client, or this process.
        fuse : bool, default True
            Taken as Dask takes it; one that is False changes nothing.
        """
        if fuse not in (True, False):
            raise TypeError(f"persist(fuse={fuse!r})")
        kept = _client.native(client).persist_frame(self._prepared(None))
        return self._like(kept.column(self._column).rename(self.name))

    def to_frame(self, name: Any = _NO_DEFAULT) -> Any:
        """A frame of this column, under its own or another name."""
        from phalanx.dataframe._core import DataFrame

        if name is _NO_DEFAULT or name is None:
            return DataFrame._wrap(self._native.to_frame())
        return DataFrame._wrap(self._native.rename(str(name)).to_frame())

    # Selecting.

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, Series):
            return self._via(lambda native: native.filter(key._native))
        refuse_values(key)
        raise NotImplementedError("a series takes a lazy condition in []; use loc, head(), or compute it first")

    def dropna(self) -> Any:
        """Only the values that are there."""
        return self[self.notna()]

    def unique(self) -> Any:
        """The distinct values in order of first appearance."""
        return self._via(lambda native: native.unique(self._column))

    # Values.

    def _kept(self, native: Any) -> Any:
        """Values that were changed here and there, of the categories that they had."""
        if self._native.dtype == "category" and native.dtype != "category":
            from phalanx.dataframe.categories import recategorised

            return recategorised(self, native)
        return self._like(native)

    def astype(self, dtype: Any, errors: str = "raise") -> Any:
        """The values as another type."""
        if errors != "raise":
            raise NotImplementedError('astype(errors="ignore"): use to_numeric(errors="coerce")')
        known = dtype if isinstance(dtype, pd.CategoricalDtype) else None
        if known is not None and known.categories is not None:
            from phalanx.dataframe.categories import categorised

            return categorised(self, known)
        return self._like(self._native.astype(dtype_name(dtype), False))

    def isna(self) -> Any:
        """Whether values are missing."""
        return self._truths(self._native.isna())

    def notna(self) -> Any:
        """Whether values are there."""
        return self._truths(self._native.notna())

    isnull, notnull = isna, notna

    def fillna(self, value: Any = None, axis: Any = None) -> Any:
        """The values, with ``value`` (or another series' values) where they are missing."""
        need_rows(axis, None, "fillna")
        if value is None:
            raise ValueError("Must specify a fill 'value' or 'method'.")
        return self._kept(self._native.fillna(operand(value)))

    def combine_first(self, other: Any) -> Any:
        """The values, with the other's where they are missing."""
        return self._kept(self._native.fillna(other._native))

    def _condition(self, cond: Any) -> Any:
        """A condition, or what a function says of these values, which must be lazy."""
        cond = cond(self) if callable(cond) and not isinstance(cond, Series) else cond
        if not isinstance(cond, Series):
            refuse_values(cond)
            raise TypeError(f"the condition must be a lazy series of truth values, not a {type(cond).__name__}")
        return cond

    def where(self, cond: Any, other: Any = _NAN) -> Any:
        """The values where ``cond`` is true, ``other`` elsewhere."""
        cond, other = self._condition(cond), other(self) if callable(other) else other
        return self._kept(self._native.where_(cond._native, None if other is _NAN else operand(other)))

    def mask(self, cond: Any, other: Any = _NAN) -> Any:
        """The values where ``cond`` is not true, ``other`` elsewhere."""
        cond, other = self._condition(cond), other(self) if callable(other) else other
        return self._kept(self._native.mask(cond._native, None if other is _NAN else operand(other)))

    def case_when(self, caselist: list[tuple[Any, Any]]) -> Any:
        """For each row what stands beside the first condition that is true; the value itself if none is."""
        if not isinstance(caselist, list) or not caselist:
            raise TypeError("The caselist argument should be a list with at least one pair of a condition and a value")
        result = self
        for pair in reversed(caselist):
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise TypeError(f"Argument {pair!r} must be a tuple of a condition and a value")
            condition, value = pair
            result = result.mask(condition(self) if callable(condition) else condition, value)
        return result

    def isin(self, values: Iterable[Any]) -> Any:
        """Whether values are among ``values``."""
        if getattr(values, "_phalanx_kind", None) is not None:
            raise NotImplementedError(
                "isin of lazy values: compute() them first, if they are few, or merge with how='semi' (how='anti' for those "
                "that are not among them)"
            )
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise TypeError(f"only list-like objects are allowed to be passed to isin(), you passed a `{type(values).__name__}`")
        return self._truths(self._native.isin([native_value(value) for value in values]))

    def map(self, arg: Any, na_action: str | None = None, meta: Any = _NO_DEFAULT) -> Any:
        """For each value what the mapping (a dict or a pandas series) has for it; missing if it has nothing.

        A function is called where the data is, for each value; ``meta`` says what it gives, else made-up values tell.
        """
        if na_action not in (None, "ignore"):
            raise ValueError(f"na_action must either be 'ignore' or None, {na_action!r} was passed")
        if callable(arg) and not hasattr(arg, "items"):
            options = {} if meta is _NO_DEFAULT else {"meta": meta}
            return self.map_partitions(lambda part: part.map(arg, na_action=na_action), **options)
        pairs = [(native_value(key), native_value(value)) for key, value in arg.items()]
        return self._like(self._native.map(pairs))

    def replace(self, to_replace: Any = None, value: Any = _NO_DEFAULT, regex: bool = False) -> Any:
        """The values, with others in place of some."""
        if regex:
            raise NotImplementedError("replace(regex=True): use .str.replace(…, regex=True)")
        if isinstance(to_replace, dict):
            pairs = list(to_replace.items())
        elif value is _NO_DEFAULT:
            raise ValueError("Series.replace must specify either 'value' or a dict-like 'to_replace'")
        elif isinstance(to_replace, (list, tuple)):
            values = value if isinstance(value, (list, tuple)) else [value] * len(to_replace)
            if len(values) != len(to_replace):
                raise ValueError(f"Replacement lists must match in length. Expecting {len(to_replace)} got {len(values)} ")
            pairs = list(zip(to_replace, values))
        else:
            pairs = [(to_replace, value)]
        return self._kept(self._native.replace([(native_value(old), native_value(new)) for old, new in pairs]))

    def between(self, left: Any, right: Any, inclusive: str = "both") -> Any:
        """Whether values lie between two others."""
        if inclusive not in ("both", "neither", "left", "right"):
            raise ValueError("Inclusive has to be either string of 'both','left', 'right', or 'neither'.")
        if self._native.dtype == "category":
            above = self >= left if inclusive in ("both", "left") else self > left
            return above & (self <= right if inclusive in ("both", "right") else self < right)
        answer = self._truths(self._native.between(operand(left), operand(right), inclusive))
        same = all(end.name == self.name for end in (left, right) if isinstance(end, Series))
        return answer if same else answer.rename(None)

    def clip(self, lower: Any = None, upper: Any = None, axis: Any = None) -> Any:
        """The values, but no smaller than ``lower`` and no larger than ``upper``; two numbers in their order."""
        need_rows(axis, None, "clip")
        if isinstance(lower, (int, float)) and isinstance(upper, (int, float)) and lower > upper:
            lower, upper = upper, lower
        return self._like(self._native.clip(*(None if bound is None else operand(bound) for bound in (lower, upper))))

    def round(self, decimals: int = 0) -> Any:
        """Rounded to so many digits after the point."""
        return self._like(self._native.round(decimals))

    def rename(self, index: Any = None, sorted_index: bool = False) -> Any:
        """The same under another name."""
        if callable(index) or isinstance(index, dict) or sorted_index:
            raise NotImplementedError("rename of labels: assign a column and set_index it")
        return self._like(self._native.rename(None if index is None else str(index)))

    def copy(self, deep: bool = False) -> Any:
        """The same; lazy columns never change."""
        return self._like(self._native)

    __copy__ = copy

    def squeeze(self) -> Any:
        """The same: how many rows there are is known only after computing."""
        return self

    def pipe(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """``func(self, *args, **kwargs)``."""
        return func(self, *args, **kwargs)

    @property
    def values(self) -> Any:
        """The values as a lazy thing that computes to NumPy's array."""
        from phalanx.dataframe._convert import Values

        return Values(self)

    @property
    def str(self) -> Any:
        """Functions of text."""
        from phalanx.dataframe.accessors import StringMethods

        if self._native.dtype not in ("str", "category", "object"):
            raise AttributeError(f"Can only use .str accessor with string values, not {self._native.dtype}: astype('str') first")
        return StringMethods(self)

    @property
    def dt(self) -> Any:
        """Functions of times."""
        from phalanx.dataframe.times import DatetimeMethods

        if not self._native.dtype.startswith(("datetime64", "timedelta64", "date")):
            raise AttributeError(
                f"Can only use .dt accessor with datetimelike values, not {self._native.dtype}: to_datetime or astype first"
            )
        return DatetimeMethods(self)

    @property
    def cat(self) -> Any:
        """Functions of categories."""
        from phalanx.dataframe.categories import CategoricalMethods

        return CategoricalMethods(self)


def isna(value: Any) -> Any:
    """Whether a value, or each value of a series, is missing."""
    return value.isna() if isinstance(value, Series) else bool(pd.isna(value))
