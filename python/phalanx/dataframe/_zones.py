"""Zones of times in text files: what reads numbers fast has none, so the first texts of a column tell."""

from __future__ import annotations

import functools
import re
from typing import Any

from phalanx import _phalanx
from phalanx.dataframe._calls import dumps

__all__ = ["with_zone", "zones"]

#: So many texts of a column are looked at.
_ROWS = 32
_OFFSET = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})$")


@functools.cache
def _reader() -> Any:
    """Reads a few rows in this process, which has looked into the files already."""
    return _phalanx.Client.local(threads=1)


def zones(call: dict[str, Any], names: list[str]) -> dict[str, str]:
    """The zone of each of these columns of CSV files whose first times all end with one offset from UTC."""
    from phalanx.dataframe._core import DataFrame

    text = {**call["text"], "types": [(name, "str") for name in names]}
    frame = DataFrame._wrap(_phalanx.Frame.read_csv(dumps({**call, "text": text})))
    rows = frame[names].head(_ROWS, compute=False).compute(client=_reader())
    found = {}
    for name in names:
        ends = {match[1] if (match := _OFFSET.search(value)) else "" for value in rows[name].dropna().astype(str)}
        if len(ends) == 1 and "" not in ends:
            end = ends.pop()
            found[name] = "UTC" if end in ("Z", "+00:00", "+0000", "-00:00") else f"{end[:3]}:{end[-2:]}"
    return found


def with_zone(times: Any, zone: str | None) -> Any:
    """Times that were read as UTC, in their zone."""
    if zone is None or getattr(times.dtype, "tz", None) is not None:
        return times
    moments = times.dt.tz_localize("UTC")
    return moments if zone == "UTC" else moments.dt.tz_convert(zone)
