"""Merges, order, distinct rows, parts and shape of frames, with pandas' names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._calls import as_list, dumps
from phalanx.dataframe._groups import function_label
from phalanx.dataframe._results import Deferred

__all__ = ["FrameShape", "merge_asof"]


class FrameShape:
    """What moves rows or changes the shape."""

    __slots__ = ()
    _native: Any

    def _made(self, native: Any) -> Any:
        return self._wrap(native)  # type: ignore[attr-defined]

    def _need(self, names: Sequence[str]) -> None:
        known = self._native.column_names
        for name in names:
            if name not in known:
                raise KeyError(name)

    def merge(
        self,
        right: Any,
        how: str = "inner",
        on: Any = None,
        left_on: Any = None,
        right_on: Any = None,
        left_index: bool = False,
        right_index: bool = False,
        suffixes: tuple[str, str] = ("_x", "_y"),
        indicator: bool | str = False,
        validate: str | None = None,
        npartitions: int | None = None,
    ) -> Any:
        """Rows of both frames with equal keys, in pandas' order.

        Parameters
        ----------
        right : DataFrame or Series
            What is held in memory, a hash partition a task: let it be the smaller. pandas' own become lazy.
        how : {"inner", "left", "right", "outer", "leftsemi", "leftanti", "cross"}
            Which rows are kept.
        on, left_on, right_on : str or list of str
            Keys; by default the columns that both frames have.
        left_index, right_index : bool
            The index is the key; it must be a named one.
        suffixes : tuple of str
            What is appended to names that both frames have.
        indicator : bool or str
            Whether (and under which name) a column says where a row comes from.
        validate : {"1:1", "1:m", "m:1", "m:m"}
            Which keys must be unique.
        npartitions : int
            The result's partitions; by default those of the left frame.
        """
        if isinstance(right, (pd.DataFrame, pd.Series, Deferred)):
            right = _lazily(right)
        if hasattr(right, "to_frame") and hasattr(right, "_phalanx_kind"):  # a lazy series
            right = right.to_frame()
        if not isinstance(right, FrameShape):
            raise TypeError(f"Can only merge Series or DataFrame objects, a {type(right)} was passed")
        left_keys, right_keys = as_list(left_on), as_list(right_on)
        left_native, right_native = self._native, right._native
        by_index = left_index and right_index
        if left_index or right_index:
            for wanted, native, keys in ((left_index, left_native, left_keys), (right_index, right_native, right_keys)):
                if not wanted:
                    continue
                if keys or on is not None:
                    raise ValueError("Can only pass argument \"on\" OR \"left_index\" and \"right_index\", not both.")
                if native.index is None:
                    raise NotImplementedError("a merge on row numbers: set_index a column first")
                keys.append(native.index)
        elif on is not None:
            if left_keys or right_keys:
                raise ValueError('Can only pass argument "on" OR "left_on" and "right_on", not a combination of both.')
            left_keys = right_keys = as_list(on)
        elif how != "cross" and not left_keys and not right_keys:
            left_keys = right_keys = [name for name in self.columns if name in right.columns]  # type: ignore[attr-defined]
            if not left_keys:
                raise ValueError("No common columns to perform merge on: pass on, or left_on and right_on")
        if len(left_keys) != len(right_keys):
            raise ValueError("len(right_on) must equal len(left_on)")
        self._need(left_keys)
        right._need(right_keys)
        left_native = left_native if left_native.index in left_keys else _only_columns(left_native)
        right_native = right_native if right_native.index in right_keys else _only_columns(right_native)
        renamed: str | None = None
        if by_index and left_keys != right_keys:
            # The result has one index, as pandas' has.
            right_native = right_native.renamed([(right_keys[0], left_keys[0])])
            right_keys = left_keys
            renamed = left_keys[0]
        call = {
            "how": how,
            "left_on": left_keys,
            "right_on": right_keys,
            "suffixes": ["" if suffix is None else suffix for suffix in suffixes],
            "indicator": "_merge" if indicator is True else (indicator or None),
            "validate": validate,
        }
        merged = left_native.merge_with(right_native, dumps(call))
        if by_index:
            merged = merged.with_index(renamed or left_keys[0])
        if npartitions is not None:
            merged = merged.repartitioned(npartitions)
        made = self._made(merged)
        if indicator:
            side = "_merge" if indicator is True else str(indicator)
            made = made.assign(**{side: made[side].astype(pd.CategoricalDtype(["left_only", "right_only", "both"]))})
        return made

    def join(
        self, other: Any, on: str | None = None, how: str = "left", lsuffix: str = "", rsuffix: str = ""
    ) -> Any:
        """A merge with the index of ``other``."""
        if on is None:
            return self.merge(other, how, left_index=True, right_index=True, suffixes=(lsuffix, rsuffix))
        return self.merge(other, how, left_on=on, right_index=True, suffixes=(lsuffix, rsuffix))

    def sort_values(
        self,
        by: Any,
        ascending: bool | Sequence[bool] = True,
        na_position: str = "last",
        npartitions: int | None = None,
        kind: str | None = None,
        ignore_index: bool = False,
    ) -> Any:
        """All rows by columns, ties in their order, in as many partitions as before."""
        names = as_list(by)
        self._need(names)
        if kind not in (None, "quicksort", "mergesort", "heapsort", "stable"):
            raise ValueError(f"sort kind {kind!r}: ties keep their order always")
        if na_position not in ("first", "last"):
            raise ValueError(f"invalid na_position: {na_position}")
        flags = [bool(ascending)] * len(names) if isinstance(ascending, (bool, int)) else [bool(a) for a in ascending]
        if len(flags) != len(names):
            raise ValueError(f"Length of ascending ({len(flags)}) != length of by ({len(names)})")
        native = self._native.sorted_by(list(zip(names, flags)), na_position == "first")
        if npartitions is not None:
            native = native.repartitioned(npartitions)
        if ignore_index:
            native = _only_columns(native)
        return self._made(native)

    def sort_index(self, ascending: bool = True, na_position: str = "last") -> Any:
        """All rows by the index."""
        if self._native.index is None:
            raise NotImplementedError("sort_index of row numbers: they are sorted; set_index a column first")
        return self.sort_values(self._native.index, ascending, na_position)

    def nlargest(self, n: int = 5, columns: Any = None, keep: str = "first") -> Any:
        """The rows with the largest values, in one partition."""
        return self._top(n, columns, False, keep)

    def nsmallest(self, n: int = 5, columns: Any = None, keep: str = "first") -> Any:
        """The rows with the smallest values, in one partition."""
        return self._top(n, columns, True, keep)

    def _top(self, n: int, columns: Any, ascending: bool, keep: str) -> Any:
        names = as_list(columns)
        if not names:
            raise TypeError("nlargest and nsmallest need the columns that are compared")
        self._need(names)
        types = dict(self._native.column_types())
        for name in names:
            if types[name].startswith("Dictionary"):
                raise TypeError(f"Column {name!r} has dtype category, cannot use method 'nlargest' or 'nsmallest' with this dtype")
        if keep not in ("first", "last"):
            raise NotImplementedError(f"keep={keep!r}: there are 'first' and 'last'")
        return self._made(self._native.top_rows(max(n, 0), [(name, ascending) for name in names], keep == "last"))

    def drop_duplicates(
        self, subset: Any = None, keep: str | bool = "first", ignore_index: bool = False, split_out: Any = True
    ) -> Any:
        """The rows without those that equal another, in their order and partitions."""
        names = as_list(subset)
        self._need(names)
        if keep not in ("first", "last", False):
            raise ValueError(f'keep must be either "first", "last" or False, not {keep!r}')
        native = self._native.distinct_rows(names, keep or None)
        if isinstance(split_out, int) and not isinstance(split_out, bool):
            native = native.repartitioned(split_out)
        if ignore_index:
            native = _only_columns(native)
        return self._made(native)

    def pivot_table(self, index: str, columns: str, values: Any = None, aggfunc: Any = "mean") -> Any:
        """A row for each value of ``index`` and a column for each of ``columns``, with a statistic of ``values``.

        Parameters
        ----------
        index, columns : str
            Columns of keys.
        values : str or list of str, optional
            Whose statistic; all columns of numbers by default. Several give columns of two levels.
        aggfunc : str, callable or list
            The statistic, or several, which are a level of the columns.
        """
        frame: Any = self
        chosen = [name for name in frame._numbers() if name not in (index, columns)] if values is None else as_list(values)
        frame._need([index, columns, *chosen])
        one = isinstance(values, str)
        several = isinstance(aggfunc, (list, tuple))
        found = frame.groupby([index, columns])[values if one else chosen].agg(aggfunc)

        def make(table: Any) -> Any:
            wide = table.unstack(columns)
            if several:  # the statistic comes before the column
                wide = wide if one else wide.swaplevel(0, 1, axis=1).sort_index(axis=1, level=0, sort_remaining=False)
                order = [function_label(each) for each in aggfunc]
                wide = wide.reindex(columns=order, level=0)
            wide = wide.dropna(axis=1, how="all")
            return wide.sort_index(axis=1) if not several else wide

        return found._after(make)

    def explode(self, column: str, ignore_index: bool = False) -> Any:
        """A row for each item of a column of lists."""
        self._need([column])
        native = self._native.exploded(column)
        return self._made(_only_columns(native) if ignore_index else native)

    def melt(
        self,
        id_vars: Any = None,
        value_vars: Any = None,
        var_name: str | None = None,
        value_name: str = "value",
        col_level: Any = None,
    ) -> Any:
        """Columns below each other."""
        if col_level not in (None, 0):
            raise NotImplementedError("melt(col_level=…): columns have one level")
        ids = as_list(id_vars)
        values = as_list(value_vars) or [name for name in self.columns if name not in ids]  # type: ignore[attr-defined]
        self._need([*ids, *values])
        return self._made(_only_columns(self._native).melted(ids, values, var_name or "variable", value_name))


def _only_columns(native: Any) -> Any:
    """Without the index, which pandas would drop."""
    if native.index is None:
        return native
    names = [name for name in native.column_names if name != native.index]
    return native.without_index().take_columns(names)


def _lazily(right: Any) -> Any:
    """pandas' frame or named series as a lazy frame of one partition; a small lazy result as a lazy frame."""
    from phalanx.dataframe.io import from_pandas

    if isinstance(right, Deferred):
        return right._lazily()
    if isinstance(right, pd.Series):
        if right.name is None:
            raise ValueError("Cannot merge a Series without a name")
        right = right.to_frame()
    return from_pandas(right, npartitions=1)


def merge_asof(
    left: Any,
    right: Any,
    on: str | None = None,
    left_on: str | None = None,
    right_on: str | None = None,
    left_index: bool = False,
    right_index: bool = False,
    by: Any = None,
    left_by: Any = None,
    right_by: Any = None,
    suffixes: tuple[str, str] = ("_x", "_y"),
    tolerance: Any = None,
    allow_exact_matches: bool = True,
    direction: str = "backward",
) -> Any:
    """Each row of ``left`` with the row of ``right`` whose value in ``on`` is nearest. Neither needs to be sorted."""
    left, right = (_lazily(frame) if isinstance(frame, (pd.DataFrame, Deferred)) else frame for frame in (left, right))
    if direction not in ("backward", "forward", "nearest"):
        raise ValueError(f"direction invalid: {direction}")
    ons = []
    for frame, name, by_index in ((left, left_on or on, left_index), (right, right_on or on, right_index)):
        wanted = frame._native.index if by_index else name
        if wanted is None:
            raise ValueError("pass on, left_on and right_on, or set_index a column of both frames")
        frame._need([wanted])
        ons.append(wanted)
    bys = [as_list(left_by or by), as_list(right_by or by)]
    left._need(bys[0])
    right._need(bys[1])
    if tolerance is not None:
        if not isinstance(tolerance, (int, float)):
            kind = dict(left._native.column_types())[ons[0]]
            units = {"s": "s", "ms": "ms", "us": "us", "µs": "us", "ns": "ns"}
            unit = next((units[u] for u in ("ns", "µs", "us", "ms") if f"({u}" in kind), "s")
            tolerance = pd.Timedelta(tolerance).as_unit(unit).value
        tolerance = float(tolerance)
    natives = [
        frame._native if frame._native.index in (one, *keys) else _only_columns(frame._native)
        for frame, one, keys in zip((left, right), ons, bys)
    ]
    call = {
        "on": ons,
        "by": bys,
        "direction": direction.capitalize(),
        "tolerance": tolerance,
        "allow_exact_matches": bool(allow_exact_matches),
        "suffixes": list(suffixes),
    }
    merged = natives[0].merge_near(natives[1], dumps(call))
    if left_index:
        merged = merged.with_index(ons[0])
    return left._made(merged)
