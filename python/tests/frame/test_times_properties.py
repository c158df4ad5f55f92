"""Random rows in time, some at the same moment, against pandas: windows, bins, labels."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import engine
from relations import equal, lazy

VALUES = st.one_of(st.integers(-1000, 1000).map(lambda n: n / 16.0), st.just(float("nan")))
#: Minutes from the hour before the end of summer time in Berlin.
START = pd.Timestamp("2024-10-27 00:00", tz="UTC")


@st.composite
def frames(draw: Any, zones: tuple[str | None, ...]) -> tuple[pd.DataFrame, tuple[int, ...]]:
    minutes = sorted(draw(st.lists(st.integers(0, 400), min_size=1, max_size=25)))
    times = pd.DatetimeIndex([START + pd.Timedelta(minutes=minute) for minute in minutes])
    zone = draw(st.sampled_from(zones))
    times = times.tz_localize(None) if zone is None else times.tz_convert(zone)
    rows = len(minutes)
    frame = pd.DataFrame(
        {
            "x": pd.Series(draw(st.lists(VALUES, min_size=rows, max_size=rows)), dtype="float64"),
            "n": pd.Series(draw(st.lists(st.integers(-9, 9), min_size=rows, max_size=rows)), dtype="int64"),
        }
    )
    frame.index = pd.DatetimeIndex(times, name="time").as_unit(draw(st.sampled_from(["ns", "us"])))
    return frame, tuple(draw(st.lists(st.integers(0, rows), max_size=4).map(sorted)))


def same(case: Any, made: tuple[pd.DataFrame, tuple[int, ...]], adverse: bool) -> None:
    frame, borders = made
    expected, ours = case(frame), case(lazy(frame, borders))
    found = ours.compute(client=engine("local"))
    equal(found, expected, 1e-9)
    if adverse:
        assert found.equals(ours.compute(client=engine("perturbed")))


SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
STATISTICS = st.sampled_from(["sum", "mean", "min", "max", "count", "median", "std"])


@SETTINGS
@given(
    made=frames((None, "UTC", "Europe/Berlin")),
    span=st.sampled_from(["1min", "7min", "1h", "3h", "10h"]),
    closed=st.sampled_from([None, "left", "right", "both", "neither"]),
    least=st.sampled_from([None, 1, 3]),
    name=STATISTICS,
    adverse=st.booleans(),
)
def test_windows(made: Any, span: str, closed: str | None, least: int | None, name: str, adverse: bool) -> None:
    same(lambda d: getattr(d.rolling(span, min_periods=least, closed=closed), name)(), made, adverse)


@SETTINGS
@given(
    made=frames((None, "UTC")),
    rule=st.sampled_from(["5min", "17min", "1h", "90min", "24h", "1D", "W", "MS"]),
    label=st.sampled_from([None, "left", "right"]),
    name=st.sampled_from(["sum", "mean", "min", "max", "count", "median", "first", "last", "prod", "nunique"]),
    adverse=st.booleans(),
)
def test_bins(made: Any, rule: str, label: str | None, name: str, adverse: bool) -> None:
    same(lambda d: getattr(d.resample(rule, label=label), name)(), made, adverse)
    if rule not in ("W", "MS", "1D"):
        same(lambda d: getattr(d.resample(rule, closed="right", label=label), name)(), made, False)


@SETTINGS
@given(
    made=frames((None, "UTC", "Europe/Berlin")),
    ends=st.tuples(st.integers(-10, 410), st.integers(-10, 410)),
    adverse=st.booleans(),
)
def test_slices(made: Any, ends: tuple[int, int], adverse: bool) -> None:
    zone = made[0].index.tz
    low, high = (START + pd.Timedelta(minutes=minute) for minute in ends)
    low, high = (end.tz_localize(None) if zone is None else end.tz_convert(zone) for end in (low, high))
    same(lambda d: d.loc[low:high], made, adverse)
    same(lambda d: d.loc[low:, "x"], made, False)
    same(lambda d: d.shift(1, freq="37min"), made, False)


def test_partial_labels() -> None:
    frame = pd.DataFrame({"x": range(48)}, index=pd.date_range("2024-10-26", periods=48, freq="h", tz="UTC", name="time"))
    for text in ["2024-10-26", "2024-10", "2024-10-27 05"]:
        same(lambda d, text=text: d.loc[text:], (frame, (7, 30)), True)
        same(lambda d, text=text: d.loc[:text], (frame, (7, 30)), False)
    with pytest.raises(TypeError, match="slice"):
        lazy(frame, ()).loc["not a time":]
