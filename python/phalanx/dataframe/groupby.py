"""Rows in groups of equal keys, with pandas' names."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from phalanx._lazy import pd
from phalanx.dataframe._calls import STATISTICS, aggregate, as_list, dumps, statistic_name
from phalanx.dataframe._group_rows import GroupRows
from phalanx.dataframe._group_statistics import GroupStatistics
from phalanx.dataframe._groups import GroupFunctions, _with_arguments, function_labels, is_named
from phalanx.dataframe._results import Result
from phalanx.dataframe.categories import need_order

__all__ = ["FrameGroups", "GroupBy"]

_APPLY = "use apply"
#: The way round what lazy groups have not.
_INSTEAD = {
    "groups": "frame[key].unique() are the keys",
    "indices": "frame[key].unique() are the keys",
    "ngroup": "number the keys, and map them: frame[key].map(dict(zip(keys, range(len(keys)))))",
    "ngroups": "frame[key].nunique()",
    "resample": "apply a function that resamples",
}
_NUMBERS_ONLY = {"mean", "median", "var", "std", "sem", "quantile", "skew", "kurt", "prod", "sum", "cov", "corr"}


class FrameGroups:
    """``groupby``."""

    __slots__ = ()
    _native: Any

    def groupby(
        self,
        by: Any = None,
        group_keys: bool = True,
        sort: bool | None = None,
        observed: bool | None = None,
        dropna: bool | None = None,
        as_index: bool = True,
        level: Any = None,
    ) -> GroupBy:
        """Rows in groups of equal values of the columns ``by``.

        Parameters
        ----------
        by : str, Series, or list of them
            The names of columns (or of the index), or series of the frame's rows.
        group_keys : bool, default True
            Whether :meth:`GroupBy.apply` puts the keys before the labels of what is as long as the group.
        sort : bool, default True
            Groups by key; else in order of first appearance.
        observed : bool, default True
            Only groups that are there; the only choice.
        dropna : bool, default True
            Rows with a missing key belong to no group.
        as_index : bool, default True
            Keys become the index of results.
        level : int or str, optional
            The index, by its number (0) or name, in place of ``by``.
        """
        if observed is False:
            raise NotImplementedError("groupby(observed=False): reindex the result by all categories")
        if level is not None:
            if by is not None or level not in (0, self._native.index):
                raise ValueError(f"level {level!r}: the index is the one level, and takes the place of by")
            by = self._native.index
        if by is None:
            raise TypeError("You have to supply one of 'by' and 'level'")
        frame: Any = self
        keys, labels = [], []
        for key in by if isinstance(by, (list, tuple)) else [by]:
            if isinstance(key, str):
                if key not in frame._native.column_names:
                    raise KeyError(key)
                keys.append(key)
                labels.append(key)
            elif hasattr(key, "_arithmetic"):  # a series
                name = f"__key_{len(keys)}"
                frame = frame._wrap(frame._native.assign([(name, key._native)]))
                keys.append(name)
                labels.append(key.name)
            else:
                raise NotImplementedError(
                    f"groupby by a {type(key).__name__}: give names of columns or lazy series; bins of time are resample"
                )
        if not keys:
            raise ValueError("No group keys passed!")
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key is there twice: {keys}")
        options = Options(
            True if sort is None else bool(sort), True if dropna is None else bool(dropna), bool(as_index), bool(group_keys)
        )
        return GroupBy(frame, keys, labels, options)


class Options(NamedTuple):
    """How groups are made and given."""

    sort: bool = True
    dropna: bool = True
    as_index: bool = True
    group_keys: bool = True


class GroupBy(GroupStatistics, GroupRows, GroupFunctions):
    """Rows in groups; ``[]`` selects the columns that are computed of."""

    __slots__ = ("_columns", "_frame", "_keys", "_labels", "_one", "_options")

    def __init__(
        self,
        frame: Any,
        keys: list[str],
        labels: list[Any],
        options: Options,
        columns: list[str] | None = None,
        one: bool = False,
    ) -> None:
        self._frame = frame
        self._keys = keys
        self._labels = labels
        self._options = options
        self._columns = columns
        self._one = one

    def _of(self, columns: list[str] | None, one: bool = False) -> GroupBy:
        """The same groups, of these columns."""
        return GroupBy(self._frame, self._keys, self._labels, self._options, columns, one)

    def __getitem__(self, columns: Any) -> GroupBy:
        names = as_list(columns)
        for name in names:
            if name not in self._frame._native.column_names:
                raise KeyError(f"Column not found: {name}")
        return self._of(names, isinstance(columns, str))

    def __getattr__(self, name: str) -> GroupBy:
        if not name.startswith("_") and name in self._frame._native.column_names:
            return self[name]
        if name == "filter":
            raise AttributeError(
                "groups have no 'filter': keep rows by a statistic of their group, as in "
                "frame[frame.groupby(key)[column].transform('size') > 10]"
            )
        if not name.startswith("_") and hasattr(pd.core.groupby.DataFrameGroupBy, name):
            raise AttributeError(f"lazy groups have no {name!r}, which pandas' have: {_INSTEAD.get(name, _APPLY)}")
        raise AttributeError(f"'GroupBy' object has no attribute {name!r}")

    def __iter__(self) -> Any:
        raise NotImplementedError(
            "iteration over lazy groups, which would compute them one by one: use apply, or get_group of the keys that "
            "frame[key].unique() has"
        )

    @property
    def obj(self) -> Any:
        """What is grouped."""
        frame = self._frame[[name for name in self._frame._names if not name.startswith("__key_")]]
        return frame[self._columns[0]] if self._one and self._columns else frame

    @property
    def by(self) -> list[Any]:
        """The names of the keys."""
        return list(self._labels)

    @property
    def sort(self) -> bool:
        """Whether groups come by key."""
        return self._options.sort

    @property
    def dropna(self) -> bool:
        """Whether rows with a missing key belong to no group."""
        return self._options.dropna

    @property
    def observed(self) -> bool:
        """Whether there are only groups that are there: yes."""
        return True

    @property
    def group_keys(self) -> bool:
        """Whether ``apply`` puts the keys before the labels."""
        return self._options.group_keys

    def compute(self, **_: Any) -> Any:
        """Refused: groups are computed of, not computed."""
        raise NotImplementedError("groups themselves can't be computed: take a statistic of them, or apply")

    @property
    def _native(self) -> Any:
        return self._frame._native

    def _values(self) -> list[str]:
        if self._columns is not None:
            return self._columns
        return [name for name in self._frame._names if name not in self._keys and not name.startswith("__key_")]

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
        for extreme in ("min", "max"):
            need_order(self._native, [call["column"] for call in calls if call["statistic"] == extreme], extreme)
        calls = [{**call, "name": f"result {number}"} for number, call in enumerate(calls)]
        wanted = labels
        native = self._native.group_agg(self._keys, self._options.sort, self._options.dropna, dumps(calls))
        return self._finished(native, wanted)

    def _finished(self, native: Any, wanted: Any) -> Result:
        """The result of a native frame of keys and values, under these labels."""
        hidden, keys, as_index, one = list(self._keys), list(self._labels), self._options.as_index, self._one

        def make(frame: Any) -> Any:
            values = frame.drop(columns=hidden)
            frame = frame[hidden].set_axis(keys, axis=1)
            several = any(isinstance(label, tuple) for label in wanted or ())
            values.columns = pd.MultiIndex.from_tuples(wanted) if several else wanted
            if not as_index:
                if several:
                    frame = frame[keys]
                    frame.columns = pd.MultiIndex.from_tuples([(key, "") for key in keys])
                    return pd.concat([frame, values], axis=1)
                return pd.concat([frame, values], axis=1)
            values.index = (
                pd.Index(frame.iloc[:, 0], name=keys[0])
                if len(keys) == 1
                else pd.MultiIndex.from_frame(frame[keys])
            )
            return values.iloc[:, 0] if one and values.shape[1] == 1 else values

        plain = len(keys) == 1 and all(isinstance(label, str) for label in [*keys, *wanted]) and keys[0] not in wanted
        return Result(native, make, functools.partial(self._as_frame, native, list(wanted)) if plain else None)

    def _as_frame(self, native: Any, labels: list[str]) -> Any:
        """The result of one key as a lazy frame, or series."""
        key = self._labels[0]
        values = [name for name in native.column_names if name not in self._keys]
        native = native.take_columns([*self._keys, *values]).rename([(self._keys[0], key), *zip(values, labels)])
        frame = self._frame._wrap(native.with_index(key) if self._options.as_index else native)
        return frame[labels[0]] if self._one and len(labels) == 1 and self._options.as_index else frame

    def _statistic(self, statistic: str, numeric_only: bool = False, **options: Any) -> Result:
        names = self._fitting(statistic, numeric_only)
        return self._result([aggregate(name, statistic, **options) for name in names], list(names))

    def agg(
        self,
        func: Any = None,
        *args: Any,
        arg: Any = None,
        split_every: Any = None,
        split_out: Any = None,
        shuffle_method: Any = None,
        **named: Any,
    ) -> Any:
        """Statistics: one, a list, a dict from columns to one or several, or ``name=(column, statistic)``.

        Parameters
        ----------
        func (or arg) : str, callable, Aggregation, list or dict
            Names of statistics; functions of a group's values as pandas' series, which are called in Python; or
            :class:`Aggregation` objects.
        *args, **named
            What a statistic that is given by name takes; or columns of the result by name.
        split_every, split_out, shuffle_method
            Taken as Dask takes them.
        """
        arg = func if arg is None else arg
        pairs: list[tuple[str, Any]] = []
        labels: list[Any]
        if arg is None:
            if not named:
                raise TypeError("Must provide 'func' or tuples of '(column, aggfunc).")
            labels = []
            for label, wanted in named.items():
                column, statistic = wanted if isinstance(wanted, tuple) else (self._values()[0], wanted)
                pairs.append((column, statistic))
                labels.append(label)
            return self._of(None)._aggregated(pairs, labels)
        if isinstance(arg, dict):
            if named:
                raise TypeError("give statistics by position or by name, not both")
            several = any(isinstance(wanted, (list, tuple)) for wanted in arg.values())
            labels = []
            for column, wanted in arg.items():
                own = wanted if isinstance(wanted, (list, tuple)) else [wanted]
                pairs += [(column, statistic) for statistic in own]
                labels += [(column, label) if several else column for label in function_labels(own)]
            return self._aggregated(pairs, labels)
        if isinstance(arg, (list, tuple)):
            pairs = [(column, statistic) for column in self._values() for statistic in arg]
            shown = function_labels(arg)
            labels = [label if self._one else (column, label) for column in self._values() for label in shown]
            return self._of(None)._aggregated(pairs, labels)
        if isinstance(arg, str) or is_named(arg):
            name = statistic_name(arg)
            if name in STATISTICS | {"kurtosis"} or not hasattr(self, name):
                options = {key: value for key, value in named.items() if key != "numeric_only"}
                return self._statistic(name, bool(named.get("numeric_only", False)), **options)
            return getattr(self, name)(*args, **named)
        if args or named:
            arg = functools.partial(_with_arguments, function=arg, args=args, kwargs=named)
        return self._aggregated([(column, arg) for column in self._values()], list(self._values()))

    aggregate = agg

    def describe(self, percentiles: Any = None) -> Any:
        """Count, mean, deviation, extremes and quantiles of each column of each group; by default the quartiles."""
        wanted = [0.25, 0.5, 0.75] if percentiles is None else sorted(float(value) for value in percentiles)
        names = self._fitting("mean", self._columns is None)
        calls: list[dict[str, Any]] = []
        labels: list[Any] = []
        for name in names:
            own = [aggregate(name, statistic) for statistic in ("count", "mean", "std", "min")]
            own += [aggregate(name, "quantile", q=value) for value in wanted]
            own += [aggregate(name, "max")]
            shown = ["count", "mean", "std", "min", *(f"{value:.10g}%" for value in (100 * each for each in wanted)), "max"]
            calls += own
            labels += shown if self._one else [(name, each) for each in shown]
        return self._result(calls, labels)._then(lambda frame: frame.astype("float64"))

    def _aggregated(self, pairs: list[tuple[str, Any]], labels: list[Any]) -> Result:
        for column, _ in pairs:
            if column not in self._native.column_names:
                raise KeyError(f"Label(s) ['{column}'] do not exist")
        if all(isinstance(statistic, str) or is_named(statistic) for _, statistic in pairs):
            return self._result([aggregate(column, statistic_name(statistic)) for column, statistic in pairs], labels)
        return self._in_python(pairs, labels)


# What makes other groups of the same kind.
GroupBy._with = GroupBy
