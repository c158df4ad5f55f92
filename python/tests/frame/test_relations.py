"""Reductions, groups, windows, merges, order and shape of frames against pandas: a line a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from relations import ROWS, check, lazy, table, timed

import phalanx.dataframe as dd

T = table()
NUMBERS = T[["value", "other", "whole", "big"]]
SOME = T[["value", "whole"]]

REDUCTIONS = {
    "sum": lambda d: d.sum(),
    "sum min_count": lambda d: d.sum(min_count=55),
    "sum with missing": lambda d: d.sum(skipna=False),
    "prod": lambda d: d.prod(),
    "mean": lambda d: d.mean(),
    "var": lambda d: d.var(),
    "var ddof 0": lambda d: d.var(ddof=0),
    "std": lambda d: d.std(),
    "sem": lambda d: d.sem(),
    "min": lambda d: d.min(),
    "max": lambda d: d.max(),
    "median": lambda d: d.median(),
    "median with missing": lambda d: d.median(skipna=False),
    "quantile": lambda d: d.quantile(0.3),
    "quantile nearest": lambda d: d.quantile(0.5, interpolation="nearest"),
    "quantile lower": lambda d: d.quantile(0.77, interpolation="lower"),
    "quantile higher": lambda d: d.quantile(0.77, interpolation="higher"),
    "quantile midpoint": lambda d: d.quantile(0.77, interpolation="midpoint"),
    "quantiles": lambda d: d.quantile([0.0, 0.1, 0.9, 1.0]),
    "count": lambda d: d.count(),
    "nunique": lambda d: d.nunique(),
    "nunique with missing": lambda d: d.nunique(dropna=False),
    "idxmin": lambda d: d.idxmin(),
    "idxmax": lambda d: d.idxmax(),
    "any": lambda d: d.any(),
    "all": lambda d: d.all(),
    "skew": lambda d: d.skew(),
    "kurt": lambda d: d.kurt(),
    "corr": lambda d: d.corr(),
    "corr min_periods": lambda d: d.corr(min_periods=48),
    "cov": lambda d: d.cov(),
    "describe": lambda d: d.describe(),
    "describe percentiles": lambda d: d.describe(percentiles=[0.05, 0.5]),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    # pandas' own mean of integers over 2⁵³ is rounded before it is subtracted; ours is exact, so they differ there.
    spread = {"var", "var ddof 0", "std", "sem", "skew", "kurt", "corr", "corr min_periods", "cov"}
    about = spread | {"describe", "describe percentiles"}
    check(REDUCTIONS[name], NUMBERS.drop(columns="big") if name in about else NUMBERS, rtol=1e-11, cluster=name in {"sum", "describe", "idxmin", "corr"})


def test_reductions_of_other_types() -> None:
    check(lambda d: d.min(), T[["group", "flag"]])
    check(lambda d: d.count(), T)
    check(lambda d: d.nunique(), T)
    check(lambda d: d.cov(ddof=0), T[["whole", "group"]])  # pandas heeds ddof only where nothing is missing
    check(lambda d: d.sum(numeric_only=True), T, rtol=1e-12)
    with pytest.raises(TypeError, match="key"):
        lazy(T, ()).sum()
    with pytest.raises(TypeError, match="key"):
        lazy(T, ()).sum(axis=1)
    assert len(lazy(T, (3, 9))) == ROWS


def test_counts() -> None:
    def expected(frame: pd.DataFrame, **options: Any) -> pd.Series:
        # Ties by first appearance, which pandas leaves open.
        counts = frame.groupby("group", sort=False).size()
        counts = counts.sort_values(ascending=options.pop("ascending", False), kind="stable")
        if options.pop("normalize", False):
            counts = (counts / counts.sum()).rename("proportion")
        return counts.rename(counts.name or "count")

    check(lambda d: d.value_counts("group"), T, oracle=expected, cluster=True)
    check(lambda d: d.value_counts("group", normalize=True), T, oracle=lambda d: expected(d, normalize=True))
    check(lambda d: d.value_counts("group", ascending=True), T, oracle=lambda d: expected(d, ascending=True))
    check(lambda d: d.mode(), T[["few"]])
    check(lambda d: d.mode(), T[["key"]])


GROUPS = {
    "sum": lambda g: g.sum(numeric_only=True),
    "sum min_count": lambda g: g[["value", "whole"]].sum(min_count=8),
    "prod": lambda g: g[["few", "whole"]].prod(),
    "mean": lambda g: g.mean(numeric_only=True),
    "var": lambda g: g[["value", "whole"]].var(),
    "std ddof": lambda g: g[["value", "whole"]].std(ddof=0),
    "sem": lambda g: g[["value", "whole"]].sem(),
    "min": lambda g: g[["value", "whole", "big"]].min(),
    "max": lambda g: g[["value", "whole", "big"]].max(),
    "count": lambda g: g.count(),
    "size": lambda g: g.size(),
    "nunique": lambda g: g[["value", "whole", "few"]].nunique(),
    "nunique with missing": lambda g: g[["value", "few"]].nunique(dropna=False),
    "first": lambda g: g[["value", "whole"]].first(),
    "last": lambda g: g[["value", "other"]].last(),
    "median": lambda g: g[["value", "whole"]].median(),
    "quantile": lambda g: g[["value", "whole"]].quantile(0.3),
    "quantile nearest": lambda g: g[["value"]].quantile(0.4, interpolation="nearest"),
    "idxmin": lambda g: g[["value", "whole"]].idxmin(),
    "idxmax": lambda g: g[["value", "whole"]].idxmax(),
    "any": lambda g: g[["flag", "few"]].any(),
    "all": lambda g: g[["flag", "few"]].all(),
    "skew": lambda g: g[["value", "whole"]].skew(),
    "one column": lambda g: g["value"].sum(),
    "agg dict": lambda g: g.agg({"value": "sum", "whole": "nunique"}),
    "agg dict of lists": lambda g: g.agg({"value": ["sum", "median"], "whole": ["max"]}),
    "agg list": lambda g: g[["value", "whole"]].agg(["min", "mean"]),
    "agg list of one": lambda g: g["value"].agg(["min", "mean"]),
    "agg name": lambda g: g[["value", "whole"]].agg("sum"),
    "agg named": lambda g: g.agg(total=("value", "sum"), kinds=("few", "nunique")),
    "cumsum": lambda g: g[["value", "whole"]].cumsum(),
    "cumprod": lambda g: g[["few"]].cumprod(),
    "cummax": lambda g: g[["value", "whole"]].cummax(),
    "cummin": lambda g: g[["value", "whole"]].cummin(),
    "cumcount": lambda g: g.cumcount(),
    "cumcount backwards": lambda g: g.cumcount(ascending=False),
    "shift": lambda g: g[["value", "whole"]].shift(),
    "shift back and fill": lambda g: g[["whole"]].shift(-2, fill_value=7),
    "diff": lambda g: g[["value", "whole"]].diff(),
    "rank": lambda g: g[["value", "few"]].rank(),
    "rank dense": lambda g: g[["few"]].rank(method="dense", ascending=False),
    "rank min bottom": lambda g: g[["value"]].rank(method="min", na_option="bottom"),
    "rank first pct": lambda g: g[["few"]].rank(method="first", pct=True),
    "ffill": lambda g: g[["value", "other"]].ffill(),
    "bfill": lambda g: g[["value", "other"]].bfill(limit=1),
    "transform mean": lambda g: g[["value", "whole"]].transform("mean"),
    "transform one": lambda g: g["whole"].transform("sum"),
    "head": lambda g: g[["value", "whole"]].head(2),
    "tail": lambda g: g[["value", "whole"]].tail(2),
    "nth": lambda g: g[["value", "whole"]].nth(1),
    "nth of several": lambda g: g[["value", "whole"]].nth([0, -1]),
}
KEPT = {"size", "sum", "agg dict of lists", "cumsum", "rank", "transform mean", "head"}


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name: str) -> None:
    rtol = 1e-9 if name == "skew" else 1e-12
    check(lambda d: GROUPS[name](d.groupby("group")), T, rtol=rtol, cluster=name in KEPT)
    if name in {"idxmin", "idxmax", "shift back and fill"}:
        return  # pandas fills rows with a missing key; here their results are missing
    check(lambda d: GROUPS[name](d.groupby(["key", "flag"])), T, rtol=rtol)


def test_groups_in_other_orders() -> None:
    check(lambda d: d.groupby("key", sort=False)[["value"]].sum(), T)
    check(lambda d: d.groupby("key", sort=False)[["value"]].median(), T)
    check(lambda d: d.groupby("key", as_index=False)[["value", "whole"]].sum(), T)
    check(lambda d: d.groupby("value")[["whole"]].sum(), T)
    # A missing key is the last.
    check(lambda d: d.groupby("key", dropna=False)[["whole"]].sum(), T)
    with pytest.raises(KeyError):
        lazy(T, ()).groupby("no")
    with pytest.raises(NotImplementedError):
        lazy(T, ()).groupby("key", observed=False)


WINDOWS = {
    "cumsum": lambda d: d.cumsum(),
    "cumprod": lambda d: d[["few"]].cumprod() if isinstance(d, pd.DataFrame) else d.cumprod(),
    "cummax": lambda d: d.cummax(),
    "cummin": lambda d: d.cummin(),
    "shift": lambda d: d.shift(2),
    "shift back": lambda d: d.shift(-7),
    "shift and fill": lambda d: d.shift(3, fill_value=1),
    "diff": lambda d: d.diff(),
    "diff back": lambda d: d.diff(-3),
    "pct_change": lambda d: d.pct_change(),
    "ffill": lambda d: d.ffill(),
    "ffill limit": lambda d: d.ffill(limit=1),
    "bfill": lambda d: d.bfill(),
    "bfill limit": lambda d: d.bfill(limit=1),
    "rank": lambda d: d.rank(),
    "rank max": lambda d: d.rank(method="max", ascending=False, pct=True),
    "rank top": lambda d: d.rank(na_option="top"),
    "rolling sum": lambda d: d.rolling(4).sum(),
    "rolling mean": lambda d: d.rolling(9, min_periods=2).mean(),
    "rolling centered": lambda d: d.rolling(5, center=True).min(),
    "rolling even centered": lambda d: d.rolling(6, center=True, min_periods=1).max(),
    "rolling std": lambda d: d.rolling(7, min_periods=3).std(),
    "rolling var": lambda d: d.rolling(7, min_periods=3).var(ddof=0),
    "rolling count": lambda d: d.rolling(7).count(),
    "rolling median": lambda d: d.rolling(8, min_periods=1).median(),
    "rolling quantile": lambda d: d.rolling(8, min_periods=1).quantile(0.25),
    "rolling closed left": lambda d: d.rolling(3, min_periods=1, closed="left").sum(),
    "rolling closed both": lambda d: d.rolling(3, min_periods=1, closed="both").sum(),
    "expanding sum": lambda d: d.expanding().sum(),
    "expanding mean": lambda d: d.expanding(3).mean(),
    "expanding max": lambda d: d.expanding().max(),
    "expanding std": lambda d: d.expanding().std(),
}


@pytest.mark.parametrize("name", [name for name in WINDOWS if name != "cumprod"])
def test_windows(name: str) -> None:
    kept = {"cumsum", "shift", "ffill", "bfill", "rank", "rolling centered"}
    check(WINDOWS[name], T[["value", "whole"]], rtol=1e-9, cluster=name in kept)


def test_cumprod() -> None:
    check(lambda d: d.cumprod(), T[["few", "flag"]].assign(flag=T["flag"].astype(int)))


TIMES = {
    "sum": lambda d: d.rolling("30min").sum(),
    "mean": lambda d: d.rolling("1h", min_periods=3).mean(),
    "max": lambda d: d.rolling("45min", closed="both").max(),
    "min": lambda d: d.rolling("45min", closed="left", min_periods=1).min(),
    "neither": lambda d: d.rolling("45min", closed="neither").sum(),
    "count": lambda d: d.rolling("1h").count(),
    "std": lambda d: d.rolling("2h").std(),
    "centered": lambda d: d.rolling("40min", center=True).sum(),
}


@pytest.mark.parametrize("name", TIMES)
def test_windows_of_time(name: str) -> None:
    check(TIMES[name], timed(), rtol=1e-9, cluster=name in {"sum", "centered"})


def test_a_window_of_time_needs_times() -> None:
    with pytest.raises(ValueError, match="set_index"):
        lazy(T[["value"]], ()).rolling("1h").sum()


RIGHT = T[["group", "key", "value", "whole"]].iloc[::4].rename(columns={"value": "extra"}).reset_index(drop=True)

MERGES = {
    "inner": dict(on="group"),
    "left": dict(on=["group", "key"], how="left"),
    "right": dict(on=["group", "key"], how="right"),
    "outer": dict(on=["group", "whole"], how="outer"),
    "by floats": dict(left_on="few", right_on="extra", how="left"),
    "other names": dict(left_on="whole", right_on="extra", how="inner"),
    "other names right": dict(left_on="few", right_on="group", how="right"),
    "suffixes": dict(on="key", suffixes=("", "_r")),
    "indicator": dict(on=["group", "whole"], how="outer", indicator=True),
    "indicator left": dict(on=["group", "whole"], how="left", indicator="from"),
    "indicator right": dict(on=["group", "whole"], how="right", indicator=True),
    "cross": dict(how="cross"),
    "common": dict(),
}


@pytest.mark.parametrize("name", MERGES)
def test_merges(name: str) -> None:
    left = T[["group", "key", "whole", "few"]]

    check(
        lambda one, two: one.merge(two, **MERGES[name]),
        left,
        RIGHT,
        cluster=name in {"left", "right", "outer"},
    )


def test_merges_that_filter() -> None:
    left = T[["group", "key", "whole"]]
    keys = RIGHT[["key", "whole"]].drop_duplicates()
    marked = left.merge(keys, how="left", indicator=True)["_merge"]
    for how, wanted in [("leftsemi", "both"), ("leftanti", "left_only")]:
        check(
            lambda one, two, how=how: one.merge(two, how=how, on=["key", "whole"]),
            left,
            RIGHT,
            oracle=lambda one, two, wanted=wanted: one[(marked == wanted).to_numpy()],
        )


def test_merges_on_the_index() -> None:
    left = T[["value", "big"]].drop_duplicates("big").set_index("big")
    right = RIGHT.assign(id=(1 << 53) + RIGHT.index * 8).set_index("id")[["extra"]]
    check(lambda one, two: one.merge(two, left_index=True, right_index=True), left, right,
          oracle=lambda one, two: one.merge(two, left_index=True, right_index=True).rename_axis("big"))
    check(lambda one, two: one.join(two), left, right, oracle=lambda one, two: one.join(two).rename_axis("big"))


def test_merges_are_validated() -> None:
    left, right = lazy(T, (9,)), lazy(RIGHT, ())
    for validate in ["1:1", "m:1"]:
        with pytest.raises(Exception, match="not unique"):
            left.merge(right, on="group", validate=validate).compute()
    unique = lazy(RIGHT.drop_duplicates("group"), ())
    assert len(left.merge(unique, on="group", how="left", validate="m:1")) == ROWS
    with pytest.raises(KeyError):
        left.merge(right, on="no")
    with pytest.raises(ValueError, match="there is no merge"):
        left.merge(right, on="group", how="sideways")


ROWS_CASES = {
    "sort": (lambda d: d.sort_values("value"), dict(kind="stable")),
    "sort by several": (lambda d: d.sort_values(["group", "value"], ascending=[False, True]), dict(kind="stable")),
    "sort by text": (lambda d: d.sort_values(["key", "few"]), dict(kind="stable")),
    "missing first": (lambda d: d.sort_values("value", na_position="first"), dict(kind="stable")),
    "descending": (lambda d: d.sort_values("value", ascending=False), dict(kind="stable")),
}


@pytest.mark.parametrize("name", ROWS_CASES)
def test_sorts(name: str) -> None:
    def oracle(frame: pd.DataFrame) -> pd.DataFrame:
        calls = {
            "sort": lambda d: d.sort_values("value", kind="stable"),
            "sort by several": lambda d: d.sort_values(["group", "value"], ascending=[False, True], kind="stable"),
            "sort by text": lambda d: d.sort_values(["key", "few"], kind="stable"),
            "missing first": lambda d: d.sort_values("value", na_position="first", kind="stable"),
            "descending": lambda d: d.sort_values("value", ascending=False, kind="stable"),
        }
        return calls[name](frame)

    check(ROWS_CASES[name][0], T, oracle=oracle, cluster=True)


SHAPES = {
    "drop_duplicates": lambda d: d.drop_duplicates(["group", "few"]),
    "drop_duplicates last": lambda d: d.drop_duplicates("value", keep="last"),
    "drop_duplicates none": lambda d: d.drop_duplicates("value", keep=False),
    "nlargest": lambda d: d.nlargest(7, "value"),
    "nsmallest": lambda d: d.nsmallest(7, ["few", "value"]),
    "tail": lambda d: d.tail(7, compute=False) if not isinstance(d, pd.DataFrame) else d.tail(7),
    "head but some": lambda d: d.head(-7, compute=False) if not isinstance(d, pd.DataFrame) else d.head(-7),
    "tail but some": lambda d: d.tail(-7, compute=False) if not isinstance(d, pd.DataFrame) else d.tail(-7),
    "melt": lambda d: d.melt("key", ["value", "whole"], value_name="number"),
    "repartition": lambda d: d.repartition(npartitions=3) if not isinstance(d, pd.DataFrame) else d,
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name: str) -> None:
    check(SHAPES[name], T, cluster=name in {"drop_duplicates", "tail"})


def test_concat() -> None:
    other = T[["key", "value", "whole"]].assign(whole=T["whole"] / 2, new=1)
    for join in ["outer", "inner"]:
        check(
            lambda one, two, join=join: dd.concat([one, two], join=join),
            T,
            other,
            oracle=lambda one, two, join=join: pd.concat([one, two], join=join, ignore_index=True).pipe(
                lambda frame: frame.assign(flag=[None if pd.isna(flag) else flag for flag in frame["flag"]])
                if "flag" in frame
                else frame
            ),
        )


def test_pivot_and_dummies() -> None:
    check(
        lambda d: dd.pivot_table(d, "group", "few", "whole", "sum"),
        T,
        oracle=lambda d: d.pivot_table(index="group", columns="few", values="whole", aggfunc="sum").pipe(
            lambda frame: frame.set_axis([str(c) if c % 1 else str(int(c)) for c in frame.columns], axis=1)
        ),
    )
    check(lambda d: dd.get_dummies(d, columns="key", categories=["ä", "b"]), T[["key", "whole"]], oracle=lambda d: pd.DataFrame(
        {"whole": d["whole"], "key_ä": d["key"] == "ä", "key_b": d["key"] == "b"}))


def test_partitions() -> None:
    frame = lazy(T, (0, 3, 3, 17, 40))
    assert frame.npartitions == 6
    pd.testing.assert_frame_equal(
        frame.partitions[3].compute().reset_index(drop=True), T.iloc[3:17].reset_index(drop=True), check_dtype=False
    )
    assert len(frame.partitions[3:5]) == 37 and len(frame.get_partition(2)) == 0
    assert frame.repartition(npartitions=4).npartitions == 4
    assert [len(frame.repartition(npartitions=4).get_partition(n)) for n in range(4)] == [15] * 4
    with pytest.raises(ValueError):
        frame.get_partition(6)


def test_samples_do_not_depend_on_partitions() -> None:
    samples = [lazy(T, borders).sample(frac=0.5, random_state=3).compute() for borders in [(), (5, 5, 44)]]
    pd.testing.assert_frame_equal(*samples)
    assert 0 < len(samples[0]) < ROWS
    parts = lazy(T, (20,)).random_split([0.3, 0.7], random_state=1)
    assert sum(len(part) for part in parts) == ROWS
    assert np.isclose(sum(part.sum(numeric_only=True).compute()["whole"] for part in parts), T["whole"].sum())


BINS = {
    "sum": lambda r: r.sum(),
    "mean": lambda r: r.mean(),
    "min": lambda r: r.min(),
    "max": lambda r: r.max(),
    "count": lambda r: r.count(),
    "first": lambda r: r.first(),
    "last": lambda r: r.last(),
    "std": lambda r: r.std(),
    "nunique": lambda r: r.nunique(),
    "size": lambda r: r.size(),
    "ohlc": lambda r: r["value"].ohlc(),
    "agg": lambda r: r[["value", "whole"]].agg(["sum", "max"]),
}


@pytest.mark.parametrize("name", BINS)
def test_bins_of_time(name: str) -> None:
    check(lambda d: BINS[name](d.resample("15min")), timed(), rtol=1e-9, cluster=name == "sum")


@pytest.mark.parametrize("rule", ["5min", "7h", "D", "2D", "W", "MS", "ME", "QS", "QE", "YE"])
def test_bins_of_several_lengths(rule: str) -> None:
    frame = timed().tz_convert("UTC").tz_localize(None)
    frame.index = pd.DatetimeIndex(frame.index[0] + (frame.index - frame.index[0]) * 97, name="time").as_unit("ns")
    if rule == "D":
        with pytest.raises(NotImplementedError, match="zone"):
            lazy(timed(), ()).resample(rule).sum()
    check(lambda d: d.resample(rule).sum(), frame if rule != "5min" else timed().tz_convert("UTC"))


NEAR = {
    "backward": {},
    "forward": {"direction": "forward"},
    "nearest": {"direction": "nearest"},
    "not exact": {"allow_exact_matches": False},
    "forward not exact": {"allow_exact_matches": False, "direction": "forward"},
    "tolerance": {"tolerance": 2},
    "by": {"by": "group"},
    "by nearest": {"by": "group", "direction": "nearest", "tolerance": 9},
}


@pytest.mark.parametrize("name", NEAR)
def test_merge_asof(name: str) -> None:
    left = T[["whole", "group", "few"]].sort_values("whole", kind="stable").reset_index(drop=True)
    right = T[["whole", "group", "value"]].iloc[::3].sort_values("whole", kind="stable").reset_index(drop=True)
    right = right.drop_duplicates(["whole", "group"] if "by" in NEAR[name] else "whole")
    check(
        lambda one, two: (dd if not isinstance(one, pd.DataFrame) else pd).merge_asof(
            one, two, on="whole", **NEAR[name]
        ),
        left,
        right,
        cluster=name in {"backward", "by"},
    )
