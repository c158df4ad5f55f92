"""Statistics of whole columns, with pandas' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx.dataframe._calls import aggregate, as_list, dumps
from phalanx.dataframe._results import Result, first_row

__all__ = ["FrameReductions"]


def need_columns(axis: Any, what: str) -> None:
    """Refuses statistics along rows."""
    if axis not in (0, "index", None):
        raise NotImplementedError(f"{what} along axis {axis!r}: write it as arithmetic on columns, df['x'] + df['y']")


class FrameReductions:
    """What a frame can be reduced to. Each method gives a lazy result with one value for each column."""

    __slots__ = ()
    _native: Any

    def _reduce(
        self, statistic: str, axis: Any = 0, numeric_only: bool = False, name: str | None = None, **options: Any
    ) -> Result:
        need_columns(axis, name or statistic)
        names = self._native.fitting(statistic, bool(numeric_only))
        if not numeric_only and len(names) < len(self.columns):  # type: ignore[attr-defined]
            types = dict(self._native.column_types())
            other = [column for column in self.columns if column not in names]  # type: ignore[attr-defined]
            raise TypeError(
                f"{name or statistic} of column {other[0]!r}, which is of type {types[other[0]]}: "
                "pass numeric_only=True, or select columns first"
            )
        if not names:
            raise ValueError(f"{name or statistic} of a frame without a column that it fits")
        calls = [aggregate(column, statistic, **options) for column in names]
        return Result(self._native.reduce(dumps(calls)), first_row)

    def sum(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0) -> Result:
        """Sums; of floats exact and rounded once, whatever the partitions."""
        return self._reduce("sum", axis, numeric_only, skipna=skipna, min_count=min_count)

    def prod(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0) -> Result:
        """Products, in the order of rows."""
        return self._reduce("prod", axis, numeric_only, skipna=skipna, min_count=min_count)

    product = prod

    def mean(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Means: exact, rounded once."""
        return self._reduce("mean", axis, numeric_only, skipna=skipna)

    def var(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Variances."""
        return self._reduce("var", axis, numeric_only, skipna=skipna, ddof=ddof)

    def std(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Standard deviations."""
        return self._reduce("std", axis, numeric_only, skipna=skipna, ddof=ddof)

    def sem(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Standard errors of the means."""
        return self._reduce("sem", axis, numeric_only, skipna=skipna, ddof=ddof)

    def min(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The smallest values."""
        return self._reduce("min", axis, numeric_only, skipna=skipna)

    def max(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The largest values."""
        return self._reduce("max", axis, numeric_only, skipna=skipna)

    def median(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Exact medians. The columns are brought into one task."""
        return self._reduce("median", axis, numeric_only, skipna=skipna)

    def skew(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Skewness, without bias."""
        return self._reduce("skew", axis, numeric_only, skipna=skipna)

    def kurt(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """Excess kurtosis, without bias."""
        return self._reduce("kurt", axis, numeric_only, skipna=skipna)

    kurtosis = kurt

    def count(self, axis: Any = 0, numeric_only: bool = False) -> Result:
        """How many values are there."""
        return self._reduce("count", axis, numeric_only)

    def nunique(self, axis: Any = 0, dropna: bool = True) -> Result:
        """How many different values there are."""
        return self._reduce("nunique", axis, dropna=dropna)

    def any(self, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Result:
        """Whether any value is true."""
        if bool_only:
            raise NotImplementedError("any(bool_only=True): select the columns first")
        return self._reduce("any", axis, skipna=skipna)

    def all(self, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Result:
        """Whether all values are true."""
        if bool_only:
            raise NotImplementedError("all(bool_only=True): select the columns first")
        return self._reduce("all", axis, skipna=skipna)

    def idxmin(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The labels of the first rows with the smallest values."""
        return self._reduce("idxmin", axis, numeric_only, skipna=skipna)

    def idxmax(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Result:
        """The labels of the first rows with the largest values."""
        return self._reduce("idxmax", axis, numeric_only, skipna=skipna)

    def quantile(
        self,
        q: float | Sequence[float] = 0.5,
        axis: Any = 0,
        numeric_only: bool = False,
        interpolation: str = "linear",
        method: str = "single",
    ) -> Result:
        """Exact quantiles: a series for one ``q``, a frame with a row each for several."""
        if method not in ("single", "dask", "default"):
            raise NotImplementedError(f"quantile(method={method!r}): quantiles are exact, method='single'")
        if isinstance(q, (int, float)):
            one = self._reduce("quantile", axis, numeric_only, q=float(q), interpolation=interpolation)
            return Result(one._native, lambda frame: first_row(frame).rename(q))
        need_columns(axis, "quantile")
        names = self._native.fitting("quantile", bool(numeric_only))
        wanted = [float(value) for value in q]
        rows = [
            (str(value), [aggregate(c, "quantile", q=value, interpolation=interpolation) for c in names])
            for value in wanted
        ]

        def make(frame: Any) -> Any:
            frame = frame.drop(columns="index")
            frame.index = wanted
            return frame

        return Result(self._native.reduce_table(dumps(rows)), make)

    def describe(self, percentiles: Sequence[float] | None = None) -> Result:
        """Count, mean, deviation, extremes and quantiles of the columns of numbers."""
        wanted = [0.25, 0.5, 0.75] if percentiles is None else [float(value) for value in percentiles]

        def make(frame: Any) -> Any:
            frame = frame.set_index("index")
            frame.index.name = None
            return frame

        return Result(self._native.describe(wanted), make)

    def _pairs(self, statistic: str, min_periods: int, ddof: int, numeric_only: bool) -> Result:
        if not numeric_only and len(self._native.fitting(statistic, True)) < len(self.columns):  # type: ignore[attr-defined]
            raise ValueError(f"{statistic} of columns that are no numbers: pass numeric_only=True")

        def make(frame: Any) -> Any:
            frame = frame.set_index("index")
            frame.index.name = None
            return frame

        return Result(self._native.pairs(statistic, min_periods, ddof), make)

    def cov(self, min_periods: int | None = None, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Covariances of all pairs of columns, each over the rows in which both are there."""
        return self._pairs("cov", min_periods or 0, ddof, numeric_only)

    def corr(self, method: str = "pearson", min_periods: int = 1, numeric_only: bool = False) -> Result:
        """Pearson's correlations of all pairs of columns, each over the rows in which both are there."""
        if method != "pearson":
            raise NotImplementedError(f"corr(method={method!r}): rank the columns first for Spearman's")
        return self._pairs("corr", min_periods, 1, numeric_only)

    def value_counts(
        self,
        subset: Any = None,
        normalize: bool = False,
        sort: bool = True,
        ascending: bool = False,
        dropna: bool = True,
    ) -> Result:
        """How often each row is there: most frequent first, ties by first appearance."""
        names = as_list(subset) or list(self.columns)  # type: ignore[attr-defined]
        native = self._native.value_counts_of(names, normalize, sort, ascending, dropna)
        label = "proportion" if normalize else "count"
        return Result(native, lambda frame: frame.set_index(names)[label])

    def mode(self, axis: Any = 0, numeric_only: bool = False, dropna: bool = True) -> Any:
        """The most frequent values; of a frame of one column."""
        need_columns(axis, "mode")
        names = list(self.columns)  # type: ignore[attr-defined]
        if len(names) != 1:
            raise NotImplementedError("mode of several columns at once: take one column after the other, df[['x']]")
        if numeric_only and not self._native.fitting("sum", True):
            raise ValueError("mode of a frame without a column of numbers")
        return self._wrap(self._native.mode_of(names[0], dropna))  # type: ignore[attr-defined]
