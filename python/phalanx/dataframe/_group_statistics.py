"""Statistics of groups: a value for each group and column."""

from __future__ import annotations

from typing import Any

from phalanx.dataframe._calls import aggregate
from phalanx.dataframe._results import Result

__all__ = ["GroupStatistics"]


class GroupStatistics:
    """What a group's values are reduced to."""

    __slots__ = ()
    _frame: Any
    _native: Any
    _keys: list[str]
    _labels: list[Any]
    _options: Any
    _columns: list[str] | None
    _one: bool
    _values: Any
    _fitting: Any
    _of: Any
    _with: Any
    _result: Any
    _statistic: Any

    def sum(self, numeric_only: bool = False, min_count: int | None = None) -> Result:
        """Sums; of floats exact and rounded once."""
        return self._statistic("sum", numeric_only, min_count=max(min_count or 0, 0))

    def prod(self, numeric_only: bool = False, min_count: int | None = None) -> Result:
        """Products, in the order of rows."""
        return self._statistic("prod", numeric_only, min_count=max(min_count or 0, 0))

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

    def first(self, numeric_only: bool = False, skipna: bool = True, sort: bool | None = None) -> Result:
        """The first values that are there."""
        return self._sorted(sort)._statistic("first", numeric_only, skipna=skipna)

    def last(self, numeric_only: bool = False, skipna: bool = True, sort: bool | None = None) -> Result:
        """The last values that are there."""
        return self._sorted(sort)._statistic("last", numeric_only, skipna=skipna)

    def median(self, numeric_only: bool = False) -> Result:
        """Exact medians."""
        return self._statistic("median", numeric_only)

    def quantile(self, q: Any = 0.5, interpolation: str = "linear", numeric_only: bool = False) -> Result:
        """Exact quantiles: one, or several, which become a level of the index."""
        if isinstance(q, (int, float)):
            return self._statistic("quantile", numeric_only, q=float(q), interpolation=interpolation)
        wanted, names = [float(each) for each in q], self._fitting("quantile", numeric_only)
        calls = [aggregate(name, "quantile", q=each, interpolation=interpolation) for name in names for each in wanted]
        found = self._of(names, False)._result(calls, list(range(len(calls))))
        one = self._one

        def make(wide: Any) -> Any:
            from phalanx._lazy import pd

            wide.columns = pd.MultiIndex.from_product([names, wanted])
            tall = wide.stack(level=1, future_stack=True)[names]
            return tall[names[0]] if one else tall

        return found._after(make)

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

    def _sorted(self, sort: bool | None) -> Any:
        if sort is None:
            return self
        return self._with(self._frame, self._keys, self._labels, self._options._replace(sort=sort), self._columns, self._one)

    def size(self) -> Result:
        """How many rows there are."""
        plain = self._of([self._keys[0]], True)
        sized = plain._result([aggregate(self._keys[0], "size")], ["size"])
        if not self._options.as_index:
            return sized
        name = self._columns[0] if self._one and self._columns else None
        return sized._after(lambda sizes: sizes.rename(name))

    def value_counts(
        self, normalize: bool = False, sort: bool = True, ascending: bool = False, bins: Any = None, dropna: bool = True
    ) -> Result:
        """How often each value of the selected column is there in each group: most frequent first, ties by first
        appearance."""
        if bins is not None or not self._one:
            raise NotImplementedError(
                "groupby().value_counts() of bins, or of several columns: group by the keys and the columns, and take size()"
            )
        keys, column = list(self._labels), self._values()[0]
        options = self._options._replace(sort=False, dropna=False, as_index=True)
        needed = [*(self._keys if self._options.dropna else []), *([column] if dropna else [])]
        frame = self._frame._wrap(self._native.dropna(needed, "any", 0)) if needed else self._frame
        wide = self._with(frame, [*self._keys, column], [*keys, column], options, [column], True)
        by_key = self._options.sort

        def make(counts: Any) -> Any:
            table = counts.rename("count").reset_index(allow_duplicates=True).set_axis([*range(len(keys)), "value", "count"], axis=1)
            levels = list(range(len(keys)))
            if normalize:
                table["count"] = table["count"] / table.groupby(levels, dropna=False)["count"].transform("sum")
            if sort:
                table = table.sort_values("count", ascending=ascending, kind="stable")
            if by_key:
                table = table.sort_values(levels, kind="stable")
            elif sort:  # groups in order of first appearance
                order = counts.reset_index(allow_duplicates=True).iloc[:, : len(keys)].drop_duplicates()
                order = order.set_axis(levels, axis=1).assign(place=range(len(order)))
                table = table.merge(order, on=levels, how="left").sort_values("place", kind="stable")
            table = table.set_index([*levels, "value"])["count"].rename("proportion" if normalize else "count")
            return table.rename_axis([*keys, column])

        return wide.size()._after(make)

    def unique(self) -> Result:
        """The different values of the selected column in each group, in order of first appearance, as NumPy's arrays."""
        if not self._one:
            raise AttributeError("unique of groups is of one selected column")
        keys, column = list(self._labels), self._values()[0]
        options = self._options._replace(sort=False, as_index=True)
        # A missing value is a value, a missing key is none.
        frame = self._frame._wrap(self._native.dropna(self._keys, "any", 0)) if self._options.dropna else self._frame
        wide = self._with(frame, [*self._keys, column], [*keys, column], options._replace(dropna=False), [column], True)
        sort = self._options.sort

        def make(counts: Any) -> Any:
            levels = list(range(len(keys)))
            values = counts.index.get_level_values(len(keys)).to_series(index=counts.index.droplevel(len(keys)))
            grouped = values.groupby(level=levels if len(keys) > 1 else 0, sort=sort, dropna=False)
            return grouped.apply(lambda group: group.unique()).rename(column).rename_axis(keys if len(keys) > 1 else keys[0])

        return wide.size()._after(make)

    def cov(self, ddof: int = 1, numeric_only: bool = False, min_periods: int | None = None) -> Result:
        """Covariances of all pairs of columns in each group."""
        return self._pairs("cov", numeric_only, ddof=ddof, min_count=min_periods or 0)

    def corr(self, method: str = "pearson", min_periods: int = 1, numeric_only: bool = False) -> Result:
        """Pearson's correlations of all pairs of columns in each group."""
        if method != "pearson":
            raise NotImplementedError(f"corr(method={method!r}): rank the columns first for Spearman's")
        return self._pairs("corr", numeric_only, min_count=min_periods)

    def _pairs(self, statistic: str, numeric_only: bool, **options: Any) -> Result:
        if self._one:
            raise NotImplementedError(f"{statistic} of one column: select two, groupby(…)[['x', 'y']].{statistic}()")
        names = [name for name in self._values() if not numeric_only or name in self._frame._numbers()]
        for name in names:
            if name not in self._frame._numbers():
                raise ValueError(f"{statistic} of column {name!r}, which holds no numbers: pass numeric_only=True")
        calls = [aggregate(one, statistic, other=two, **options) for one in names for two in names]
        values = self._frame[names]._finite()
        frame = self._frame._wrap(self._native.assign([(name, values._native.column(name)) for name in names]))
        plain = self._with(frame, self._keys, self._labels, self._options._replace(as_index=True), names)
        wide = plain._result(calls, list(range(len(calls))))

        def make(found: Any) -> Any:
            from phalanx._lazy import pd

            levels = [found.index.get_level_values(level).repeat(len(names)) for level in range(found.index.nlevels)]
            index = pd.MultiIndex.from_arrays([*levels, names * len(found)], names=[*found.index.names, None])
            return pd.DataFrame(found.to_numpy().reshape(-1, len(names)), index=index, columns=names)

        return wide._after(make)

    def get_group(self, key: Any) -> Any:
        """The rows of one group, in their order."""
        values = key if isinstance(key, tuple) and len(self._keys) > 1 else [key[0] if isinstance(key, tuple) else key]
        if len(values) != len(self._keys):
            raise ValueError(f"must supply a tuple to get_group with multiple grouping keys: {len(self._keys)} of them")
        condition: Any = None
        for name, value in zip(self._keys, values):
            column = self._key_column(name)
            one = column.isna() if value is None or value != value else column == value
            condition = one if condition is None else condition & one
        frame = self._frame._wrap(self._native.filter(condition._native))
        if self._one and self._columns:
            return frame[self._columns[0]]
        return frame[[name for name in (self._columns or frame._names) if not name.startswith("__key_")]]

    def _key_column(self, name: str) -> Any:
        from phalanx.dataframe.series import Series

        return Series._wrap(self._native.column(name))
