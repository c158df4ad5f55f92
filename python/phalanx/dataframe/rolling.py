"""Statistics of windows of rows: rolling and expanding, of frames, columns and groups."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._calls import aggregate, nanoseconds, rolling, statistic_name, window
from phalanx.dataframe._python import call_overlapping

__all__ = ["Expanding", "Rolling", "WindowStatistics"]


class WindowStatistics:
    """The statistics of windows."""

    __slots__ = ()

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Any:
        raise NotImplementedError

    def sum(self, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """Sums."""
        return self._statistic("sum", numeric_only)

    def mean(self, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """Means."""
        return self._statistic("mean", numeric_only)

    def var(self, ddof: int = 1, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """Variances."""
        return self._statistic("var", numeric_only, ddof=ddof)

    def std(self, ddof: int = 1, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """Standard deviations."""
        return self._statistic("std", numeric_only, ddof=ddof)

    def sem(self, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard errors of the means."""
        return self._statistic("sem", numeric_only, ddof=ddof)

    def min(self, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """The smallest values."""
        return self._statistic("min", numeric_only)

    def max(self, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """The largest values."""
        return self._statistic("max", numeric_only)

    def count(self, numeric_only: bool = False) -> Any:
        """How many values are there."""
        return self._statistic("count", numeric_only)

    def median(self, numeric_only: bool = False, engine: Any = None, engine_kwargs: Any = None) -> Any:
        """Medians."""
        return self._statistic("median", numeric_only)

    def quantile(self, q: float, interpolation: str = "linear", numeric_only: bool = False) -> Any:
        """Quantiles."""
        return self._statistic("quantile", numeric_only, q=float(q), interpolation=interpolation)

    def skew(self, numeric_only: bool = False) -> Any:
        """Skewness."""
        return self._statistic("skew", numeric_only)

    def kurt(self, numeric_only: bool = False) -> Any:
        """Excess kurtosis."""
        return self._statistic("kurt", numeric_only)


class Rolling(WindowStatistics):
    """Windows around each row of a frame; ``[]`` selects columns."""

    __slots__ = ("_one", "center", "closed", "min_periods", "obj", "win_type", "window")

    def __init__(
        self,
        obj: Any,
        window: Any,
        min_periods: int | None,
        center: bool = False,
        win_type: str | None = None,
        closed: str | None = None,
        one: bool = False,
    ) -> None:
        self.obj = obj
        self.window = window
        self.min_periods = min_periods
        self.center = center
        self.win_type = win_type
        self.closed = closed
        self._one = one
        if isinstance(window, (bool, float)):
            raise ValueError("window must be an integer 0 or greater, or a span of time")
        if min_periods is not None and not isinstance(min_periods, (int, np.integer)):
            raise ValueError("min_periods must be an integer")
        if min_periods is not None and min_periods < 0:
            raise ValueError("min_periods must be >= 0")
        if isinstance(window, int) and min_periods is not None and min_periods > window:
            raise ValueError(f"min_periods {min_periods} must be <= window {window}")
        if win_type is not None and not isinstance(window, int):
            raise ValueError("a window function weighs a number of rows")
        rolling(window, min_periods, center, closed, aggregate("", "sum"))

    @property
    def kwargs(self) -> dict[str, Any]:
        """How pandas would be called."""
        given = {
            "window": self.window, "min_periods": self.min_periods, "center": self.center, "win_type": self.win_type,
            "closed": self.closed,
        }  # fmt: skip
        return {name: value for name, value in given.items() if value is not None}

    def __getitem__(self, columns: Any) -> Rolling:
        one = isinstance(columns, str)
        names = [columns] if one else list(columns)
        missing = [name for name in names if name not in self.obj._names]
        if missing:
            raise KeyError(f"Columns not found: {', '.join(map(repr, missing))}")
        return Rolling(self.obj[names], self.window, self.min_periods, self.center, self.win_type, self.closed, one)

    def __getattr__(self, name: str) -> Rolling:
        if not name.startswith("_") and name in self.obj._names:
            return self[name]
        raise AttributeError(f"'Rolling' object has no attribute {name!r}")

    def _given(self, numeric_only: bool = False) -> Any:
        return self.obj[self.obj._numbers()] if numeric_only else self.obj

    def _made(self, frame: Any) -> Any:
        return frame[frame._names[0]] if self._one else frame

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Any:
        if self.win_type is not None:
            return self._python(_method, statistic, {"numeric_only": numeric_only, **options}, label=statistic)
        call = aggregate("", statistic, **options)
        made = rolling(self.window, self.min_periods, self.center, self.closed, call)
        return self._made(self._given(numeric_only)._every(made))

    def _python(self, function: Callable[..., Any], *args: Any, label: str) -> Any:
        """``function`` of pandas' rolling windows, for partitions with what windows reach beyond them."""
        call = functools.partial(function, how=self.kwargs, given=args)
        before: Any
        after: Any
        if isinstance(self.window, (int, np.integer)):
            before, after = int(self.window) + 1, int(self.window) + 1 if self.center else 0
        else:
            span = pd.Timedelta(nanoseconds(self.window) + 1, unit="ns")
            before, after = span, span if self.center else pd.Timedelta(0)
        found = call_overlapping(self.obj, call, before, after, row_by_row=True, label=label)
        return self._made(found)

    def apply(
        self,
        func: Callable[..., Any],
        raw: bool = False,
        engine: Any = None,
        engine_kwargs: Any = None,
        args: Any = None,
        kwargs: Any = None,
    ) -> Any:
        """``func`` of each window, in Python: NumPy's array with ``raw``, else pandas' series.

        Workers run it only if they were started to (``--allow-python``).
        """
        options = {"raw": raw, "args": tuple(args or ()), "kwargs": dict(kwargs or {})}
        return self._python(_applied, func, options, label=getattr(func, "__name__", "apply"))

    def agg(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Statistics by name: one, or a dict from columns to one; a list of them needs one selected column.

        Functions are called in Python, as by :meth:`apply`.
        """
        if isinstance(func, dict):
            columns = [(name, self[name].agg(wanted, *args, **kwargs)) for name, wanted in func.items()]
            return _beside(columns)
        if isinstance(func, (list, tuple)):
            if not self._one:
                raise NotImplementedError("a list of statistics of several columns at once: select one, rolling(…)['x'].agg([…])")
            return _beside([(_name(wanted), self.agg(wanted, *args, **kwargs)) for wanted in func])
        if isinstance(func, str):
            return getattr(self, func)(*args, **kwargs)
        try:
            return getattr(self, statistic_name(func))(*args, **kwargs)
        except NotImplementedError:
            return self.apply(func, args=args, kwargs=kwargs)

    aggregate = agg

    def cov(self, other: Any = None, pairwise: bool | None = None, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Covariances of the columns with those of the same name of ``other``, in Python.

        Without ``other``, each column with itself (``pairwise=False``): all pairs would be rows of a second level.
        """
        return self._pairs("cov", other, pairwise, {"ddof": ddof, "numeric_only": numeric_only})

    def corr(self, other: Any = None, pairwise: bool | None = None, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Correlations, as :meth:`cov`."""
        return self._pairs("corr", other, pairwise, {"ddof": ddof, "numeric_only": numeric_only})

    def _pairs(self, method: str, other: Any, pairwise: bool | None, options: dict[str, Any]) -> Any:
        if pairwise or (pairwise is None and other is None and not self._one):
            raise NotImplementedError(
                f"rolling().{method}() of all pairs of columns: an index has one level; pass other, or pairwise=False"
            )
        if other is None:
            return self._python(_paired, method, options, [], label=method)
        mine, names = self.obj, list(self.obj._names)
        theirs = other.to_frame("other") if not hasattr(other, "_names") else other
        if hasattr(other, "_names"):
            if other._names != names:
                raise NotImplementedError(f"rolling().{method}() with a frame of other columns: select the same columns of both")
            pairs = [(f"other {name}", theirs._column(name)) for name in names]
        else:
            pairs = [(f"other {name}", other) for name in names]
        both = mine.assign(**dict(pairs))
        found = Rolling(both, self.window, self.min_periods, self.center, self.win_type, self.closed)
        made = self._made(found._python(_paired, method, options, names, label=method))
        return made.rename(None) if self._one and not hasattr(other, "_names") else made


def _windows(part: Any, how: dict[str, Any]) -> Any:
    return part.rolling(**how)


def _method(part: Any, how: Any, given: Any) -> Any:
    name, options = given
    return getattr(_windows(part, how), name)(**options)


def _applied(part: Any, how: Any, given: Any) -> Any:
    function, options = given
    return _windows(part, how).apply(function, **options)


def _paired(part: Any, how: Any, given: Any) -> Any:
    method, options, names = given
    if not names:
        return getattr(_windows(part, how), method)(pairwise=False, **options)
    others = part[[f"other {name}" for name in names]].set_axis(names, axis=1)
    return getattr(_windows(part[names], how), method)(others, pairwise=False, **options)


def _name(function: Any) -> str:
    return function if isinstance(function, str) else str(getattr(function, "__name__", function))


def _beside(columns: list[tuple[str, Any]]) -> Any:
    """A frame of these columns, which have the same rows."""
    first, *others = columns
    made = first[1].to_frame(first[0])
    return made.assign(**dict(others)) if others else made


class Expanding(WindowStatistics):
    """All rows up to each row."""

    __slots__ = ("_make", "min_periods")

    def __init__(self, make: Callable[[Any], Any], min_periods: int) -> None:
        self._make = make
        self.min_periods = min_periods

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Any:
        if numeric_only:
            raise NotImplementedError("expanding windows with numeric_only: select the columns first")
        return self._make(window("Expanding", min_periods=self.min_periods, aggregate=aggregate("", statistic, **options)))

    def agg(self, func: Any) -> Any:
        """A statistic by name."""
        return getattr(self, statistic_name(func))()
