"""Values of a row from the rows around it, with pandas' names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from phalanx.dataframe._calls import aggregate, as_list, bins, dumps, rolling, statistic_name, window
from phalanx.dataframe._results import Result
from phalanx.dataframe.groupby import literal, ranking

__all__ = ["Expanding", "FrameWindows", "Resampler", "Rolling"]


class FrameWindows:
    """What depends on the order of rows."""

    __slots__ = ()
    _native: Any

    def _every(self, made: Any) -> Any:
        return self._wrap(self._native.every_window(dumps(made)))  # type: ignore[attr-defined]

    def cumsum(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running sums."""
        return self._running("Sum", axis, skipna)

    def cumprod(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running products."""
        return self._running("Product", axis, skipna)

    def cummax(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running maxima."""
        return self._running("Maximum", axis, skipna)

    def cummin(self, axis: Any = 0, skipna: bool = True) -> Any:
        """Running minima."""
        return self._running("Minimum", axis, skipna)

    def _running(self, name: str, axis: Any, skipna: bool) -> Any:
        if axis not in (0, "index"):
            raise NotImplementedError("running values along rows: add columns one to the other")
        if not skipna:
            raise NotImplementedError("running values with skipna=False: fill or drop missing values first")
        return self._every(name)

    def shift(self, periods: int = 1, freq: Any = None, axis: Any = 0, fill_value: Any = None) -> Any:
        """The values so many rows before (after, if negative)."""
        if freq is not None or axis not in (0, "index"):
            raise NotImplementedError("shift by freq or along columns: add the time to the index, or rename columns")
        return self._every(window("Shift", periods=periods, fill=literal(fill_value)))

    def diff(self, periods: int = 1, axis: Any = 0) -> Any:
        """Values less those so many rows before."""
        if axis not in (0, "index"):
            raise NotImplementedError("diff along columns: subtract one column from the other")
        return self._every(window("Difference", periods=periods))

    def pct_change(self, periods: int = 1) -> Any:
        """Values over those so many rows before, less 1."""
        return self._every(window("PercentChange", periods=periods))

    def ffill(self, axis: Any = 0, limit: int | None = None) -> Any:
        """Missing values become the last value before them."""
        if axis not in (0, "index"):
            raise NotImplementedError("ffill along columns: fill one column with the other")
        return self._every(window("Fill", forward=True, limit=limit))

    def bfill(self, axis: Any = 0, limit: int | None = None) -> Any:
        """Missing values become the next value behind them."""
        if axis not in (0, "index"):
            raise NotImplementedError("bfill along columns: fill one column with the other")
        return self._every(window("Fill", forward=False, limit=limit))

    def rank(
        self,
        axis: Any = 0,
        method: str = "average",
        numeric_only: bool = False,
        na_option: str = "keep",
        ascending: bool = True,
        pct: bool = False,
    ) -> Any:
        """Ranks of values. All rows of a column are in one task."""
        if axis not in (0, "index") or numeric_only:
            raise NotImplementedError("rank along rows or of columns of numbers only: select the columns first")
        return self._every(ranking(method, ascending, na_option, pct))

    def rolling(
        self, window: Any, min_periods: int | None = None, center: bool = False, closed: str | None = None
    ) -> Rolling:
        """Statistics of the rows around each row: a number of rows, or a span of time of the index."""
        return Rolling(self.columns, self._every, window, min_periods, center, closed, rolling)  # type: ignore[attr-defined]

    def resample(self, rule: Any, closed: str | None = None, label: str | None = None) -> Resampler:
        """Statistics of bins of the index's time."""
        if closed is not None or label is not None:
            raise NotImplementedError("resample with closed or label: shift the index first")
        return Resampler(self, bins(rule))

    def expanding(self, min_periods: int = 1) -> Expanding:
        """Statistics of all rows up to each row. All rows are in one task."""
        return Expanding(self._every, min_periods)


class _Statistics:
    """The statistics of windows."""

    __slots__ = ()

    def _statistic(self, statistic: str, **options: Any) -> Any:
        raise NotImplementedError

    def sum(self) -> Any:
        """Sums."""
        return self._statistic("sum")

    def mean(self) -> Any:
        """Means."""
        return self._statistic("mean")

    def var(self, ddof: int = 1) -> Any:
        """Variances."""
        return self._statistic("var", ddof=ddof)

    def std(self, ddof: int = 1) -> Any:
        """Standard deviations."""
        return self._statistic("std", ddof=ddof)

    def sem(self, ddof: int = 1) -> Any:
        """Standard errors of the means."""
        return self._statistic("sem", ddof=ddof)

    def min(self) -> Any:
        """The smallest values."""
        return self._statistic("min")

    def max(self) -> Any:
        """The largest values."""
        return self._statistic("max")

    def count(self) -> Any:
        """How many values are there."""
        return self._statistic("count")

    def median(self) -> Any:
        """Medians."""
        return self._statistic("median")

    def quantile(self, q: float, interpolation: str = "linear") -> Any:
        """Quantiles."""
        return self._statistic("quantile", q=float(q), interpolation=interpolation)

    def skew(self) -> Any:
        """Skewness."""
        return self._statistic("skew")

    def kurt(self) -> Any:
        """Excess kurtosis."""
        return self._statistic("kurt")


class Rolling(_Statistics):
    """Windows around each row."""

    __slots__ = ("_center", "_closed", "_columns", "_make", "_min_periods", "_span", "_window")

    def __init__(
        self,
        columns: list[str],
        make: Callable[[Any], Any],
        span: Any,
        min_periods: int | None,
        center: bool,
        closed: str | None,
        window: Callable[..., Any],
    ) -> None:
        self._columns = columns
        self._make = make
        self._span = span
        self._min_periods = min_periods
        self._center = center
        self._closed = closed
        self._window = window
        self._statistic("sum", dry=True)

    def _statistic(self, statistic: str, dry: bool = False, **options: Any) -> Any:
        call = aggregate("", statistic, **options)
        made = self._window(self._span, self._min_periods, self._center, self._closed, call)
        return None if dry else self._make(made)


class Expanding(_Statistics):
    """All rows up to each row."""

    __slots__ = ("_make", "_min_periods")

    def __init__(self, make: Callable[[Any], Any], min_periods: int) -> None:
        self._make = make
        self._min_periods = min_periods

    def _statistic(self, statistic: str, **options: Any) -> Any:
        return self._make(window("Expanding", min_periods=self._min_periods, aggregate=aggregate("", statistic, **options)))


class Resampler(_Statistics):
    """Rows in bins of time."""

    __slots__ = ("_columns", "_frame", "_one", "_rule")

    def __init__(self, frame: Any, rule: Any, columns: list[str] | None = None, one: bool = False) -> None:
        self._frame = frame
        self._rule = rule
        self._columns = columns
        self._one = one

    def __getitem__(self, columns: Any) -> Resampler:
        names = as_list(columns)
        for name in names:
            if name not in self._frame._native.column_names:
                raise KeyError(f"Column not found: {name}")
        return Resampler(self._frame, self._rule, names, isinstance(columns, str))

    def _statistic(self, statistic: str, **options: Any) -> Any:
        names = self._columns or list(self._frame.columns)
        return self._made([aggregate(name, statistic, **options) for name in names])

    def _made(self, calls: list[dict[str, Any]], labels: Any = None, one: bool | None = None) -> Any:
        calls = [{**call, "name": f"{number} {call['name']}"} for number, call in enumerate(calls)]
        native = self._frame._native.resample_agg(dumps(self._rule), dumps(calls))
        names = labels if labels is not None else [call["name"].partition(" ")[2] for call in calls]
        index, single = native.index, self._one if one is None else one

        def make(frame: Any) -> Any:
            from phalanx._lazy import pd

            frame = frame.set_index(index)
            several = any(isinstance(name, tuple) for name in names)
            frame.columns = pd.MultiIndex.from_tuples(names) if several else names
            return frame.iloc[:, 0] if single else frame

        return Result(native, make)

    def agg(self, func: Any) -> Any:
        """Statistics by name: one, a list, or a dict from columns to one."""
        columns = self._columns or list(self._frame.columns)
        if isinstance(func, dict):
            return self._made([aggregate(column, statistic_name(wanted)) for column, wanted in func.items()])
        if isinstance(func, (list, tuple)):
            calls = [aggregate(column, statistic_name(wanted)) for column in columns for wanted in func]
            pairs = [(column, statistic_name(wanted)) for column in columns for wanted in func]
            return self._made(calls, [name for _, name in pairs] if self._one else pairs, False)
        return self._statistic(statistic_name(func))

    def first(self) -> Any:
        """The first values that are there."""
        return self._statistic("first")

    def last(self) -> Any:
        """The last values that are there."""
        return self._statistic("last")

    def nunique(self) -> Any:
        """How many different values there are."""
        return self._statistic("nunique")

    def prod(self) -> Any:
        """Products, in the order of rows."""
        return self._statistic("prod")

    def size(self) -> Any:
        """How many rows there are."""
        name = (self._columns or list(self._frame.columns))[0]
        sized = self._made([aggregate(name, "size")], [None], True)
        return sized

    def ohlc(self) -> Any:
        """The first, largest, smallest and last values of the selected column."""
        if not self._one:
            raise NotImplementedError("ohlc of several columns: select one")
        column = (self._columns or [""])[0]
        wanted = {"open": "first", "high": "max", "low": "min", "close": "last"}
        return self._made([aggregate(column, statistic) for statistic in wanted.values()], list(wanted), False)
