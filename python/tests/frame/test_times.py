"""``.dt`` against pandas: a line a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from columns import check, lazy, times

import phalanx.dataframe as dd

T = times()
KEPT = {"year", "tz_convert", "floor", "strftime"}

#: Fields of times.
FIELDS = """
    year month day hour minute second microsecond nanosecond dayofweek weekday day_of_week dayofyear day_of_year quarter
    days_in_month daysinmonth is_leap_year is_month_start is_month_end is_quarter_start is_quarter_end is_year_start
    is_year_end date time
""".split()
#: Fields of spans of time.
SPANS = "days seconds microseconds nanoseconds components".split()

CASES = {
    "isocalendar": lambda t: t.isocalendar(),
    "normalize": lambda t: t.normalize(),
    "day_name": lambda t: t.day_name(),
    "month_name": lambda t: t.month_name(locale=None),
    "strftime": lambda t: t.strftime("%Y-%m-%d %H:%M:%S %j %a %b %p %I %U %W"),
    "as_unit": lambda t: t.as_unit("ms"),
    "to_pydatetime": lambda t: t.as_unit("us").dt.to_pydatetime(),
    "timetz": lambda t: t.timetz,
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields(name: str) -> None:
    for column in ("zoned", "naive", "ends"):
        check(lambda d, column=column: getattr(d[column].dt, name), T, cluster=name in KEPT and column == "zoned")


@pytest.mark.parametrize("name", CASES)
def test_functions(name: str) -> None:
    for column in ("zoned", "naive"):
        if name == "normalize" and column == "zoned":
            continue
        check(lambda d, column=column: CASES[name](d[column].dt), T, cluster=name in KEPT and column == "zoned")


def test_weeks() -> None:
    for name in ("week", "weekofyear"):
        check(lambda d, name=name: getattr(d["naive"].dt, name), T, oracle=lambda d, name=name: d["naive"].dt.isocalendar().week.rename("naive"))


@pytest.mark.parametrize("how", ["floor", "ceil", "round"])
def test_rounding(how: str) -> None:
    for freq in ("15min", "h", "D", "7s", "100ms"):
        check(lambda d, freq=freq: getattr(d["naive"].dt, how)(freq), T, cluster=freq == "h")
        check(lambda d, freq=freq: getattr(d["span"].dt, how)(freq), T)
    check(lambda d: getattr(d["zoned"].dt, how)("2h", ambiguous="NaT", nonexistent="shift_forward"), T)
    check(lambda d: getattr(d["zoned"].dt, how)("15min", ambiguous=True, nonexistent="NaT"), T)
    with pytest.raises(NotImplementedError, match="ambiguous"):
        getattr(lazy(T, ())["zoned"].dt, how)("h", ambiguous="infer")


def test_zones() -> None:
    check(lambda d: d["zoned"].dt.tz_convert("America/New_York"), T, cluster=True)
    check(lambda d: d["zoned"].dt.tz_convert(None), T)
    check(lambda d: d["zoned"].dt.tz_localize(None), T)
    check(lambda d: d["naive"].dt.tz_localize("UTC"), T)
    for ambiguous, nonexistent in ((True, "shift_forward"), (False, "shift_backward"), ("NaT", "NaT")):
        # Every value by itself: pandas takes one answer for all only as an array.
        def expected(d: pd.DataFrame, ambiguous: Any = ambiguous, nonexistent: str = nonexistent) -> pd.Series:
            local = d["zoned"].dt.tz_localize(None)
            twice = ambiguous if isinstance(ambiguous, str) else [ambiguous] * len(local)
            return local.dt.tz_localize("Europe/Berlin", ambiguous=twice, nonexistent=nonexistent)

        check(
            lambda d, a=ambiguous, n=nonexistent: d["zoned"].dt.tz_localize(None).dt.tz_localize("Europe/Berlin", ambiguous=a, nonexistent=n),
            T,
            oracle=expected,
        )
    frame = lazy(T, (5,))
    assert str(frame["zoned"].dt.tz) == "Europe/Berlin" and frame["naive"].dt.tz is None
    assert frame["naive"].dt.unit == "ns" and frame["zoned"].dt.unit == "us"
    with pytest.raises(TypeError if False else (TypeError, ValueError), match="tz"):
        frame["naive"].dt.tz_convert("UTC")


@pytest.mark.parametrize("name", SPANS)
def test_spans(name: str) -> None:
    check(lambda d: getattr(d["span"].dt, name), T)


def test_spans_as_numbers() -> None:
    check(lambda d: d["span"].dt.total_seconds(), T)
    check(
        lambda d: d["span"].dt.as_unit("us").dt.to_pytimedelta(),
        T.drop(index=7),
        oracle=lambda d: pd.TimedeltaIndex(d["span"].dt.as_unit("us")).to_pytimedelta(),
    )


def test_arithmetic_of_times() -> None:
    check(lambda d: d["naive"] + d["span"], T)
    check(lambda d: d["naive"] - pd.Timedelta("1h"), T)
    check(lambda d: d["naive"] - d["naive"].shift(1), T)
    check(lambda d: d["zoned"] - pd.Timestamp("2024-03-31", tz="UTC"), T)
    check(lambda d: d["naive"] > pd.Timestamp("1972-01-01"), T)
    check(lambda d: d["zoned"].between(pd.Timestamp("2024-03-31 01:00", tz="UTC"), pd.Timestamp("2024-10-01", tz="UTC")), T)
    check(lambda d: d["naive"].diff(), T)
    check(lambda d: d["span"] * 2, T)
    check(lambda d: d["span"].abs(), T)
    for name in ("min", "max", "count", "nunique"):
        check(lambda d, name=name: getattr(d["naive"], name)(), T)
        check(lambda d, name=name: getattr(d["span"], name)(), T)
        check(lambda d, name=name: getattr(d["zoned"], name)(), T)
    for name in ("sum", "mean", "median"):
        check(lambda d, name=name: getattr(d["span"].dt.as_unit("s"), name)(), T)
    for name in ("mean", "median"):
        check(lambda d, name=name: getattr(d["zoned"].dt.as_unit("s"), name)(), T)
    check(lambda d: d["naive"].fillna(pd.Timestamp("2001-01-01")), T)
    check(lambda d: d["naive"].ffill(), T)
    check(lambda d: d["ends"].is_monotonic_increasing, T)
    check(lambda d: d["naive"].sort_values(ascending=False), T)
    check(lambda d: d["zoned"].drop_duplicates(), T)


def test_what_is_refused() -> None:
    clock = lazy(T, (9,))["naive"].dt
    calls: list[Any] = [
        lambda: clock.to_period("M"),
        lambda: clock.to_timestamp(),
        lambda: clock.freq,
        lambda: clock.qyear,
        lambda: clock.start_time,
        lambda: clock.end_time,
        lambda: clock.day_name(locale="de_DE"),
    ]
    for call in calls:
        with pytest.raises(NotImplementedError):
            call()
    with pytest.raises((ValueError, NotImplementedError)):
        clock.floor("ME")


@pytest.mark.parametrize("end", ["Z", "+00:00", "+02:00", "-05:30", "", "+0200"])
@pytest.mark.parametrize("between", [" ", "T"])
def test_zones_of_csv(end: str, between: str, tmp_path: Path) -> None:
    moments = pd.date_range("2024-03-30 22:15", periods=20, freq="37min")
    texts = [None if at == 3 else moment.strftime(f"%Y-%m-%d{between}%H:%M:%S") + end for at, moment in enumerate(moments)]
    pd.DataFrame({"at": texts, "x": range(20)}).to_csv(tmp_path / "times.csv", index=False)
    expected = pd.read_csv(tmp_path / "times.csv", parse_dates=["at"])
    for options in ({}, {"blocksize": 200}, {"usecols": ["at"]}, {"index_col": "at"} if end else {}):
        ours = dd.read_csv(tmp_path / "times.csv", parse_dates=["at"], **options).compute()
        times, theirs = (ours.index.to_series() if "index_col" in options else ours["at"]), expected["at"]
        assert (getattr(times.dtype, "tz", None) is None) == (getattr(theirs.dtype, "tz", None) is None)
        pd.testing.assert_index_equal(pd.DatetimeIndex(times).as_unit("us"), pd.DatetimeIndex(theirs).as_unit("us"), check_names=False, exact=False)
