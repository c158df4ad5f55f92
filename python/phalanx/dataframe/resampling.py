"""Statistics of bins of time."""

from __future__ import annotations

from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._calls import aggregate, as_list, bins, dumps, statistic_name
from phalanx.dataframe._results import Result

__all__ = ["Resampler"]

_ENDS = ("left", "right")


class Resampler:
    """Rows in bins of time; ``[]`` selects the columns that are computed of."""

    __slots__ = ("_columns", "_one", "_rule", "_shift", "closed", "label", "obj", "rule")

    def __init__(
        self,
        obj: Any,
        rule: Any,
        closed: str | None = None,
        label: str | None = None,
        columns: list[str] | None = None,
        one: bool = False,
    ) -> None:
        self.obj = obj
        self.rule = rule
        self.closed = closed
        self.label = label
        self._columns = columns
        self._one = one
        for name, value in (("closed", closed), ("label", label)):
            if value not in (None, *_ENDS):
                raise ValueError(f"Unsupported value {value} for `{name}`")
        self._rule = bins(rule)
        fixed = isinstance(self._rule, dict) and "Fixed" in self._rule
        # Weeks and what ends with a month are called by their last day, and have it.
        usual = "right" if self._rule == "Weeks" or (not fixed and self._rule["Months"][1]) else "left"
        if fixed and closed == "right":
            offset = pd.tseries.frequencies.to_offset(rule)
            if isinstance(offset, pd.offsets.Day):
                raise NotImplementedError(
                    f"resample({rule!r}, closed='right'): pandas begins and ends days of the calendar with empty bins; "
                    f"'{24 * offset.n}h' are bins of as much time"
                )
            self._rule = {"FixedRight": self._rule["Fixed"]}
        elif not fixed and closed not in (None, usual):
            raise NotImplementedError(f"resample({rule!r}, closed={closed!r}): bins of the calendar are closed {usual}")
        #: By how many bins labels are moved.
        self._shift = 0 if label in (None, usual) else (1 if label == "right" else -1)

    @property
    def kwargs(self) -> dict[str, Any]:
        """How pandas would be called."""
        return {"closed": self.closed, "label": self.label}

    def __getitem__(self, columns: Any) -> Resampler:
        names = as_list(columns)
        for name in names:
            if name not in self.obj._names:
                raise KeyError(f"Column not found: {name}")
        return Resampler(self.obj, self.rule, self.closed, self.label, names, isinstance(columns, str))

    def __getattr__(self, name: str) -> Resampler:
        if not name.startswith("_") and name in self.obj._names:
            return self[name]
        raise AttributeError(f"'Resampler' object has no attribute {name!r}")

    def _values(self) -> list[str]:
        return self._columns or list(self.obj._names)

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Any:
        names = self._values()
        if numeric_only:
            numbers = set(self.obj._numbers())
            names = [name for name in names if name in numbers]
        return self._made([aggregate(name, statistic, **options) for name in names])

    def _made(self, calls: list[dict[str, Any]], labels: Any = None, one: bool | None = None) -> Any:
        calls = [{**call, "name": f"{number} {call['name']}"} for number, call in enumerate(calls)]
        native = self.obj._native.resample_agg(dumps(self._rule), dumps(calls))
        names = labels if labels is not None else [call["name"].partition(" ")[2] for call in calls]
        index, single = native.index, self._one if one is None else one
        offset = pd.tseries.frequencies.to_offset(self.rule) * self._shift if self._shift else None

        def make(frame: Any) -> Any:
            frame = frame.set_index(index)
            if offset is not None:
                frame.index = (frame.index + offset).rename(frame.index.name)
            several = any(isinstance(name, tuple) for name in names)
            frame.columns = pd.MultiIndex.from_tuples(names) if several else names
            return frame.iloc[:, 0] if single else frame

        return Result(native, make)

    def agg(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Statistics by name: one, a list, or a dict from columns to one or several."""
        columns = self._values()
        if isinstance(func, dict):
            pairs = [
                (column, wanted)
                for column, several in func.items()
                for wanted in (several if isinstance(several, (list, tuple)) else [several])
            ]
            calls = [aggregate(column, statistic_name(wanted)) for column, wanted in pairs]
            lists = any(isinstance(several, (list, tuple)) for several in func.values())
            return self._made(calls, [(c, statistic_name(w)) for c, w in pairs] if lists else list(func), False)
        if isinstance(func, (list, tuple)):
            pairs = [(column, statistic_name(wanted)) for column in columns for wanted in func]
            calls = [aggregate(column, wanted) for column, wanted in pairs]
            return self._made(calls, [name for _, name in pairs] if self._one else pairs, False)
        return getattr(self, statistic_name(func))(*args, **kwargs)

    aggregate = agg

    def sum(self, numeric_only: bool = False, min_count: int = 0) -> Any:
        """Sums."""
        return self._statistic("sum", numeric_only, min_count=min_count)

    def prod(self, numeric_only: bool = False, min_count: int = 0) -> Any:
        """Products, in the order of rows."""
        return self._statistic("prod", numeric_only, min_count=min_count)

    def mean(self, numeric_only: bool = False) -> Any:
        """Means."""
        return self._statistic("mean", numeric_only)

    def var(self, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Variances."""
        return self._statistic("var", numeric_only, ddof=ddof)

    def std(self, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard deviations."""
        return self._statistic("std", numeric_only, ddof=ddof)

    def sem(self, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard errors of the means."""
        return self._statistic("sem", numeric_only, ddof=ddof)

    def min(self, numeric_only: bool = False) -> Any:
        """The smallest values."""
        return self._statistic("min", numeric_only)

    def max(self, numeric_only: bool = False) -> Any:
        """The largest values."""
        return self._statistic("max", numeric_only)

    def count(self) -> Any:
        """How many values are there."""
        return self._statistic("count")

    def median(self, numeric_only: bool = False) -> Any:
        """Medians."""
        return self._statistic("median", numeric_only)

    def quantile(self, q: float = 0.5, interpolation: str = "linear") -> Any:
        """Quantiles."""
        return self._statistic("quantile", q=float(q), interpolation=interpolation)

    def skew(self, numeric_only: bool = False) -> Any:
        """Skewness."""
        return self._statistic("skew", numeric_only)

    def first(self, numeric_only: bool = False) -> Any:
        """The first values that are there."""
        return self._statistic("first", numeric_only)

    def last(self, numeric_only: bool = False) -> Any:
        """The last values that are there."""
        return self._statistic("last", numeric_only)

    def nunique(self) -> Any:
        """How many different values there are."""
        return self._statistic("nunique")

    def size(self) -> Any:
        """How many rows there are."""
        return self._made([aggregate(self._values()[0], "size")], [None], True)

    def ohlc(self) -> Any:
        """The first, largest, smallest and last values of each column: open, high, low, close."""
        wanted = {"open": "first", "high": "max", "low": "min", "close": "last"}
        columns = self._values()
        calls = [aggregate(column, statistic) for column in columns for statistic in wanted.values()]
        labels = list(wanted) if self._one else [(column, name) for column in columns for name in wanted]
        return self._made(calls, labels, False)
