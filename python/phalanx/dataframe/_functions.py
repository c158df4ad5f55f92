"""Functions of the module over frames and series: what Dask and pandas have as functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from phalanx._lazy import pd
from phalanx.dataframe._declared import no_meta
from phalanx.dataframe._results import Deferred

__all__ = [
    "concat", "get_dummies", "map_overlap", "map_partitions", "melt", "merge", "pivot_table", "repartition",
]  # fmt: skip


def _is_lazy(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "frame"


def _is_frame(value: Any) -> bool:
    return hasattr(value, "_names")


def merge(
    left: Any,
    right: Any,
    how: str = "inner",
    on: Any = None,
    left_on: Any = None,
    right_on: Any = None,
    left_index: bool = False,
    right_index: bool = False,
    sort: bool = False,
    suffixes: tuple[str, str] = ("_x", "_y"),
    copy: bool | None = None,
    indicator: bool | str = False,
    validate: str | None = None,
    **options: Any,
) -> Any:
    """Rows of both frames with equal keys, in pandas' order: :meth:`DataFrame.merge`.

    ``sort`` orders them by the keys; a series is a frame of one column.
    """
    left, right = (side._lazily() if isinstance(side, Deferred) else side for side in (left, right))
    left, right = (side if _is_frame(side) else side.to_frame() for side in (left, right))
    merged = left.merge(
        right, how=how, on=on, left_on=left_on, right_on=right_on, left_index=left_index, right_index=right_index,
        suffixes=suffixes, indicator=indicator, validate=validate, **options,
    )  # fmt: skip
    if not sort or how == "outer":
        return merged
    keys = on if on is not None else (right_on if how == "right" else left_on)
    if keys is None and (left_index or right_index):
        return merged.sort_index()
    if keys is None:
        keys = [name for name in left._names if name in right._names]
    return merged.sort_values(keys)


def concat(
    dfs: Sequence[Any],
    axis: Any = 0,
    join: str = "outer",
    ignore_unknown_divisions: bool = False,
    ignore_order: bool = False,
    interleave_partitions: bool = False,
    *,
    ignore_index: bool = False,
) -> Any:
    """Rows below rows, one frame's partitions behind the other's; or columns beside columns.

    Parameters
    ----------
    dfs : list of DataFrame or Series
        pandas' own become lazy. Along columns they must have the same rows: columns of one frame, or of frames of the
        same partitions; else merge them on their keys.
    axis : {0, "index", 1, "columns"}
        Which way.
    join : {"outer", "inner"}
        Which columns are kept: all, or those that all have.
    ignore_unknown_divisions, ignore_order, interleave_partitions : bool
        Taken as Dask takes them: partitions stay as they are, in the order of the list.
    ignore_index : bool, default False
        The result has no index.
    """
    for flag in (ignore_unknown_divisions, ignore_order, interleave_partitions):
        if flag not in (True, False):
            raise ValueError(f"{flag!r} is neither True nor False")
    if isinstance(dfs, dict) or not isinstance(dfs, Iterable):
        raise TypeError("dfs must be a list of DataFrames/Series objects")
    parts = [_lazy(part) for part in dfs]
    if not parts:
        raise ValueError("No objects to concatenate")
    if join not in ("inner", "outer"):
        raise ValueError("'join' must be 'inner' or 'outer'")
    if axis in (1, "columns"):
        return _beside(parts, ignore_index)
    if axis not in (0, "index"):
        raise ValueError(f"No axis named {axis}")
    return _below(parts, join, ignore_index)


def _lazy(part: Any) -> Any:
    if isinstance(part, (pd.DataFrame, pd.Series)):
        from phalanx.dataframe.io import from_pandas

        return from_pandas(part)
    if isinstance(part, Deferred):
        return part._lazily()
    if not _is_lazy(part):
        raise TypeError(f"cannot concatenate object of type '{type(part)}'; only Series and DataFrame objs are valid")
    return part


def _below(parts: list[Any], join: str, ignore_index: bool) -> Any:
    from phalanx.dataframe.reshape import _only_columns

    names = {None if _is_frame(part) else part.name for part in parts}
    series = not any(_is_frame(part) for part in parts)
    if series:
        name = names.pop() if len(names) == 1 else None
        frames = [part.rename("0" if name is None else name).to_frame() for part in parts]
    else:
        frames = [part if _is_frame(part) else part.to_frame("0" if part.name is None else part.name) for part in parts]
    natives = [_only_columns(frame._native) if ignore_index else frame._native for frame in frames]
    whole = frames[0]._made(type(natives[0]).stacked(natives, join == "inner"))
    return whole[whole._names[0]].rename(name) if series else whole


def _beside(parts: list[Any], ignore_index: bool) -> Any:
    if ignore_index:
        raise NotImplementedError("concat(axis=1, ignore_index=True): rename the columns afterwards")
    whole: Any = None
    unnamed = 0
    for part in parts:
        columns = [part[name] for name in part._names] if _is_frame(part) else [part]
        for column in columns:
            name = column.name
            if name is None:
                name, unnamed = str(unnamed), unnamed + 1
            if whole is None:
                whole = part if _is_frame(part) else part.to_frame(name)
                if _is_frame(part):
                    break
                continue
            if name in whole._names:
                raise ValueError(f"column {name!r} would be there twice: rename it, columns have names of their own")
            whole = whole.assign(**{name: column})
    return whole


def melt(
    frame: Any,
    id_vars: Any = None,
    value_vars: Any = None,
    var_name: str | None = None,
    value_name: str = "value",
    col_level: Any = None,
) -> Any:
    """Columns below each other, beside those that say whose they are: :meth:`DataFrame.melt`."""
    if col_level is not None:
        raise NotImplementedError("melt(col_level=…): columns have one level")
    return frame.melt(id_vars=id_vars, value_vars=value_vars, var_name=var_name or "variable", value_name=value_name)


def _categories(column: Any) -> list[Any]:
    """The values of a column, sorted, which a job finds out now."""
    found = pd.Series(column.unique().compute()).dropna()
    if isinstance(found.dtype, pd.CategoricalDtype):
        found = found.astype("str")
    return sorted(found.tolist())


def pivot_table(
    df: Any, index: str, columns: str, values: str, aggfunc: Any = "mean", categories: Sequence[Any] | None = None
) -> Any:
    """A row for each value of ``index``, and a column for each value of ``columns``.

    Parameters
    ----------
    index, columns, values : str
        Columns.
    aggfunc : {"mean", "sum", "count", "first", "last", …}
        The statistic of ``values``.
    categories : sequence, optional
        The values of ``columns`` that become columns; by default all, which a job finds out now.
    """
    if not isinstance(index, str) or not isinstance(columns, str) or not isinstance(values, str):
        raise NotImplementedError("pivot_table of several columns: 'index', 'columns' and 'values' are a name each")
    df._need([index, columns, values])
    from phalanx.dataframe._calls import statistic_name

    found = _categories(df[columns]) if categories is None else list(categories)
    return df._made(df._native.pivoted(index, columns, found, values, statistic_name(aggfunc)))


def get_dummies(
    data: Any,
    prefix: Any = None,
    prefix_sep: Any = "_",
    dummy_na: bool = False,
    columns: Any = None,
    sparse: bool = False,
    drop_first: bool = False,
    dtype: Any = bool,
    *,
    categories: Any = None,
) -> Any:
    """A column for each value of columns, behind the others, that says where it is.

    Parameters
    ----------
    data : DataFrame or Series
        Whose columns of text and of categories become such columns.
    prefix : str, list or dict, optional
        Before the values' names; the columns' own names by default.
    prefix_sep : str, default "_"
        Between the two.
    dummy_na : bool, default False
        One more column says where values are missing.
    columns : str or list of str, optional
        The columns, in place of those of text and of categories.
    sparse : bool
        Must be False.
    drop_first : bool, default False
        Without the column of the first value.
    dtype : type, default bool
        Of the new columns.
    categories : list or dict of lists, optional
        The columns' values, which by default a job finds out now.
    """
    if sparse:
        raise NotImplementedError("get_dummies(sparse=True): columns are not sparse")
    if not _is_lazy(data):
        return pd.get_dummies(data, prefix, prefix_sep, dummy_na, columns, sparse, drop_first, dtype)
    if not _is_frame(data):
        frame, names = data.to_frame("0" if data.name is None else data.name), None
        names = list(frame._names)
        prefixes = [prefix]
    else:
        frame = data
        if columns is None:
            kinds = frame.dtypes
            names = [name for name in frame._names if isinstance(kinds[name], (pd.StringDtype, pd.CategoricalDtype)) or kinds[name] == object]
        else:
            names = [columns] if isinstance(columns, str) else [str(name) for name in columns]
        frame._need(names)
        prefixes = _each(prefix, names, "prefix") if prefix is not None else list(names)
    separators = _each(prefix_sep, names, "prefix_sep")
    made: dict[str, Any] = {}
    for name, before, between in zip(names, prefixes, separators):
        column = frame[name]
        values = categories.get(name) if isinstance(categories, dict) else categories
        values = _categories(column) if values is None else list(values)
        for value in values[1:] if drop_first else values:
            label = str(value) if before is None else f"{before}{between}{value}"
            made[label] = (column == value).astype(dtype)
        if dummy_na:
            made["nan" if before is None else f"{before}{between}nan"] = column.isna().astype(dtype)
    clash = [label for label in made if label in frame._names and label not in names]
    if clash:
        raise ValueError(f"column {clash[0]!r} would be there twice: give another prefix")
    wide = frame.assign(**{f"\0{label}": column for label, column in made.items()}).drop(columns=names)
    return wide.rename(columns={f"\0{label}": label for label in made})


def _each(given: Any, names: list[str], what: str) -> list[Any]:
    if isinstance(given, dict):
        return [given.get(name, name if what == "prefix" else "_") for name in names]
    if isinstance(given, str):
        return [given] * len(names)
    if len(given) != len(names):
        raise ValueError(f"Length of '{what}' ({len(given)}) did not match the length of the columns being encoded ({len(names)}).")
    return list(given)


class _Placed:
    """A function whose lazy argument does not come first."""

    def __init__(self, function: Callable[..., Any], place: int) -> None:
        self.function, self.place = function, place
        self.__name__ = getattr(function, "__name__", "function")

    def __call__(self, part: Any, *others: Any, **kwargs: Any) -> Any:
        return self.function(*others[: self.place], part, *others[self.place :], **kwargs)


def map_partitions(
    func: Callable[..., Any],
    *args: Any,
    meta: Any = no_meta,
    enforce_metadata: bool = True,
    transform_divisions: bool = True,
    clear_divisions: bool = False,
    align_dataframes: bool = False,
    parent_meta: Any = None,
    required_columns: Any = None,
    **kwargs: Any,
) -> Any:
    """``func`` of the partitions of the lazy arguments, as pandas has them: :meth:`DataFrame.map_partitions`."""
    place = next((at for at, value in enumerate(args) if _is_lazy(value)), None)
    if place is None:
        raise TypeError("map_partitions needs a lazy frame or series among its arguments; for others there is from_map")
    others = [*args[:place], *args[place + 1 :]]
    return args[place].map_partitions(
        func if place == 0 else _Placed(func, place), *others, meta=meta, enforce_metadata=enforce_metadata,
        transform_divisions=transform_divisions, clear_divisions=clear_divisions, align_dataframes=align_dataframes,
        parent_meta=parent_meta, required_columns=required_columns, **kwargs,
    )  # fmt: skip


def map_overlap(
    func: Callable[..., Any],
    df: Any,
    before: Any,
    after: Any,
    *args: Any,
    meta: Any = no_meta,
    enforce_metadata: bool = True,
    transform_divisions: bool = True,
    clear_divisions: bool = False,
    align_dataframes: bool = False,
    **kwargs: Any,
) -> Any:
    """``func`` of each partition with rows of its neighbours: :meth:`DataFrame.map_overlap`."""
    return df.map_overlap(
        func, before, after, *args, meta=meta, enforce_metadata=enforce_metadata,
        transform_divisions=transform_divisions, clear_divisions=clear_divisions, align_dataframes=align_dataframes,
        **kwargs,
    )  # fmt: skip


def repartition(df: Any, divisions: Any, force: bool = False) -> Any:
    """The same rows in partitions cut at ``divisions`` of the index; pandas' own rows become lazy."""
    if isinstance(df, (pd.DataFrame, pd.Series)):
        from phalanx.dataframe.io import from_pandas

        df = from_pandas(df, 1)
    return df.repartition(divisions=divisions, force=force)
