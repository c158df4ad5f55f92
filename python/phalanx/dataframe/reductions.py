"""Statistics of whole columns, with pandas' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx.dataframe._calls import aggregate, as_list, dumps
from phalanx.dataframe._across import across
from phalanx.dataframe._describe import describe
from phalanx.dataframe._results import Result, Several, first_row
from phalanx.dataframe.categories import need_order

__all__ = ["FrameReductions"]


def along_rows(axis: Any) -> bool:
    """Whether a statistic is of each row."""
    if axis in (0, "index", "rows", None):
        return False
    if axis in (1, "columns"):
        return True
    raise ValueError(f"No axis named {axis} for object type DataFrame")


class FrameReductions:
    """What a frame can be reduced to.

    Each method gives a lazy result with one value for each column; with ``axis=1`` a series with one for each row.
    ``axis=None`` is 0, as in Dask, also for ``numpy.mean(frame)``; pandas takes the values of all columns together, which
    ``frame.to_dask_array(lengths=True).mean()`` does.
    """

    __slots__ = ()
    _native: Any

    def _reduce(
        self, statistic: str, axis: Any = 0, numeric_only: bool = False, name: str | None = None, **options: Any
    ) -> Any:
        if along_rows(axis):
            return across(self, name or statistic, numeric_only=numeric_only, **options)
        names = self._native.fitting(statistic, bool(numeric_only))
        if not numeric_only and len(names) < len(self.columns):  # type: ignore[attr-defined]
            types = dict(self._native.dtypes)
            other = [column for column in self.columns if column not in names]  # type: ignore[attr-defined]
            raise TypeError(
                f"{name or statistic} of column {other[0]!r}, which is of type {types[other[0]]}: "
                "pass numeric_only=True, or select columns first"
            )
        if not names:
            raise ValueError(f"{name or statistic} of a frame without a column that it fits")
        if statistic in ("min", "max"):
            need_order(self._native, names, statistic)
        calls = [aggregate(column, statistic, **options) for column in names]
        return Result(self._native.reduce(dumps(calls)), first_row)

    def sum(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0) -> Any:
        """Sums; of floats exact and rounded once, whatever the partitions."""
        return self._reduce("sum", axis, numeric_only, skipna=skipna, min_count=min_count)

    def prod(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False, min_count: int = 0) -> Any:
        """Products, in the order of rows."""
        return self._reduce("prod", axis, numeric_only, skipna=skipna, min_count=min_count)

    product = prod

    def mean(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """Means: exact, rounded once."""
        return self._reduce("mean", axis, numeric_only, skipna=skipna)

    def var(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Variances."""
        return self._reduce("var", axis, numeric_only, skipna=skipna, ddof=ddof)

    def std(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard deviations."""
        return self._reduce("std", axis, numeric_only, skipna=skipna, ddof=ddof)

    def sem(self, axis: Any = 0, skipna: bool = True, ddof: int = 1, numeric_only: bool = False) -> Any:
        """Standard errors of the means."""
        return self._reduce("sem", axis, numeric_only, skipna=skipna, ddof=ddof)

    def min(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """The smallest values."""
        return self._reduce("min", axis, numeric_only, skipna=skipna)

    def max(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """The largest values."""
        return self._reduce("max", axis, numeric_only, skipna=skipna)

    def median(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """Exact medians. The columns are brought into one task."""
        return self._reduce("median", axis, numeric_only, skipna=skipna)

    def skew(
        self,
        axis: Any = 0,
        skipna: bool = True,
        numeric_only: bool = False,
        bias: bool = False,
        nan_policy: str | None = None,
    ) -> Any:
        """Skewness; without bias, as pandas has it (Dask's default has it).

        ``nan_policy="omit"`` skips missing values, ``"propagate"`` does not.
        """
        return self._moment("skew", axis, numeric_only, _skips(skipna, nan_policy), bias, 0.0)

    def kurt(
        self,
        axis: Any = 0,
        skipna: bool = True,
        numeric_only: bool = False,
        fisher: bool = True,
        bias: bool = False,
        nan_policy: str | None = None,
    ) -> Any:
        """Excess kurtosis (``fisher=False``: kurtosis); without bias, as pandas has it (Dask's default has it).

        ``nan_policy="omit"`` skips missing values, ``"propagate"`` does not.
        """
        return self._moment("kurt", axis, numeric_only, _skips(skipna, nan_policy), bias, 0.0 if fisher else 3.0)

    kurtosis = kurt

    def _moment(self, statistic: str, axis: Any, numeric_only: bool, skipna: bool, bias: bool, more: float) -> Any:
        found = self._reduce(statistic, axis, numeric_only, skipna=skipna)
        if not bias:
            return found + more if more else found
        if along_rows(axis):
            raise NotImplementedError(f"{statistic}(bias=True) along rows: take it without bias")
        counts = self._reduce("count", 0, numeric_only)

        def biased(values: Any, count: Any) -> Any:
            n = count[values.index].astype(float)
            if statistic == "skew":
                return values * (n - 2) / (n * (n - 1)) ** 0.5
            return (values * (n - 2) * (n - 3) / (n - 1) - 6) / (n + 1) + more

        return found._then(biased, counts)

    def count(self, axis: Any = 0, numeric_only: bool = False) -> Any:
        """How many values are there."""
        return self._reduce("count", axis, numeric_only)

    def nunique(self, axis: Any = 0, dropna: bool = True) -> Any:
        """How many different values there are."""
        return self._reduce("nunique", axis, dropna=dropna)

    def any(self, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Any:
        """Whether any value is true."""
        return self._booleans(bool_only)._reduce("any", axis, skipna=skipna)

    def all(self, axis: Any = 0, bool_only: bool = False, skipna: bool = True) -> Any:
        """Whether all values are true."""
        return self._booleans(bool_only)._reduce("all", axis, skipna=skipna)

    def _booleans(self, bool_only: bool) -> Any:
        return self[list(self._meta.select_dtypes("bool").columns)] if bool_only else self  # type: ignore[index,attr-defined]

    def idxmin(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """The labels of the first rows with the smallest values; NaN where there is no value, of which pandas raises."""
        return self._reduce("idxmin", axis, numeric_only, skipna=skipna)

    def idxmax(self, axis: Any = 0, skipna: bool = True, numeric_only: bool = False) -> Any:
        """The labels of the first rows with the largest values; NaN where there is no value, of which pandas raises."""
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
        if along_rows(axis):
            if not isinstance(q, (int, float)):
                raise NotImplementedError("several quantiles of each row: ask for one after the other")
            return across(self, "quantile", numeric_only=numeric_only, q=q, interpolation=interpolation).rename(str(q))
        if isinstance(q, (int, float)):
            one = self._reduce("quantile", axis, numeric_only, q=float(q), interpolation=interpolation)
            return Result(one._native, lambda frame: first_row(frame).rename(q))
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

    def describe(
        self,
        percentiles: Sequence[float] | None = None,
        include: Any = None,
        exclude: Any = None,
        percentiles_method: str = "default",
    ) -> Any:
        """Count, mean, deviation, extremes and exact quantiles of columns of numbers; of others how many values there
        are, how many different ones, the most frequent (the first of several) and how often it is there.

        Parameters
        ----------
        percentiles : sequence of float, optional
            Which quantiles; by default the quartiles.
        include, exclude : "all", type or list of types, optional
            Which columns; by default those of numbers, or all if there are none.
        percentiles_method : str
            Taken as Dask takes it.
        """
        if percentiles_method not in ("default", "dask", "tdigest"):
            raise ValueError("method can only be 'default', 'dask' or 'tdigest'")
        return describe(self, percentiles, include, exclude)

    def agg(self, func: Any, axis: Any = 0, **kwargs: Any) -> Any:
        """Statistics of columns: a name of one, a list of names (a row each), or a dict of either by column.

        ``kwargs`` go to each statistic. Functions of Python are for ``reduction`` or ``map_partitions``.
        """
        if along_rows(axis):
            raise NotImplementedError("agg of each row: call the statistic with axis=1")
        from phalanx.dataframe._agg import agg

        return agg(self, func, kwargs)

    aggregate = agg

    def nunique_approx(self, split_every: Any = None) -> Result:
        """How many different rows there are: exactly."""
        return self.drop_duplicates()._count()  # type: ignore[attr-defined]

    def median_approximate(self, axis: Any = 0, method: str = "default", numeric_only: bool = False) -> Any:
        """Medians: exact, whatever the method."""
        if method not in ("default", "dask", "tdigest"):
            raise ValueError("method can only be 'default', 'dask' or 'tdigest'")
        return self.median(axis, numeric_only=numeric_only)

    def _pairs(self, statistic: str, min_periods: int, ddof: int, numeric_only: bool) -> Result:
        if not numeric_only and len(self._native.fitting(statistic, True)) < len(self.columns):  # type: ignore[attr-defined]
            raise ValueError(f"{statistic} of columns that are no numbers: pass numeric_only=True")

        def make(frame: Any) -> Any:
            frame = frame.set_index("index")
            frame.index.name = None
            return frame

        return Result(self._finite()._native.pairs(statistic, min_periods, ddof), make)  # type: ignore[attr-defined]

    def cov(self, min_periods: int | None = None, ddof: int = 1, numeric_only: bool = False) -> Result:
        """Covariances of all pairs of columns, each over the rows in which both are there."""
        return self._pairs("cov", min_periods or 0, ddof, numeric_only)

    def corr(self, method: str = "pearson", min_periods: int | None = None, numeric_only: bool = False) -> Result:
        """Pearson's correlations of all pairs of columns, each over the rows in which both are there."""
        if method != "pearson":
            raise NotImplementedError(f"corr(method={method!r}): rank the columns first for Spearman's")
        return self._pairs("corr", 1 if min_periods is None else min_periods, 1, numeric_only)

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
        """The most frequent values of each column, in ascending order."""
        frame: Any = self
        if numeric_only:
            frame = frame[list(frame._meta.select_dtypes(["number", "bool"]).columns)]
        if along_rows(axis):
            raise NotImplementedError("mode of each row: how many there are is known after computing; use map_partitions")
        names = frame._names
        if not names:
            raise ValueError("mode of a frame without a column")
        # The modes of one column are sorted by value, of categories by their order.
        modes = [frame._wrap(frame._native.mode_of(name, dropna)) for name in names]
        modes = [mode.sort_values(name) if mode[name]._native.dtype == "category" else mode for mode, name in zip(modes, names)]
        if len(modes) == 1:
            return modes[0]

        def beside(found: list[Any]) -> Any:
            from phalanx._lazy import pd

            return pd.concat(found, axis=1)

        return Several(modes, beside)


def _skips(skipna: bool, nan_policy: str | None) -> bool:
    if nan_policy is None:
        return skipna
    if nan_policy not in ("omit", "propagate"):
        raise NotImplementedError(f"nan_policy={nan_policy!r}: there are 'omit' and 'propagate'")
    return nan_policy == "omit"
