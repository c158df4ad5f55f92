"""``describe``: columns of numbers by their statistics, others by their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._calls import aggregate, dumps
from phalanx.dataframe._results import Result, Several

__all__ = ["describe"]


def _chosen(frame: Any, include: Any, exclude: Any) -> list[str]:
    meta = frame._meta
    if include is None and exclude is None:
        numbers = list(meta.select_dtypes([np.number, "datetime"]).columns)
        return numbers or frame._names
    if include == "all":
        if exclude is not None:
            raise ValueError("exclude must be None when include is 'all'")
        return list(frame._names)
    return list(meta.select_dtypes(include, exclude).columns)


def describe(frame: Any, percentiles: Sequence[float] | None, include: Any, exclude: Any) -> Any:
    """The summary of the columns that ``include`` and ``exclude`` choose, in the frame's order."""
    names = _chosen(frame, include, exclude)
    if not names:
        raise ValueError("No columns match the specified include or exclude data types")
    kinds = {name: getattr(kind, "kind", "O") for name, kind in frame.dtypes.items()}
    wanted = [0.25, 0.5, 0.75] if percentiles is None else sorted(float(value) for value in percentiles)
    numbers = [name for name in names if kinds[name] in "iuf"]
    parts: list[Any] = []
    if numbers:
        parts.append(Result(frame[numbers]._native.describe(wanted), _indexed))
    if len(numbers) == len(names):
        return parts[0]
    #: For each other column: how many parts it has, and what is made of them.
    makers = []
    for name in names:
        if kinds[name] in "iuf":
            continue
        if kinds[name] == "m":
            raise NotImplementedError(f"describe of column {name!r}, which holds spans of time: make them numbers first")
        some, make = (_times if kinds[name] == "M" else _words)(frame, name, wanted)
        makers.append((name, len(some), make))
        parts += some

    def joined(found: list[Any]) -> Any:
        described = {name: found[0][name] for name in numbers}
        at = int(bool(numbers))
        for name, count, make in makers:
            described[name] = make(*found[at : at + count])
            at += count
        # Rows in pandas' order: those of the shortest summary first.
        rows: list[str] = []
        for one in sorted((described[name] for name in names), key=len):
            rows += [row for row in one.index if row not in rows]
        return pd.DataFrame({name: described[name].reindex(rows) for name in names}, index=rows)

    return Several(parts, joined)


def _words(frame: Any, name: str, _wanted: list[float]) -> tuple[list[Any], Any]:
    column = frame[[name]]
    calls = [aggregate(name, statistic, statistic) for statistic in ("count", "nunique")]
    top = column._native.value_counts_of([name], False, True, False, True).head(1)

    def make(counts: Any, top: Any) -> Any:
        there = len(top) > 0
        return pd.Series(
            {
                "count": counts["count"].iloc[0],
                "unique": counts["nunique"].iloc[0],
                "top": top[name].iloc[0] if there else np.nan,
                "freq": top["count"].iloc[0] if there else np.nan,
            },
            dtype=object,
        )

    return [Result(column._native.reduce(dumps(calls)), _same), Result(top, _same)], make


def _times(frame: Any, name: str, wanted: list[float]) -> tuple[list[Any], Any]:
    """Times as microseconds, which floats hold exactly until the year 2255."""
    column = frame._column(name)
    kind = column.dtype
    ends = frame[[name]]._native.reduce(dumps([aggregate(name, statistic, statistic) for statistic in ("min", "max")]))
    numbers = type(column)._wrap(column._native.clock_unit("us").astype("int64", False)).where(column.notna(), None)
    summary = numbers.astype("float64").to_frame(name)._native.describe(wanted)

    def make(numbers: Any, ends: Any) -> Any:
        values = numbers[name]
        zone = getattr(kind, "tz", None)

        def time(value: float) -> Any:
            moment = pd.Timestamp(round(value), unit="us") if value == value else pd.NaT
            return moment if zone is None or moment is pd.NaT else moment.tz_localize("UTC").tz_convert(zone)

        made = {row: time(value) for row, value in values.items() if row not in ("count", "std")}
        made["min"], made["max"] = ends["min"].iloc[0], ends["max"].iloc[0]
        return pd.Series({"count": values["count"], **made}, dtype=object)

    return [Result(summary, _indexed), Result(ends, _same)], make


def _same(frame: Any) -> Any:
    return frame


def _indexed(frame: Any) -> Any:
    frame = frame.set_index("index")
    frame.index.name = None
    return frame
