"""Python's functions over frames: they are packed, and called where the rows are."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from phalanx import _host
from phalanx._lazy import np, pd
from phalanx.dataframe._convert import to_pandas
from phalanx.dataframe._declared import Declared, declared, no_meta, sample

__all__ = ["call_groups", "call_overlapping", "call_partitions"]

#: Stands where an argument is one of the frames.
_FRAME = "the frame number"


def _pandas(table: Any, how: tuple[str | None, bool, Any]) -> Any:
    index, is_series, name = how
    frame = to_pandas(table, index)
    if not is_series:
        return frame
    series = frame.iloc[:, 0]
    series.name = name
    return series


def _placed(arguments: Any, frames: list[Any]) -> Any:
    if isinstance(arguments, tuple) and len(arguments) == 2 and arguments[0] == _FRAME:
        return frames[arguments[1]]
    return arguments


def _run(tables: list[Any], context: str, *, function: Any, hows: Any, args: Any, kwargs: Any, returns: Declared) -> Any:
    frames = [_pandas(table, how) for table, how in zip(tables, hows)]
    given = [_placed(argument, frames) for argument in args]
    return returns.table(function(*given, **{name: _placed(value, frames) for name, value in kwargs.items()}))


def _how(lazy: Any) -> tuple[Any, tuple[str | None, bool, Any]]:
    """The native frame of a lazy frame or series, and how it is made pandas' again."""
    native = lazy._prepared(None)
    is_series = not hasattr(lazy, "_names")
    return native, (native.index, is_series, lazy.name if is_series else None)


def _is_lazy(value: Any) -> bool:
    return getattr(value, "_phalanx_kind", None) == "frame"


def call_partitions(
    first: Any,
    function: Callable[..., Any],
    args: Iterable[Any] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    meta: Any = no_meta,
    row_by_row: bool | None = None,
    label: str | None = None,
) -> Any:
    """``function`` of each partition of ``first``, and of the same partition of lazy frames among the arguments.

    ``row_by_row`` promises a row for each row, in their order; by default made-up rows tell.
    """
    natives, hows, own, named = [], [], [], {}
    for place, value in [(None, first), *((None, value) for value in args), *(kwargs or {}).items()]:
        if _is_lazy(value):
            if not hasattr(value, "dtype") and not hasattr(value, "_names"):
                raise NotImplementedError("a lazy result as an argument of a function: compute it first")
            native, how = _how(value)
            natives.append(native)
            hows.append(how)
            value = (_FRAME, len(natives) - 1)
        if place is None:
            own.append(value)
        else:
            named[place] = value
    samples = None

    def called(frames: list[Any]) -> Any:
        given = [_placed(argument, frames) for argument in own]
        return function(*given, **{name: _placed(value, frames) for name, value in named.items()})

    def emulate() -> Any:
        nonlocal samples
        samples = [_sampled(native, how) for native, how in zip(natives, hows)]
        return called(samples)

    what = label or _host.function_name(function)
    returns = declared(meta, natives[0], emulate, what, lambda: called([each.iloc[:0] for each in samples or []]))
    if row_by_row is None:
        row_by_row = returns.kind in ("frame", "series") and samples is not None and returns.meta.index.equals(samples[0].index)
    packed = _host.pack(functools.partial(_run, function=function, hows=hows, args=own, kwargs=named, returns=returns))
    made = natives[0].call_partitions(packed, what, natives[1:], returns.schema, returns.index, row_by_row)
    return returns.wrap(made)


def _sampled(native: Any, how: tuple[str | None, bool, Any]) -> Any:
    frame = sample(native)
    if not how[1]:
        return frame
    series = frame.iloc[:, 0]
    series.name = how[2]
    return series


def _run_overlapping(
    tables: list[Any], context: str, *, function: Any, how: Any, spans: Any, args: Any, kwargs: Any, returns: Declared
) -> Any:
    before, own, after = (_pandas(table, how) for table in tables)
    if not len(own):
        return returns.schema.empty_table()
    if spans is not None:  # of time: what was told may be more, and how much more depends on batches
        before = before[before.index > own.index.min() - spans[0]]
        after = after[after.index < own.index.max() + spans[1]]
    whole = pd.concat([before, own, after], ignore_index=how[0] is None)
    result = function(whole, *args, **kwargs)
    times = len(result) // len(whole)
    start, stop = len(before) * times, len(result) - len(after) * times
    return returns.table(result.iloc[start:stop])


def call_overlapping(
    first: Any,
    function: Callable[..., Any],
    before: Any,
    after: Any,
    args: tuple[Any, ...] = (),
    kwargs: dict[str, Any] | None = None,
    *,
    meta: Any = no_meta,
    row_by_row: bool | None = None,
    label: str | None = None,
) -> Any:
    """``function`` of each partition with rows of its neighbours, of whose results only the partition's own are kept.

    ``before`` and ``after`` are numbers of rows, or spans of the index's time.
    """
    native, how = _how(first)
    in_time = not (isinstance(before, (int, np.integer)) and isinstance(after, (int, np.integer)))
    if in_time:
        spans = [pd.Timedelta(span) if span else pd.Timedelta(0) for span in (before, after)]
        around = [int(span.as_unit("ns").value) for span in spans]
    else:
        spans, around = None, [int(before), int(after)]
    if min(around) < 0:
        raise ValueError("before and after must be 0 or positive")
    samples = None

    def emulate() -> Any:
        nonlocal samples
        samples = _sampled(native, how)
        return function(samples, *args, **(kwargs or {}))

    what = label or _host.function_name(function)
    returns = declared(meta, native, emulate, what)
    if row_by_row is None:
        row_by_row = returns.kind in ("frame", "series") and samples is not None and returns.meta.index.equals(samples.index)
    run = functools.partial(
        _run_overlapping, function=function, how=how, spans=spans, args=args, kwargs=kwargs or {},
        returns=returns,
    )  # fmt: skip
    packed = _host.pack(run)
    return returns.wrap(
        native.call_overlapping(packed, what, returns.schema, returns.index, tuple(around), in_time, row_by_row)
    )


def _run_groups(tables: list[Any], context: str, *, function: Any, index: Any, returns: Declared) -> Any:
    frame = to_pandas(tables[0], index)
    numbers = frame.pop("__group")
    there = numbers >= 0
    result = function(frame[there], numbers[there])
    if not there.all():
        # By place, since labels may be there twice.
        places = np.flatnonzero(there.to_numpy())
        result = result.set_axis(places).reindex(range(len(frame))).set_axis(frame.index)
    return returns.table(result)


def call_groups(
    native: Any, keys: list[str], dropna: bool, function: Callable[[Any, Any], Any], returns: Declared, label: str
) -> Any:
    """A row for each row, from ``function`` of a pandas frame of whole groups and their numbers."""
    packed = _host.pack(functools.partial(_run_groups, function=function, index=native.index, returns=returns))
    return returns.wrap(native.call_groups(keys, dropna, packed, label, returns.schema, returns.index))
