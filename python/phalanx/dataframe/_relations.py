"""A column beside other columns and beside itself: groups, windows, correlations, counts, order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx._host import function_name
from phalanx._lazy import np, pd
from phalanx.dataframe._calls import aggregate, dumps
from phalanx.dataframe._declared import no_meta
from phalanx.dataframe._python import call_partitions
from phalanx.dataframe._results import Deferred, Result, Several

__all__ = ["Relations"]

_NO_DEFAULT: Any = object()


class Windows:
    """Windows or bins of a column: each method of those of a frame, of this column alone."""

    __slots__ = ("_of_frame", "_series")

    def __init__(self, of_frame: Any, series: Any) -> None:
        self._of_frame, self._series = of_frame, series

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._of_frame, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            made = method(*args, **kwargs)
            label = self._series.name
            if name in ("corr", "cov") and label != getattr(kwargs.get("other", args[0] if args else None), "name", label):
                label = None
            if not isinstance(made, Deferred):
                return (self._series._of_alone(made) if hasattr(made, "_names") else made).rename(label)

            def finish(value: Any) -> Any:
                if getattr(value, "ndim", 1) == 2 and value.shape[1] == 1:
                    value = value.iloc[:, 0]
                if getattr(value, "ndim", 2) == 1 and name not in ("size",):
                    return value.rename(label)
                if getattr(value.columns, "nlevels", 1) > 1:
                    value.columns = value.columns.get_level_values(-1)
                return value

            return made._then(finish)

        call.__doc__ = method.__doc__
        return call

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._of_frame) if not name.startswith("_")]


class Relations:
    """What a series has that is more than a function of each value, and not a frame's as it is."""

    __slots__ = ()
    _native: Any
    name: Any

    @property
    def _column(self) -> str:
        """The name of its column in a frame of this column alone."""
        raise NotImplementedError

    def _beside(self, other: Any) -> Any:
        """A frame of this column and another, ``x`` and ``y``; refused if the rows are others."""
        from phalanx.dataframe._core import DataFrame

        return DataFrame._of_series([self._native.rename("x"), other._native.rename("y")])

    def groupby(self, by: Any = None, **options: Any) -> Any:
        """The values in groups of equal values of other columns of the same rows.

        Parameters
        ----------
        by : Series, or list of Series
            The keys.
        **options
            As :meth:`DataFrame.groupby` takes them: ``sort``, ``dropna``, ``observed``.
        """
        from phalanx.dataframe._core import DataFrame

        keys = list(by) if isinstance(by, (list, tuple)) else [by]
        for key in keys:
            if not isinstance(key, Relations):
                raise NotImplementedError(f"a series grouped by {key!r}: give a column of the same frame, frame['key']")
        names = [key.name if key.name is not None else f"key {at}" for at, key in enumerate(keys)]
        value = self._column if self._column not in names else f"{self._column} (values)"
        frame = DataFrame._of_series(
            [self._native.rename(value), *(key._native.rename(name) for key, name in zip(keys, names))]
        )
        return Groups(frame.groupby(names, **options)[value], self.name, [key.name for key in keys])

    def rolling(self, window: Any, **options: Any) -> Windows:
        """Statistics of the rows around each row; options as :meth:`DataFrame.rolling` takes them."""
        return Windows(self._alone().rolling(window, **options), self)  # type: ignore[attr-defined]

    def expanding(self, min_periods: int = 1) -> Windows:
        """Statistics of all rows up to each row. All rows are in one task."""
        return Windows(self._alone().expanding(min_periods), self)  # type: ignore[attr-defined]

    def resample(self, rule: Any, closed: str | None = None, label: str | None = None) -> Windows:
        """Statistics of bins of the index's time."""
        frame: Any = self._alone()  # type: ignore[attr-defined]
        return Windows(frame.resample(rule, closed=closed, label=label)[self._column], self)

    def value_counts(
        self, sort: bool | None = None, ascending: bool = False, dropna: bool = True, normalize: bool = False
    ) -> Result:
        """How often each value is there: most frequent first, ties by first appearance.

        Categories that are known are all there, as in pandas, those that no row has with 0.
        """
        counted: Result = self._alone().value_counts(  # type: ignore[attr-defined]
            [self._column], sort=sort is not False, ascending=ascending, dropna=dropna, normalize=normalize
        )
        inner, name = counted._make, self.name
        known = getattr(self.dtype, "categories", None)  # type: ignore[attr-defined]

        def make(frame: Any) -> Any:
            counts = inner(frame).rename_axis(name)
            if known is None:
                return counts
            # In the order of categories, which ties keep; what is missing comes after them.
            gone = counts[counts.index.isna()]
            counts = pd.concat([counts.reindex(pd.CategoricalIndex(known, dtype=counts.index.dtype, name=name), fill_value=0), gone])
            return counts if sort is False else counts.sort_values(ascending=ascending, kind="stable")

        return Result(counted._native, make)

    def corr(self, other: Any, method: str = "pearson", min_periods: int | None = None) -> Any:
        """Pearson's correlation with another column, over the rows in which both are there."""
        return self._pair(self._beside(other).corr(method, min_periods or 1))

    def cov(self, other: Any, min_periods: int | None = None, ddof: int = 1) -> Any:
        """The covariance with another column, over the rows in which both are there."""
        return self._pair(self._beside(other).cov(min_periods, ddof))

    @staticmethod
    def _pair(table: Any) -> Any:
        return table._then(lambda frame: frame.iloc[0, 1])

    def autocorr(self, lag: int = 1) -> Any:
        """The correlation with the values so many rows before."""
        return self.corr(self.shift(lag))  # type: ignore[attr-defined]

    def dot(self, other: Any, meta: Any = None) -> Any:
        """The sum of the products with another column's values."""
        if not isinstance(other, Relations):
            raise NotImplementedError(f"dot with a {type(other).__name__}: give a column of the same frame")
        return (self * other).sum(skipna=False)  # type: ignore[operator]

    def align(self, other: Any, join: str = "outer", axis: Any = None, fill_value: Any = None) -> tuple[Any, Any]:
        """Both columns over the same rows, which they must have: then every ``join`` is the same."""
        if join not in ("outer", "inner", "left", "right"):
            raise ValueError(f"join={join!r}: there are outer, inner, left and right")
        if axis not in (None, 0, "index"):
            raise ValueError(f"No axis named {axis} for object type Series")
        both = self._beside(other)
        pair = (both["x"].rename(self.name), both["y"].rename(other.name))
        return pair if fill_value is None else (pair[0].fillna(fill_value), pair[1].fillna(fill_value))

    def combine(self, other: Any, func: Callable[[Any, Any], Any], fill_value: Any = None) -> Any:
        """``func`` of each pair of values of two columns of the same rows, called where the data is."""
        left, right = self._filled(other, fill_value)  # type: ignore[attr-defined]
        if not isinstance(other, Relations):
            return left.map_partitions(lambda part: part.combine(other, func))
        made = left._beside(right).map_partitions(lambda part: part["x"].combine(part["y"], func).rename("x"))
        return made.rename(self.name)

    def apply(self, function: Callable[..., Any], *args: Any, meta: Any = no_meta, axis: Any = 0, **kwargs: Any) -> Any:
        """``function`` of each value, called where the data is; ``meta`` says what it gives, else made-up values tell."""
        if axis not in (0, "index"):
            raise ValueError(f"No axis named {axis} for object type Series")
        return call_partitions(
            self, lambda part: part.apply(function, args=args, **kwargs), meta=meta, label=function_name(function)
        )

    def shuffle(
        self,
        on: Any = None,
        ignore_index: bool = False,
        npartitions: int | None = None,
        shuffle_method: str | None = None,
        on_index: bool = False,
        force: bool = False,
    ) -> Any:
        """The values in partitions by their hash, or by that of another column or of the index."""
        frame: Any = self._alone()  # type: ignore[attr-defined]
        options = {"ignore_index": ignore_index, "npartitions": npartitions, "shuffle_method": shuffle_method}
        if isinstance(on, Relations):
            key = f"{self._column} (key)"
            frame = frame.assign(**{key: on}).shuffle(key, **options, force=force)[[self._column]]
        elif on is not None and on != self.name:
            raise KeyError(on)
        else:
            by = None if on_index else self._column
            frame = frame.shuffle(by, on_index=on_index, **options, force=force)
        return self._of_alone(frame)  # type: ignore[attr-defined]

    def nunique_approx(self, split_every: Any = None) -> Any:
        """How many different values there are: exactly."""
        return self.nunique()  # type: ignore[attr-defined]

    # Labels.

    def reset_index(self, drop: bool = False) -> Any:
        """A frame of the index and the column; or the column without an index."""
        from phalanx.dataframe.series import Series

        if drop:
            frame = self._alone().reset_index(drop=True)  # type: ignore[attr-defined]
            return Series._wrap(frame._native.column(self._column).rename(self.name))
        return self.to_frame().reset_index()  # type: ignore[attr-defined]

    def add_prefix(self, prefix: str) -> Any:
        """With ``prefix`` before all labels, which become text."""
        return self._labelled(lambda labels: prefix + labels)

    def add_suffix(self, suffix: str) -> Any:
        """With ``suffix`` behind all labels, which become text."""
        return self._labelled(lambda labels: labels + suffix)

    def _labelled(self, change: Callable[[Any], Any]) -> Any:
        from phalanx.dataframe._core import DataFrame
        from phalanx.dataframe.series import Series

        labels = self.index  # type: ignore[attr-defined]
        text = change(labels.to_series().astype("str"))
        name = labels._native.frame.index
        native = DataFrame._of_series([self._native.rename(self._column), text._native.rename("labels (text)")])._native
        native = native.set_index("labels (text)").select([self._column]).rename([("labels (text)", name)])
        return Series._wrap(native.column(self._column).rename(self.name))

    # Measures.

    @property
    def size(self) -> Any:
        """The number of rows, as a lazy value."""
        return self._count()  # type: ignore[attr-defined]

    @property
    def shape(self) -> tuple[Any]:
        """The number of rows, as a lazy value, in a tuple."""
        return (self.size,)

    @property
    def is_monotonic_increasing(self) -> Any:
        """Whether no value is smaller than the one before and none is missing, as a lazy value."""
        return self._monotonic(lambda before, value: before <= value)

    @property
    def is_monotonic_decreasing(self) -> Any:
        """Whether no value is larger than the one before and none is missing, as a lazy value."""
        return self._monotonic(lambda before, value: before >= value)

    def _monotonic(self, follows: Callable[[Any, Any], Any]) -> Any:
        from phalanx.dataframe.series import Series

        column = Series._wrap(self._native)  # also of an index, whose shift is another
        # The first row follows none; every other that does not follow is one too many.
        both = follows(column.shift(1), column)._beside(column.isna())
        calls = [aggregate("x", "size", "size"), aggregate("x", "sum", "ordered"), aggregate("y", "sum", "missing")]

        def make(frame: Any) -> bool:
            row = frame.iloc[0]
            return bool(row["missing"] == 0 and row["size"] - row["ordered"] <= 1)

        return Result(both._native.reduce(dumps(calls)), make)

    def memory_usage(self, index: bool = True, deep: bool = False) -> Any:
        """Bytes of the computed values, and of the index, as a lazy value; of text the bytes of its characters too."""
        frame: Any = self._alone()  # type: ignore[attr-defined]
        kinds = [frame[self._column].dtype]
        if index and frame._native.index is not None:
            kinds.append(frame.index.dtype)
        if not all(isinstance(kind, (np.dtype, pd.DatetimeTZDtype)) and kind.kind != "O" for kind in kinds):
            parts = self.memory_usage_per_partition(index, deep)  # type: ignore[attr-defined]
            return Result(parts._rows, lambda rows: int(rows.iloc[:, 0].sum()))
        base = 132 if index and frame._native.index is None else 0  # of pandas' range of row numbers
        width = sum(kind.itemsize for kind in kinds)
        return self._count()._then(lambda rows: rows * width + base)  # type: ignore[attr-defined]

    def to_timestamp(self, freq: Any = None, how: str = "start") -> Any:
        """Is not there: columns and indexes hold times, no periods."""
        raise NotImplementedError("to_timestamp of periods: there are none here; keep times, and .dt.floor them")

    def to_bag(self, index: bool = False, format: str = "tuple") -> list[Any]:
        """A delayed list of values (with ``index`` of pairs, or of dicts) for each partition: there are no bags here."""
        if index or format != "tuple":
            bags: list[Any] = self.to_frame().to_bag(index, format)  # type: ignore[attr-defined]
            return bags
        from phalanx._delayed import delayed

        return [delayed(_listed)(part) for part in self.to_delayed()]  # type: ignore[attr-defined]

    def to_records(self, index: bool = False, lengths: Any = None) -> Any:
        """The rows as a lazy thing that computes to NumPy's record array; their lengths need not be known."""
        return Several([self], lambda values: values[0].to_frame(self._column).to_records(index=index))

    def to_string(self, max_rows: int | None = 5) -> str:
        """The first and last rows as text, computed."""
        rows = self.compute()  # type: ignore[attr-defined]
        return str(rows.to_string(max_rows=max_rows))


def _listed(part: Any) -> list[Any]:
    return list(part)


class Groups:
    """A column in groups; each method of the frame's groups, under this column's name."""

    __slots__ = ("_groups", "_keys", "_name")

    def __init__(self, groups: Any, name: str | None, keys: list[str | None]) -> None:
        self._groups, self._name, self._keys = groups, name, keys

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        method = getattr(self._groups, attribute)

        def call(*args: Any, **kwargs: Any) -> Any:
            made = method(*args, **kwargs)
            name, keys = self._name, self._keys
            if not isinstance(made, Deferred):
                return made.rename(None if attribute == "cumcount" else name) if hasattr(made, "_arithmetic") else made

            def finish(value: Any) -> Any:
                if value.ndim == 1:
                    value = value.rename(name)
                if len(keys) == value.index.nlevels and (None in keys):
                    value.index = value.index.set_names(keys)
                return value

            return made._then(finish)

        call.__doc__ = method.__doc__
        return call

    def __dir__(self) -> list[str]:
        return [name for name in dir(self._groups) if not name.startswith("_")]
