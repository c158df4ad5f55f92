"""Python's functions of groups: whole groups are brought into one partition each, in the order of their keys."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from phalanx._host import function_name
from phalanx._lazy import np, pd
from phalanx.dataframe._calls import aggregate, dumps, statistic_name
from phalanx.dataframe._convert import to_pandas
from phalanx.dataframe._declared import Declared, declared, no_meta, sample
from phalanx.dataframe._python import call_groups, call_partitions
from phalanx.dataframe._results import Result

__all__ = ["Aggregation", "GroupFunctions", "function_label", "function_labels", "is_named"]


#: Groups of so many made-up rows: a function that takes some rows of a group must not seem to take all.
_PAIRS = 32


class Aggregation:
    """A statistic of groups in Dask's three steps, for ``groupby(…).agg``.

    Parameters
    ----------
    name : str
        What its column is called.
    chunk : callable
        Takes a grouped series, returns a value for each group, or a tuple of them. Dask calls it for each partition;
        here groups are whole, so it is called once for each.
    agg : callable
        Takes what ``chunk`` returned, grouped (of a tuple each), and returns a value for each group.
    finalize : callable, optional
        What becomes of that.
    """

    __slots__ = ("agg", "chunk", "finalize", "name")

    def __init__(self, name: str, chunk: Callable[..., Any], agg: Callable[..., Any], finalize: Any = None) -> None:
        self.name = name
        self.chunk = chunk
        self.agg = agg
        self.finalize = finalize

    def of(self, grouped: Any) -> Any:
        """The statistic of pandas' grouped series."""
        found = self.chunk(grouped)
        parts = found if isinstance(found, tuple) else (found,)
        merged = [self.agg(part.groupby(level=list(range(part.index.nlevels)), sort=False, dropna=False)) for part in parts]
        if self.finalize is not None:
            return self.finalize(*merged)
        return merged[0]


def is_named(function: Any) -> bool:
    """Whether a function is one of NumPy's or Python's that stands for a statistic."""
    if isinstance(function, Aggregation) or not callable(function):
        return False
    try:
        statistic_name(function)
    except NotImplementedError:
        return False
    return True


def function_label(function: Any) -> str:
    """What a statistic is called in the labels of results."""
    if isinstance(function, Aggregation):
        return function.name
    return statistic_name(function) if isinstance(function, str) or is_named(function) else str(getattr(function, "__name__", function))


def function_labels(functions: Any) -> list[str]:
    """What several statistics are called: functions without a name are numbered, as pandas numbers them."""
    labels = [function_label(function) for function in functions]
    nameless = [at for at, label in enumerate(labels) if label == "<lambda>"] if len(labels) > 1 else []
    for number, at in enumerate(nameless):
        labels[at] = f"<lambda_{number}>"
    return labels


class GroupFunctions:
    """Functions of whole groups."""

    __slots__ = ()
    _frame: Any
    _keys: list[str]
    _labels: list[Any]
    _options: Any
    _columns: list[str] | None
    _one: bool

    def _together(self) -> Any:
        """The frame with each group in one partition and side by side, in the order of results; rows in theirs."""
        if self._options.sort:
            return self._frame._wrap(self._by_key(self._frame._native))
        native = self._frame._native
        if self._options.dropna:
            native = native.dropna(self._keys, "any", 0)
        numbered = native.with_row_number("__row")
        first = dumps([("__row", {"Whole": aggregate("__row", "min")}, "__first")])
        placed = numbered.group_windows(self._keys, False, first).sorted_by([("__first", True)], False)
        return self._frame._wrap(placed.drop_columns(["__row", "__first"]))

    def _by_key(self, native: Any) -> Any:
        if self._options.dropna:
            native = native.dropna(self._keys, "any", 0)
        return native.sorted_by([(key, True) for key in self._keys], False)

    def _how(self) -> dict[str, Any]:
        return {"by": list(self._keys), "sort": False, "dropna": self._options.dropna, "observed": True}

    def _in_python(self, pairs: list[tuple[str, Any]], labels: list[Any]) -> Result:
        """Statistics of groups of which some are functions."""
        wanted = [
            (column, statistic_name(each) if isinstance(each, str) or is_named(each) else each) for column, each in pairs
        ]
        native, names = self._frame._native, [*self._keys, *(f"result {at}" for at in range(len(wanted)))]
        if not self._options.sort:  # the number of a group's first row is one more result
            native, wanted = native.with_row_number("__row"), [*wanted, ("__row", "min")]
        call = functools.partial(_aggregated, how=self._how(), pairs=wanted)
        label = ", ".join(function_label(each) for _, each in pairs)
        made = call_partitions(self._frame._wrap(self._by_key(native)), call, row_by_row=False, label=label)
        found = made._native.reset_index()
        if not self._options.sort:
            found = found.sorted_by([(f"result {len(pairs)}", True)], False)
        return self._finished(found.select(names), labels)  # type: ignore[attr-defined]

    def _transformed(self, func: Callable[..., Any], args: Any, kwargs: Any, meta: Any) -> Any:
        """What a function gives for each row of its group."""
        names = self._values()  # type: ignore[attr-defined]
        selected: Any = names[0] if self._one else names
        native, keys = self._frame._native, self._keys

        def emulate() -> Any:
            return sample(native).groupby(keys)[selected].transform(func, *args, **kwargs)

        returns = declared(meta, native, emulate, function_name(func))
        call = functools.partial(_transformed, names=selected, function=func, args=args, kwargs=kwargs)
        return call_groups(native, keys, self._options.dropna, call, returns, function_name(func))

    def apply(
        self, func: Callable[..., Any], *args: Any, meta: Any = no_meta, shuffle_method: Any = None, **kwargs: Any
    ) -> Any:
        """``func`` of each group as a pandas frame (a series, of one selected column), called in Python.

        What it returns for a group may be a value, a series or a frame, as in pandas. Groups are sorted into partitions
        first. Workers call functions only if they were started to (``--allow-python``).

        Parameters
        ----------
        func : callable
            Takes a group without its keys.
        meta : optional
            What all groups give together, as for ``map_partitions``; by default made-up rows tell.
        shuffle_method
            Taken as Dask takes it.
        """
        if isinstance(func, str):
            return getattr(self, func)(*args, **kwargs)
        native = self._frame._native
        selected: Any = None if self._columns is None else (self._columns[0] if self._one else self._columns)
        how = {**self._how(), "group_keys": self._options.group_keys}
        hidden = [name for name in self._frame._names if name.startswith("__key_") and name not in self._keys]
        call = functools.partial(_applied, how=how, columns=selected, hidden=hidden, function=func, args=args, kwargs=kwargs)
        given = sample(native, _PAIRS)
        try:
            shape = call(given)
        except Exception:
            if meta is no_meta:
                declared(no_meta, native, functools.partial(call, given), function_name(func))  # says so
            shape = self._declared_shape(meta, native)
        if not self._options.group_keys and shape.index.equals(given.index):
            returns = declared(meta, native, lambda: shape, function_name(func))
            keyless = functools.partial(
                _applied_in_place, columns=selected, keys=self._keys, function=func, args=args, kwargs=kwargs
            )
            return call_groups(native, self._keys, self._options.dropna, keyless, returns, function_name(func))
        if shape.index.nlevels == 1 and not self._options.group_keys and not shape.index.name == self._keys[0]:
            return call_partitions(self._together(), call, meta=shape if meta is no_meta else meta, row_by_row=False, label=function_name(func))
        return self._stacked(call, shape, function_name(func))

    def filter(self, func: Callable[..., Any], dropna: bool = True, *args: Any, **kwargs: Any) -> Any:
        """The rows of those groups of which ``func`` says true, in the frame's order.

        Groups come together in partitions; what ``func`` is called with is a pandas frame of a group with its keys (a
        series, of one selected column). Workers call functions only if they were started to (``--allow-python``).

        Parameters
        ----------
        func : callable
            Gives one truth value for a group; a missing one is false.
        dropna : bool, default True
            Whether the rows of other groups are left out. They always are.
        """
        if not dropna:
            raise NotImplementedError("filter(dropna=False): frame.where(condition) makes values missing, by a condition")
        native = self._frame._native
        selected: Any = None if self._columns is None else (self._columns[0] if self._one else self._columns)
        returns = declared(pd.Series([], dtype="float64", name="kept"), native, lambda: None, function_name(func))
        call = functools.partial(_kept, columns=selected, function=func, args=args, kwargs=kwargs)
        kept = call_groups(native, self._keys, self._options.dropna, call, returns, function_name(func))
        rows = native.filter((kept > 0)._native)
        if selected is None:
            selected = [name for name in self._frame._names if not name.startswith("__key_")]
        return self._rows(rows, [selected] if self._one else selected)  # type: ignore[attr-defined]

    def _declared_shape(self, meta: Any, native: Any) -> Any:
        """What a function that can't be tried is said to return: a series has a value for each group."""
        shape = Declared(declared(meta, native, lambda: None, "apply").meta, True).meta
        levels = [pd.Index([], name=key) for key in self._keys]
        if isinstance(shape, pd.DataFrame) and self._options.group_keys:
            levels.append(to_pandas(native.empty(), native.index).index)
        index = levels[0] if len(levels) == 1 else pd.MultiIndex.from_arrays(levels)
        return shape.set_axis(index[:0])

    def _stacked(self, call: Any, shape: Any, label: str) -> Result:
        """What a function gives, whose index has the keys in front."""
        native, meta, first = self._frame._native, _flattened(shape), None
        if not self._options.sort:  # the number of a group's first row is one more column
            native, first = native.with_row_number("__row"), self._how()
            meta = meta.assign(first=0)
        flat = functools.partial(_flat, call=call, first=first, empty=meta.iloc[:0])
        made = call_partitions(self._frame._wrap(self._by_key(native)), flat, meta=meta, row_by_row=False, label=label)
        found = made._native.reset_index()
        if first is not None:
            found = found.sorted_by([("first", True)], False)
        names = [dict(zip(self._keys, self._labels)).get(name, name) for name in shape.index.names]
        levels, is_series = shape.index.nlevels, isinstance(shape, pd.Series)
        name = shape.name if is_series else None
        columns = None if is_series else shape.columns

        def make(frame: Any) -> Any:
            arrays = [frame.iloc[:, at] for at in range(levels)]
            index = pd.Index(arrays[0], name=names[0]) if levels == 1 else pd.MultiIndex.from_arrays(arrays, names=names)
            values = frame.iloc[:, levels:].set_axis(index)
            return values.iloc[:, 0].rename(name) if is_series else values.set_axis(columns, axis=1)

        return Result(found.select(list(_flattened(shape).columns)), make)


def _grouped(part: Any, how: dict[str, Any]) -> Any:
    return part.groupby(**how)


def _with_arguments(group: Any, function: Any, args: Any, kwargs: Any) -> Any:
    return function(group, *args, **kwargs)


def _aggregated(part: Any, how: dict[str, Any], pairs: Any) -> Any:
    if not len(part):
        names = [*how["by"], *(f"result {at}" for at in range(len(pairs)))]
        return pd.DataFrame({name: pd.Series([], dtype=object) for name in names})
    grouped = _grouped(part, how)
    values = {}
    for at, (column, statistic) in enumerate(pairs):
        # A key is a column like the others.
        series = grouped[column] if column not in how["by"] else part[column].groupby([part[key] for key in how["by"]], sort=False, dropna=how["dropna"])
        values[f"result {at}"] = statistic.of(series) if isinstance(statistic, Aggregation) else series.agg(statistic)
    table = pd.DataFrame(values)
    keys = table.index.to_frame(index=False).set_axis(how["by"], axis=1)
    return pd.concat([keys, table.reset_index(drop=True)], axis=1)


def _transformed(frame: Any, numbers: Any, names: Any, function: Any, args: Any, kwargs: Any) -> Any:
    if not len(frame):
        return _nothing(names)
    return frame.groupby(numbers.to_numpy(), sort=False)[names].transform(function, *args, **kwargs)


def _applied_in_place(frame: Any, numbers: Any, columns: Any, keys: Any, function: Any, args: Any, kwargs: Any) -> Any:
    names = columns if columns is not None else [name for name in frame.columns if name not in keys]
    if not len(frame):
        return _nothing(names)
    return frame[names].groupby(numbers.to_numpy(), sort=False, group_keys=False).apply(function, *args, **kwargs)


def _kept(frame: Any, numbers: Any, columns: Any, function: Any, args: Any, kwargs: Any) -> Any:
    values = frame[[name for name in frame.columns if not name.startswith("__key_")] if columns is None else columns]
    found = {}
    for number, group in values.groupby(numbers.to_numpy(), sort=False):
        said = function(group, *args, **kwargs)
        if not (isinstance(said, (bool, np.bool_)) or (np.isscalar(said) and pd.isna(said))):
            raise TypeError(f"filter function returned a {type(said).__name__}, but expected a scalar bool")
        found[number] = float(pd.notna(said) and bool(said))
    return pd.Series([found[number] for number in numbers], index=frame.index, dtype="float64", name="kept")


def _nothing(names: Any) -> Any:
    if isinstance(names, str):
        return pd.Series([], dtype=object, name=names)
    return pd.DataFrame({name: pd.Series([], dtype=object) for name in names})


def _applied(part: Any, how: dict[str, Any], columns: Any, hidden: Any, function: Any, args: Any, kwargs: Any) -> Any:
    grouped = _grouped(part.drop(columns=hidden), how)
    if columns is not None:
        grouped = grouped[columns]
    return grouped.apply(function, *args, **kwargs)


def _flattened(found: Any) -> Any:
    """An index of several levels as columns, and all columns by number."""
    levels = found.index.to_frame(index=False)
    values = found.to_frame() if isinstance(found, pd.Series) else found
    table = pd.concat([levels.set_axis(range(levels.shape[1]), axis=1), values.reset_index(drop=True).set_axis(range(levels.shape[1], levels.shape[1] + values.shape[1]), axis=1)], axis=1)
    return table.set_axis([f"column {at}" for at in range(table.shape[1])], axis=1)


def _flat(part: Any, call: Any, first: Any, empty: Any) -> Any:
    if not len(part):
        return empty
    found = call(part if first is None else part.drop(columns="__row"))
    table = _flattened(found)
    if first is not None:
        rows = _grouped(part, first)["__row"].min()
        keys = found.index.droplevel(list(range(rows.index.nlevels, found.index.nlevels)))
        table["first"] = rows.reindex(keys).to_numpy()
    return table
