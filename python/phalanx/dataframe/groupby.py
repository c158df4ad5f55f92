"""Rows in groups of equal keys, with pandas' names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from phalanx.dataframe._calls import aggregate, as_list, capital, dumps, rolling, statistic_name, window
from phalanx.dataframe._results import Result

__all__ = ["FrameGroups", "GroupBy"]

_METHODS = ("average", "min", "max", "first", "dense")
_NUMBERS_ONLY = {"mean", "median", "var", "std", "sem", "quantile", "skew", "kurt", "prod", "sum", "cov", "corr"}


class FrameGroups:
    """``groupby``."""

    __slots__ = ()
    _native: Any

    def groupby(
        self,
        by: Any = None,
        sort: bool = True,
        dropna: bool = True,
        observed: bool = True,
        as_index: bool = True,
        group_keys: bool = True,
    ) -> GroupBy:
        """Rows in groups of equal values of the columns ``by``.

        Parameters
        ----------
        by : str or list of str
            The names of columns.
        sort : bool
            Groups by key; else in order of first appearance.
        dropna : bool
            Rows with a missing key belong to no group.
        observed : bool
            Only groups that are there; the only choice.
        as_index : bool
            Keys become the index of results.
        group_keys : bool
            Has no meaning for what is computed here.
        """
        if not observed:
            raise NotImplementedError("groupby(observed=False): reindex the result by all categories")
        keys = as_list(by)
        known = self._native.column_names
        for key in keys:
            if key not in known:
                raise KeyError(key)
        if not keys:
            raise TypeError("You have to supply one of 'by' and 'level'")
        return GroupBy(self, keys, sort, dropna, as_index)


class GroupBy:
    """Rows in groups; ``[]`` selects the columns that are computed of."""

    __slots__ = ("_as_index", "_columns", "_dropna", "_frame", "_keys", "_one", "_sort")

    def __init__(
        self,
        frame: Any,
        keys: list[str],
        sort: bool,
        dropna: bool,
        as_index: bool,
        columns: list[str] | None = None,
        one: bool = False,
    ) -> None:
        self._frame = frame
        self._keys = keys
        self._sort = sort
        self._dropna = dropna
        self._as_index = as_index
        self._columns = columns
        self._one = one

    def __getitem__(self, columns: Any) -> GroupBy:
        names = as_list(columns)
        for name in names:
            if name not in self._frame._native.column_names:
                raise KeyError(f"Column not found: {name}")
        one = isinstance(columns, str)
        return GroupBy(self._frame, self._keys, self._sort, self._dropna, self._as_index, names, one)

    def __getattr__(self, name: str) -> GroupBy:
        if not name.startswith("_") and name in self._frame._native.column_names:
            return self[name]
        raise AttributeError(f"'GroupBy' object has no attribute {name!r}")

    @property
    def _native(self) -> Any:
        return self._frame._native

    def _values(self) -> list[str]:
        if self._columns is not None:
            return self._columns
        return [name for name in self._frame.columns if name not in self._keys]

    def _fitting(self, statistic: str, numeric_only: bool) -> list[str]:
        known = self._native.fitting(statistic, numeric_only)
        names = self._values()
        fits = [name for name in names if name in known or name == self._native.index]
        if not numeric_only and len(fits) < len(names):
            other = next(name for name in names if name not in fits)
            raise TypeError(
                f"agg function failed: {statistic} of column {other!r}; pass numeric_only=True, or select columns"
            )
        return fits

    def _result(self, calls: list[dict[str, Any]], labels: list[Any] | None = None) -> Result:
        """The aggregates, under these labels."""
        calls = [{**call, "name": f"result {number}"} for number, call in enumerate(calls)]
        wanted = labels
        native = self._native.group_agg(self._keys, self._sort, self._dropna, dumps(calls))
        keys, as_index, one = list(self._keys), self._as_index, self._one

        def make(frame: Any) -> Any:
            from phalanx._lazy import pd

            values = frame.drop(columns=keys)
            several = any(isinstance(label, tuple) for label in wanted or ())
            values.columns = pd.MultiIndex.from_tuples(wanted) if several else wanted
            if not as_index:
                if several:
                    frame = frame[keys]
                    frame.columns = pd.MultiIndex.from_tuples([(key, "") for key in keys])
                    return pd.concat([frame, values], axis=1)
                return pd.concat([frame[keys], values], axis=1)
            values.index = (
                pd.Index(frame[keys[0]], name=keys[0])
                if len(keys) == 1
                else pd.MultiIndex.from_frame(frame[keys])
            )
            return values.iloc[:, 0] if one and values.shape[1] == 1 else values

        return Result(native, make)

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Result:
        names = self._fitting(statistic, numeric_only)
        return self._result([aggregate(name, statistic, **options) for name in names], list(names))

    def agg(self, func: Any = None, **named: Any) -> Result:
        """Statistics by name: one, a list, a dict from columns to one or several, or ``name=(column, statistic)``."""
        if func is None:
            if not named:
                raise TypeError("Must provide 'func' or tuples of '(column, aggfunc).")
            calls: list[Any] = []
            labels: list[Any] = []
            for label, wanted in named.items():
                column, statistic = wanted if isinstance(wanted, tuple) else (self._values()[0], wanted)
                calls.append(self._call(column, statistic))
                labels.append(label)
            plain = GroupBy(self._frame, self._keys, self._sort, self._dropna, self._as_index)
            return plain._result(calls, labels)
        if named:
            raise TypeError("give statistics by position or by name, not both")
        if isinstance(func, dict):
            several = any(isinstance(wanted, (list, tuple)) for wanted in func.values())
            calls, labels = [], []
            for column, wanted in func.items():
                for statistic in wanted if isinstance(wanted, (list, tuple)) else [wanted]:
                    calls.append(self._call(column, statistic))
                    labels.append((column, statistic_name(statistic)) if several else column)
            return self._result(calls, labels)
        if isinstance(func, (list, tuple)):
            calls = [self._call(column, statistic) for column in self._values() for statistic in func]
            labels = [
                statistic_name(statistic) if self._one else (column, statistic_name(statistic))
                for column in self._values()
                for statistic in func
            ]
            plain = GroupBy(self._frame, self._keys, self._sort, self._dropna, self._as_index)
            return plain._result(calls, labels)
        return self._statistic(statistic_name(func))

    aggregate = agg

    def _call(self, column: str, statistic: Any) -> dict[str, Any]:
        if column not in self._native.column_names:
            raise KeyError(f"Label(s) ['{column}'] do not exist")
        return aggregate(column, statistic_name(statistic))

    def sum(self, numeric_only: bool = False, min_count: int = 0) -> Result:
        """Sums; of floats exact and rounded once."""
        return self._statistic("sum", numeric_only, min_count=max(min_count, 0))

    def prod(self, numeric_only: bool = False, min_count: int = 0) -> Result:
        """Products, in the order of rows."""
        return self._statistic("prod", numeric_only, min_count=max(min_count, 0))

    def mean(self, numeric_only: bool = False) -> Result:
        """Means: exact, rounded once."""
        return self._statistic("mean", numeric_only)

    def var(self, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Variances."""
        return self._statistic("var", numeric_only, ddof=ddof)

    def std(self, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Standard deviations."""
        return self._statistic("std", numeric_only, ddof=ddof)

    def sem(self, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Standard errors of the means."""
        return self._statistic("sem", numeric_only, ddof=ddof)

    def min(self, numeric_only: bool = False) -> Result:
        """The smallest values."""
        return self._statistic("min", numeric_only)

    def max(self, numeric_only: bool = False) -> Result:
        """The largest values."""
        return self._statistic("max", numeric_only)

    def count(self) -> Result:
        """How many values are there."""
        return self._statistic("count")

    def nunique(self, dropna: bool = True) -> Result:
        """How many different values there are."""
        return self._statistic("nunique", dropna=dropna)

    def first(self, numeric_only: bool = False, skipna: bool = True) -> Result:
        """The first values that are there."""
        return self._statistic("first", numeric_only, skipna=skipna)

    def last(self, numeric_only: bool = False, skipna: bool = True) -> Result:
        """The last values that are there."""
        return self._statistic("last", numeric_only, skipna=skipna)

    def median(self, numeric_only: bool = False) -> Result:
        """Exact medians."""
        return self._statistic("median", numeric_only)

    def quantile(self, q: float = 0.5, interpolation: str = "linear", numeric_only: bool = False) -> Result:
        """Exact quantiles."""
        if not isinstance(q, (int, float)):
            raise NotImplementedError("quantiles of several q: ask for one after the other")
        return self._statistic("quantile", numeric_only, q=float(q), interpolation=interpolation)

    def idxmin(self, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The labels of the first rows with the smallest values."""
        return self._statistic("idxmin", numeric_only, skipna=skipna)

    def idxmax(self, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The labels of the first rows with the largest values."""
        return self._statistic("idxmax", numeric_only, skipna=skipna)

    def any(self, skipna: bool = True) -> Result:
        """Whether any value is true."""
        return self._statistic("any", skipna=skipna)

    def all(self, skipna: bool = True) -> Result:
        """Whether all values are true."""
        return self._statistic("all", skipna=skipna)

    def skew(self, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Skewness, without bias."""
        return self._statistic("skew", numeric_only, skipna=skipna)

    def kurt(self, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Excess kurtosis, without bias."""
        return self._statistic("kurt", numeric_only, skipna=skipna)

    def size(self) -> Result:
        """How many rows there are."""
        plain = GroupBy(self._frame, self._keys, self._sort, self._dropna, self._as_index, [self._keys[0]], True)
        sized = plain._result([aggregate(self._keys[0], "size")], ["size"])
        if not self._as_index:
            return sized
        inner = sized._make
        name = self._columns[0] if self._one and self._columns else None
        return Result(sized._native, lambda frame: inner(frame).rename(name))

    def value_counts(
        self, normalize: bool = False, sort: bool = True, ascending: bool = False, dropna: bool = True
    ) -> Result:
        """How often each value of the selected column is there in each group."""
        if normalize or not self._one or not sort or not self._sort:
            raise NotImplementedError(
                "groupby().value_counts() of one selected column, sorted and not normalised, is there: "
                "group by the keys and the column, and take size()"
            )
        keys, column = list(self._keys), self._values()[0]
        plain = GroupBy(self._frame, [*keys, column], False, dropna, True, [column], True)
        sized = plain._result([aggregate(column, "size")], ["count"])
        inner = sized._make

        def make(frame: Any) -> Any:
            frame = inner(frame).reset_index()
            frame = frame.sort_values("count", ascending=ascending, kind="stable")
            return frame.sort_values(keys, kind="stable").set_index([*keys, column])["count"]

        return Result(sized._native, make)

    def _windows(self, made: Any, names: Sequence[str] | None = None) -> Any:
        """A value for each row."""
        names = list(self._values() if names is None else names)
        native = self._native.group_windows(self._keys, self._dropna, dumps([(name, made, name) for name in names]))
        return self._rows(native, names)

    def _rows(self, native: Any, names: list[str]) -> Any:
        taken = self._frame._wrap(native.take_columns(names))
        if self._one:
            return Result(taken._native, lambda frame: self._series(frame, native.index))
        return taken

    @staticmethod
    def _series(frame: Any, index: str | None) -> Any:
        frame = frame if index is None else frame.set_index(index)
        return frame.iloc[:, 0]

    def transform(self, func: Any) -> Any:
        """A statistic of the group, or a running value, for each row."""
        name = statistic_name(func)
        if name in {"cumsum", "cumprod", "cummax", "cummin", "ffill", "bfill", "shift", "diff", "rank", "pct_change"}:
            return getattr(self, name)()
        if name == "size":
            names = self._values()
        else:
            names = self._fitting(name, False)
        items = [(column, {"Whole": aggregate(column, name)}, column) for column in names]
        return self._rows(self._native.group_windows(self._keys, self._dropna, dumps(items)), names)

    def cumsum(self) -> Any:
        """Running sums."""
        return self._windows("Sum")

    def cumprod(self) -> Any:
        """Running products."""
        return self._windows("Product")

    def cummax(self) -> Any:
        """Running maxima."""
        return self._windows("Maximum")

    def cummin(self) -> Any:
        """Running minima."""
        return self._windows("Minimum")

    def cumcount(self, ascending: bool = True) -> Any:
        """How many rows of the group come before (or after) each row."""
        name = self._values()[0] if self._values() else self._keys[0]
        made = window("Count", ascending=ascending)
        native = self._native.group_windows(self._keys, self._dropna, dumps([(name, made, name)]))
        index = native.index
        taken = native.take_columns([name])
        return Result(taken, lambda frame: self._series(frame, index).rename(None))

    def shift(self, periods: int = 1, fill_value: Any = None) -> Any:
        """The values so many rows before, in the group."""
        return self._windows(window("Shift", periods=periods, fill=literal(fill_value)))

    def diff(self, periods: int = 1) -> Any:
        """Values less those so many rows before, in the group."""
        return self._windows(window("Difference", periods=periods))

    def pct_change(self, periods: int = 1) -> Any:
        """Values over those so many rows before, less 1."""
        return self._windows(window("PercentChange", periods=periods))

    def rank(
        self, method: str = "average", ascending: bool = True, na_option: str = "keep", pct: bool = False
    ) -> Any:
        """Ranks in the group."""
        return self._windows(ranking(method, ascending, na_option, pct))

    def ffill(self, limit: int | None = None) -> Any:
        """Missing values become the last value before them, in the group."""
        return self._windows(window("Fill", forward=True, limit=limit))

    def bfill(self, limit: int | None = None) -> Any:
        """Missing values become the next value behind them, in the group."""
        return self._windows(window("Fill", forward=False, limit=limit))

    def _some(self, which: str, rows: list[int]) -> Any:
        native = self._native.group_rows(self._keys, self._dropna, which, rows)
        if self._columns is None:
            return self._frame._wrap(native)
        return self._rows(native, self._columns)

    def head(self, n: int = 5) -> Any:
        """The first rows of each group, in the frame's order."""
        return self._some("head", [n])

    def tail(self, n: int = 5) -> Any:
        """The last rows of each group, in the frame's order."""
        return self._some("tail", [n])

    def nth(self, n: int | Sequence[int]) -> Any:
        """These rows of each group, in the frame's order."""
        return self._some("nth", [n] if isinstance(n, int) else list(n))

    def apply(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Is not there: name a statistic, or use ``map_partitions`` after ``sort_values`` by the keys."""
        raise NotImplementedError(
            "groupby().apply: name a statistic with agg or transform, or sort by the keys, which brings each group "
            "into one partition, and use map_partitions"
        )

    def rolling(
        self, window: Any, min_periods: int | None = None, center: bool = False, closed: str | None = None
    ) -> Any:
        """Statistics of the rows around each row, in the group. Rows stay in the frame's order."""
        from phalanx.dataframe.windows import Rolling

        return Rolling(self._values(), lambda made: self._windows(made), window, min_periods, center, closed, rolling)


def literal(value: Any) -> Any:
    """A value in the form in which plans travel."""
    if value is None:
        return None
    if isinstance(value, bool):
        return {"Boolean": value}
    if isinstance(value, int):
        return {"Integer": value}
    if isinstance(value, float):
        return {"Float": value}
    if isinstance(value, str):
        return {"Text": value}
    raise NotImplementedError(f"a fill value of type {type(value).__name__}: give a truth value, a number or a text")


def ranking(method: str, ascending: bool, na_option: str, pct: bool) -> Any:
    """A ranking in the form in which plans travel."""
    return window(
        "Rank",
        method=capital(method, _METHODS, "method"),
        descending=not ascending,
        percent=bool(pct),
        missing=capital(na_option, ("keep", "top", "bottom"), "na_option"),
    )
