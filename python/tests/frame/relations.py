"""Frames for the tables of cases, and how results are held against pandas'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from oracle import engine

from phalanx.dataframe import DataFrame
from phalanx.dataframe._calls import from_pandas_partitions

#: Where partitions end: one, several with empty ones, many of few rows.
BORDERS: tuple[tuple[int, ...], ...] = ((), (0, 3, 3, 17, 40), tuple(range(5, 60, 5)))
ROWS = 60


def table() -> pd.DataFrame:
    """Rows with missing values, NaN, infinities, zeros of both signs, duplicates, big integers and other scripts."""
    rows = np.arange(ROWS)
    k = 7919 * rows % 1009
    value = (k * k % 401 - 200) / 16.0
    value[rows % 7 == 3] = np.nan
    value[rows % 11 == 5] = -0.0
    value[rows % 13 == 6] = 0.0
    key = np.array(["ä", "b", "c", "日本", ""], dtype=object)[k % 5]
    key[rows % 17 == 4] = None
    return pd.DataFrame(
        {
            "key": pd.Series(key, dtype="str"),
            "group": k % 4,
            "value": value,
            "other": np.where(rows % 5 == 2, np.nan, np.round(np.sin(k) * 1000) / 8),
            "whole": k * k % 101 - 50,
            "big": (1 << 53) + k,
            "flag": k % 3 == 0,
            "few": (k % 3).astype(float),
        }
    )


def timed() -> pd.DataFrame:
    """The same by time, over the end of summer time in Berlin; some times are there twice."""
    frame = table()[["value", "other", "whole"]]
    minutes = np.arange(ROWS) * 7 // 2 * 2
    start = pd.Timestamp("2024-10-27 00:10", tz="UTC")
    times = pd.DatetimeIndex(start + pd.to_timedelta(minutes, unit="min")).tz_convert("Europe/Berlin").as_unit("ns")
    frame.index = pd.DatetimeIndex(times, name="time")
    return frame


def lazy(frame: pd.DataFrame, borders: tuple[int, ...]) -> Any:
    """``frame`` in partitions that end at ``borders``."""
    ends = [0, *(min(border, len(frame)) for border in borders), len(frame)]
    parts = [frame.iloc[start:end] for start, end in zip(ends, ends[1:])]
    return DataFrame._wrap(from_pandas_partitions(parts, engine("local")))


def plain(result: Any) -> Any:
    """Without what Arrow can't say: numbers as floats, times in nanoseconds, row numbers as labels."""
    if isinstance(result, (pd.DataFrame, pd.Series)):
        result = result.copy()
        if result.index.name is None and result.index.nlevels == 1 and pd.api.types.is_integer_dtype(result.index):
            result = result.reset_index(drop=True)
    return result


def equal(ours: Any, expected: Any, rtol: float) -> None:
    """Ours is pandas', values within ``rtol``."""
    ours, expected = plain(ours), plain(expected)
    options: dict[str, Any] = {"check_dtype": False, "check_index_type": False, "rtol": rtol, "atol": 1e-12}
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(ours, expected, check_column_type=False, check_freq=False, **options)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(ours, expected, check_names=True, check_freq=False, **options)
    else:
        np.testing.assert_allclose(ours, expected, rtol=rtol)


def check(
    case: Callable[..., Any],
    *frames: pd.DataFrame,
    oracle: Callable[..., Any] | None = None,
    rtol: float = 1e-12,
    cluster: bool = False,
) -> None:
    """``case`` of lazy frames, in all partitionings, on the engines, is what it is of pandas' frames."""
    expected = (oracle or case)(*frames)
    for number, borders in enumerate(BORDERS):
        result = case(*(lazy(frame, borders) for frame in frames))
        first = result.compute(client=engine("local"))
        equal(first, expected, rtol)
        for name in ["perturbed"] + (["cluster"] if cluster and number == 1 else []):
            other = result.compute(client=engine(name))
            if isinstance(first, (pd.DataFrame, pd.Series)):
                assert first.equals(other), f"{name} differs from local, partitions {borders}:\n{first}\n{other}"
            else:
                assert first == other or (np.isnan(first) and np.isnan(other)), name
