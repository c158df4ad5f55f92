"""Rolling windows and bins of time against pandas: what windows hold, functions of them, pairs, labels of bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from relations import check, lazy, table, timed

T = table()[["value", "whole"]]

ROLLING = {
    "sem": lambda d: d.rolling(5, min_periods=2).sem(),
    "skew": lambda d: d.rolling(8, min_periods=3).skew(),
    "kurt": lambda d: d.rolling(9, min_periods=4).kurt(),
    "neither": lambda d: d.rolling(4, min_periods=1, closed="neither").sum(),
    "window of all": lambda d: d.rolling(100, min_periods=1).mean(),
    "window of one": lambda d: d.rolling(1).sum(),
    "of a column": lambda d: d.rolling(4, min_periods=1)["value"].mean(),
    "of a column by attribute": lambda d: d.rolling(4, min_periods=1).whole.max(),
    "of columns": lambda d: d.rolling(4, min_periods=1)[["whole"]].min(),
    "numeric_only": lambda d: d.assign(word="x").rolling(3).sum(numeric_only=True),
    "agg": lambda d: d.rolling(4).agg("sum"),
    "agg dict": lambda d: d.rolling(4, min_periods=1).agg({"value": "max", "whole": "sum"}),
    "agg list": lambda d: d.rolling(4, min_periods=1)["value"].agg(["max", "mean"]),
    "agg NumPy's": lambda d: d.rolling(4, min_periods=1).agg(np.sum),
    "apply": lambda d: d.rolling(5, min_periods=2).apply(lambda w: w.iloc[-1] - w.iloc[0]),
    "apply raw": lambda d: d.rolling(5, min_periods=2).apply(lambda w: np.ptp(w), raw=True),
    "apply with arguments": lambda d: d.rolling(3).apply(lambda w, a, b: w.sum() * a + b, args=(2,), kwargs={"b": 1}),
    "apply centred": lambda d: d.rolling(5, center=True, min_periods=1).apply(np.max, raw=True),
    "apply closed": lambda d: d.rolling(5, min_periods=1, closed="left").apply(np.max, raw=True),
    "cov of itself": lambda d: d.rolling(6, min_periods=3).cov(pairwise=False),
    "cov": lambda d: d.rolling(6, min_periods=3).cov(d * 2 + 1, pairwise=False),
    "cov ddof": lambda d: d.rolling(6, min_periods=3)["value"].cov(d["whole"], ddof=0),
    "corr": lambda d: d.rolling(6, min_periods=3)["value"].corr(d["whole"]),
    "win_type": lambda d: d.rolling(5, min_periods=1, win_type="triang").mean(),
    "win_type sum": lambda d: d.rolling(5, win_type="hamming", center=True).sum(),
    "expanding agg": lambda d: d.expanding(2).agg("max"),
    "expanding median": lambda d: d.expanding().median(),
    "expanding quantile": lambda d: d.expanding(3).quantile(0.2),
}


@pytest.mark.parametrize("name", ROLLING)
def test_rolling(name: str) -> None:
    if "win_type" in name:
        pytest.importorskip("scipy")
    python = name.startswith(("apply", "cov", "corr", "win_type"))
    check(ROLLING[name], T, rtol=1e-8, cluster=not python and name in {"skew", "agg dict"})


TIMES = {
    "var": lambda d: d.rolling("1h", min_periods=2).var(),
    "median": lambda d: d.rolling("50min").median(),
    "quantile": lambda d: d.rolling("50min").quantile(0.3),
    "skew": lambda d: d.rolling("2h", min_periods=4).skew(),
    "apply": lambda d: d.rolling("45min", min_periods=1).apply(np.ptp, raw=True),
    "apply closed": lambda d: d.rolling("45min", min_periods=1, closed="both").apply(np.ptp, raw=True),
    "timedelta": lambda d: d.rolling(pd.Timedelta("1h")).sum(),
    "cov": lambda d: d.rolling("1h")["value"].cov(d["whole"]),
}


@pytest.mark.parametrize("name", TIMES)
def test_rolling_in_time(name: str) -> None:
    check(TIMES[name], timed(), rtol=1e-8)


def test_what_windows_are() -> None:
    windows = lazy(T, ()).rolling(4, min_periods=2, center=True)
    assert (windows.window, windows.min_periods, windows.center, windows.win_type) == (4, 2, True, None)
    assert windows.kwargs == {"window": 4, "min_periods": 2, "center": True} and windows.obj._names == ["value", "whole"]
    with pytest.raises(ValueError, match="min_periods"):
        lazy(T, ()).rolling(3, min_periods=4)
    with pytest.raises(ValueError, match="window must be"):
        lazy(T, ()).rolling(-1)
    with pytest.raises(KeyError):
        windows["no"]
    with pytest.raises(NotImplementedError, match="pairwise=False"):
        windows.cov()
    with pytest.raises(NotImplementedError, match="select one"):
        windows.agg(["sum", "max"])


BINS = {
    "prod": lambda r: r[["whole"]].prod(),
    "sum min_count": lambda r: r.sum(min_count=3),
    "var": lambda r: r.var(),
    "std ddof": lambda r: r.std(ddof=0),
    "sem": lambda r: r.sem(),
    "median": lambda r: r.median(),
    "quantile": lambda r: r.quantile(0.25),
    "nunique": lambda r: r.nunique(),
    "ohlc of all": lambda r: r[["value", "whole"]].ohlc(),
    "agg dict": lambda r: r.agg({"value": "sum", "whole": "max"}),
    "agg dict of lists": lambda r: r.agg({"value": ["sum", "count"], "whole": "max"}),
    "agg name": lambda r: r.agg("mean"),
    "agg of a column": lambda r: r["value"].agg(["min", "max"]),
    "a column": lambda r: r.value.sum(),
    "numeric_only": lambda r: r.sum(numeric_only=True),
}


@pytest.mark.parametrize("name", BINS)
def test_bins(name: str) -> None:
    check(lambda d: BINS[name](d.resample("30min")), timed().tz_convert("UTC"), rtol=1e-9, cluster=name == "median")


@pytest.mark.parametrize("rule", ["15min", "7h", "2D", "MS", "ME", "W", "QS"])
@pytest.mark.parametrize("label", ["left", "right"])
def test_labels_of_bins(rule: str, label: str) -> None:
    frame = timed().tz_convert("UTC").tz_localize(None)
    if rule != "15min":
        frame.index = pd.DatetimeIndex(frame.index[0] + (frame.index - frame.index[0]) * 97, name="time").as_unit("ns")
    check(lambda d: d.resample(rule, label=label).sum(), frame)
    if rule in ("15min", "7h"):
        exact = frame.set_axis(frame.index.floor("15min"))
        check(lambda d: d.resample(rule, closed="right", label=label).sum(), exact)
        check(lambda d: d.resample(rule, closed="right", label=label).size(), exact)


def test_what_bins_are() -> None:
    bins = lazy(timed(), ()).resample("15min", closed="right", label="left")
    assert bins.rule == "15min" and bins.kwargs == {"closed": "right", "label": "left"} and bins.obj._names == list(timed().columns)
    with pytest.raises(ValueError, match="closed"):
        lazy(timed(), ()).resample("15min", closed="both")
    with pytest.raises(NotImplementedError, match="closed"):
        lazy(timed(), ()).resample("MS", closed="right")
    with pytest.raises(NotImplementedError, match="48h"):
        lazy(timed(), ()).resample("2D", closed="right")
    with pytest.raises(KeyError):
        bins["no"]


def test_windows_of_nothing() -> None:
    empty: Any = lazy(T.iloc[:0], (0,))
    assert len(empty.rolling(3).sum().compute()) == 0
    one = lazy(T.iloc[:1], (0, 1, 1))
    pd.testing.assert_frame_equal(one.rolling(2, min_periods=1).sum().compute(), T.iloc[:1].rolling(2, min_periods=1).sum())


def test_windows_of_few_and_many_rows() -> None:
    """Times lie close to each other and far apart by turns: sums are row by row here and exact there."""
    rng = np.random.default_rng(3)
    seconds = np.cumsum(np.repeat([1, 90, 2, 400], 150) * rng.integers(1, 4, 600))
    values = np.where(rng.random(600) < 0.1, np.nan, rng.normal(size=600) * 10.0 ** rng.integers(-2, 3, 600))
    frame = pd.DataFrame({"v": values, "w": rng.integers(-5, 5, 600)}, pd.Timestamp("2024-03-01") + pd.to_timedelta(seconds, unit="s"))
    held = np.array([len(window) for window in frame.rolling("3min")])
    assert held.min() < 8 and held.max() > 64, "windows of both kinds"
    for borders in ((), (200, 400), (10, 11, 590)):
        lazied = lazy(frame.rename_axis("t"), borders)
        for statistic in ("sum", "mean", "std", "median", "count", "max"):
            for span in ("3min", 65, 64, 3):
                mine = getattr(lazied.rolling(span, min_periods=1), statistic)().compute()
                theirs = getattr(frame.rename_axis("t").rolling(span, min_periods=1), statistic)()
                pd.testing.assert_frame_equal(mine, theirs, rtol=1e-9, atol=1e-6, check_freq=False)
                again = getattr(lazy(frame.rename_axis("t"), (77,)).rolling(span, min_periods=1), statistic)().compute()
                pd.testing.assert_frame_equal(mine, again, rtol=0, atol=0)
