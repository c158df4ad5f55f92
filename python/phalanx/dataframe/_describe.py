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
        numbers = list(meta.select_dtypes([np.number]).columns)
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
    kinds = dict(frame.dtypes)
    numbers = [name for name in names if getattr(kinds[name], "kind", "O") in "iuf"]
    others = [name for name in names if name not in numbers]
    for name in others:
        if getattr(kinds[name], "kind", "O") in "mM":
            raise NotImplementedError(f"describe of column {name!r}, which holds times: min(), max() and quantile() of it")
    wanted = [0.25, 0.5, 0.75] if percentiles is None else sorted(float(value) for value in percentiles)
    parts: list[Any] = []
    if numbers:
        parts.append(Result(frame[numbers]._native.describe(wanted), _indexed))
    if not others:
        return parts[0]
    for name in others:
        column = frame[[name]]
        calls = [aggregate(name, statistic, statistic) for statistic in ("count", "nunique")]
        parts.append(Result(column._native.reduce(dumps(calls)), lambda found: found))
        top = column._native.value_counts_of([name], False, True, False, True).head(1)
        parts.append(Result(top, lambda found: found))

    def joined(found: list[Any]) -> Any:
        described = {name: found[0][name] for name in numbers}
        for at, name in enumerate(others):
            counts, top = found[bool(numbers) + 2 * at : bool(numbers) + 2 * at + 2]
            there = len(top) > 0
            described[name] = pd.Series(
                {
                    "count": counts["count"].iloc[0],
                    "unique": counts["nunique"].iloc[0],
                    "top": top[name].iloc[0] if there else np.nan,
                    "freq": top["count"].iloc[0] if there else np.nan,
                },
                dtype=object,
            )
        rows = ["count", "unique", "top", "freq"] + (list(found[0].index[1:]) if numbers else [])
        return pd.DataFrame({name: described[name].reindex(rows) for name in names}, index=rows)

    return Several(parts, joined)


def _indexed(frame: Any) -> Any:
    frame = frame.set_index("index")
    frame.index.name = None
    return frame
