"""Series against pandas: a line a case."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from columns import ROWS, check, equal, lazy, numbers

import phalanx.dataframe as dd

N = numbers()
#: What suites run on two workers too.
KEPT = {"sum", "cumsum", "shift", "value_counts", "groupby", "rolling", "corr", "dropna", "nlargest", "autocorr"}

#: Methods of two columns or a column and a value.
ARITHMETIC = ["add", "sub", "mul", "div", "divide", "truediv", "floordiv", "mod", "pow"]
REVERSED = ["radd", "rsub", "rmul", "rdiv", "rtruediv", "rfloordiv", "rmod", "rpow"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


@pytest.mark.parametrize("name", [*ARITHMETIC, *REVERSED, *COMPARISONS])
def test_operators(name: str) -> None:
    base = N[["value", "other", "whole", "few", "small"]].assign(few=N["few"] + 1.0)
    call = operator.methodcaller
    check(lambda d: call(name, d["other"])(d["value"].abs()), base, cluster=name == "add")
    check(lambda d: call(name, d["few"])(d["whole"].abs()), base)
    check(lambda d: call(name, 2.5)(d["value"].abs()), base)
    # A column of integers holds no infinity, which pandas makes of 3 // 0; and none wraps here.
    check(lambda d: call(name, 2)(d["small"] % 10 + 1), base, dtype=True)
    check(lambda d: call(name, d["other"], fill_value=1.5)(d["value"].abs()), base)
    check(lambda d: call(name, d["other"], axis=0, level=None)(d["few"]), base)
    with pytest.raises(NotImplementedError, match="level"):
        call(name, 1, level=0)(lazy(base, ())["few"])
    with pytest.raises(ValueError, match="axis"):
        call(name, 1, axis=1)(lazy(base, ())["few"])


REDUCTIONS = {
    "sum": lambda s: s.sum(),
    "sum min_count": lambda s: s.sum(min_count=ROWS),
    "sum with missing": lambda s: s.sum(skipna=False),
    "prod": lambda s: s.prod(),
    "product": lambda s: (s / 100).product(),
    "mean": lambda s: s.mean(),
    "var": lambda s: s.var(),
    "std": lambda s: s.std(ddof=0),
    "sem": lambda s: s.sem(),
    "min": lambda s: s.min(),
    "max": lambda s: s.max(),
    "median": lambda s: s.median(),
    "skew": lambda s: s.skew(),
    "kurt": lambda s: s.kurt(),
    "kurtosis": lambda s: s.kurtosis(),
    "count": lambda s: s.count(),
    "nunique": lambda s: s.nunique(),
    "nunique with missing": lambda s: s.nunique(dropna=False),
    "idxmin": lambda s: s.idxmin(),
    "idxmax": lambda s: s.idxmax(),
    "any": lambda s: s.any(),
    "all": lambda s: s.all(),
    "quantile": lambda s: s.quantile(0.3),
    "quantiles": lambda s: s.quantile([0.1, 0.5, 0.9]),
    "autocorr": lambda s: s.autocorr(2),
    "is_monotonic_increasing": lambda s: s.is_monotonic_increasing,
    "is_monotonic_decreasing": lambda s: s.is_monotonic_decreasing,
    "describe": lambda s: s.describe(),
    "describe percentiles": lambda s: s.describe(percentiles=[0.1, 0.5]),
    "unnamed": lambda s: s.rename(None).sum(),
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str) -> None:
    for column in ("value", "whole", "sorted"):
        if name.startswith("prod") and column == "sorted":
            continue
        check(lambda d, column=column: REDUCTIONS[name](d[column]), N, rtol=1e-9, cluster=name in KEPT and column == "value")


def test_reductions_of_other_types() -> None:
    for name in ("min", "max", "count", "nunique"):
        check(lambda d, name=name: getattr(d["flag"], name)(), N)
        check(lambda d, name=name: getattr(d["big"], name)(), N)
    check(lambda d: d["endless"].sum(), N)
    check(lambda d: d["endless"].max(), N)
    check(lambda d: d["big"].sum(), N)
    check(lambda d: d["value"].size, N)
    assert lazy(N, (3, 3, 9))["value"].shape[0].compute() == len(lazy(N, (3, 3, 9))["value"]) == ROWS
    lonely = N.iloc[:1]
    check(lambda d: d["value"].var(), lonely)
    check(lambda d: d["sorted"].is_monotonic_increasing, lonely)
    check(lambda d: d["value"].sum(), N.iloc[:0])


WINDOWS = {
    "cumsum": lambda s: s.cumsum(),
    "cumprod": lambda s: (s / 8).cumprod(),
    "cummax": lambda s: s.cummax(),
    "cummin": lambda s: s.cummin(axis=0, skipna=True),
    "shift": lambda s: s.shift(),
    "shift back": lambda s: s.shift(-3),
    "diff": lambda s: s.diff(2),
    "pct_change": lambda s: s.abs().add(1).fillna(3).pct_change(),
    "ffill": lambda s: s.ffill(),
    "ffill limit": lambda s: s.ffill(limit=1),
    "bfill": lambda s: s.bfill(),
    "rank": lambda s: s.rank(),
    "rank dense": lambda s: s.rank(method="dense", ascending=False),
    "rolling": lambda s: s.rolling(4).mean(),
    "rolling min_periods": lambda s: s.rolling(5, min_periods=2).max(),
    "rolling center": lambda s: s.rolling(3, center=True).sum(),
    "rolling time": lambda s: s.rolling("2h").count(),
    "expanding": lambda s: s.expanding().min(),
    "resample": lambda s: s.resample("3h").sum(),
    "resample agg": lambda s: s.resample("D").agg(["min", "max"]),
    "resample ohlc": lambda s: s.resample("12h").ohlc(),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows(name: str) -> None:
    check(lambda d: WINDOWS[name](d["value"]), N, rtol=1e-9, cluster=name in KEPT)


VALUES = {
    "abs": lambda s: s.abs(),
    "round": lambda s: s.round(1),
    "clip": lambda s: s.clip(-3, 5.5, axis=0),
    "clip below": lambda s: s.clip(lower=0),
    "isna": lambda s: s.isna(),
    "isnull": lambda s: s.isnull(),
    "notna": lambda s: s.notna(),
    "notnull": lambda s: s.notnull(),
    "fillna": lambda s: s.fillna(7.5, axis=0) if not isinstance(s, pd.Series) else s.fillna(7.5),
    "dropna": lambda s: s.dropna(),
    "isin": lambda s: s.isin([0.0, 5.0, np.nan]),
    "between": lambda s: s.between(-2, 3, inclusive="left"),
    "where": lambda s: s.where(s > 0, -1),
    "where missing": lambda s: s.where(s > 0),
    "where callable": lambda s: s.where(lambda x: x > 0, lambda x: -x),
    "mask": lambda s: s.mask(s > 0),
    "case_when": lambda s: s.case_when([(s > 3, 100.0), (s < -3, -100.0)]),
    "replace": lambda s: s.replace({0.0: 11.0, 5.0: -1.0}),
    "replace list": lambda s: s.replace([0.0, 5.0], [1.0, 2.0]),
    "map": lambda s: s.map({0.0: 1.5, 5.0: 2.5}),
    "astype": lambda s: s.fillna(0).astype("int32"),
    "astype str": lambda s: s.astype("str"),
    "rename": lambda s: s.rename("new"),
    "rename none": lambda s: s.rename(None),
    "copy": lambda s: s.copy(),
    "squeeze": lambda s: s.squeeze(),
    "pipe": lambda s: s.pipe(lambda x, y: x + y, 3),
    "to_frame": lambda s: s.to_frame(),
    "to_frame name": lambda s: s.to_frame("new"),
    "combine_first": lambda s: s.combine_first(s * 0),
    "[]": lambda s: s[s > 0],
    "reset_index": lambda s: s.reset_index(),
    "reset_index drop": lambda s: s.reset_index(drop=True),
    "rename_axis": lambda s: s.rename_axis("when"),
    "drop_duplicates": lambda s: s.drop_duplicates(),
    "drop_duplicates last": lambda s: s.drop_duplicates(keep="last"),
    "nlargest": lambda s: s.nlargest(6),
    "nsmallest": lambda s: s.nsmallest(4),
    "mode": lambda s: s.mode(),
    "mode with missing": lambda s: s.mode(dropna=False),
    "divmod": lambda s: divmod(s, 3)[1],
    "neg": lambda s: -s,
    "positive": lambda s: +s,
    "ufunc": lambda s: np.exp(s / 10),
    "maximum": lambda s: np.maximum(s, 1.0),
    "subtract ufunc": lambda s: np.subtract(3, s),
}
#: Cases whose rows have no labels of their own in pandas either.
UNLABELLED = {"mode", "mode with missing"}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    def case(d: Any) -> Any:
        made = VALUES[name](d["value"])
        return made.reset_index(drop=True) if name in UNLABELLED else made

    check(case, N, cluster=name in KEPT)


def test_sorting() -> None:
    check(lambda d: d["few"].sort_values(), N, oracle=lambda d: d["few"].sort_values(kind="stable"))
    check(lambda d: d["value"].sort_values(ascending=False, na_position="first"), N, oracle=lambda d: d["value"].sort_values(ascending=False, na_position="first", kind="stable"))
    check(lambda d: d["value"].sort_index(ascending=False), N)
    check(lambda d: d["few"].unique(), N, oracle=lambda d: d["few"].drop_duplicates().reset_index(drop=True))


def test_moments() -> None:
    from scipy import stats

    for borders in [(), (0, 2, 2, 17)]:
        ours, theirs = lazy(N, borders)["value"], N["value"].dropna()
        assert ours.skew(bias=True).compute() == pytest.approx(stats.skew(theirs, bias=True), rel=1e-9)
        assert ours.kurt(bias=True).compute() == pytest.approx(stats.kurtosis(theirs, bias=True), rel=1e-9)
        assert ours.kurtosis(fisher=False).compute() == pytest.approx(stats.kurtosis(theirs, fisher=False, bias=False), rel=1e-9)
        assert np.isnan(ours.skew(nan_policy="propagate").compute())
        assert ours.nunique_approx().compute() == theirs.nunique()
        assert ours.median_approximate(method="tdigest").compute() == theirs.median()
    with pytest.raises((NotImplementedError, ValueError), match="nan_policy"):
        ours.kurt(nan_policy="raise")


CALLS = {
    "apply": lambda s: s.apply(lambda x: x * 2 + 1),
    "apply with arguments": lambda s: s.apply(lambda x, y, z: x * y + z, args=(2,), z=3) if isinstance(s, pd.Series) else s.apply(lambda x, y, z: x * y + z, 2, z=3, meta=("value", "float64")),
    "map": lambda s: s.map(lambda x: x - 1, na_action="ignore"),
    "combine": lambda s: s.combine(s * 2, max),
    "combine fill": lambda s: s.combine(s.shift(1), min, fill_value=0.0) if isinstance(s, pd.Series) else s.combine(s.shift(1), min, fill_value=0.0),
    "map_partitions": lambda s: s + 1 if isinstance(s, pd.Series) else s.map_partitions(lambda part: part + 1),
    "map_overlap": lambda s: s.rolling(3).sum() if isinstance(s, pd.Series) else s.map_overlap(lambda part: part.rolling(3).sum(), 2, 0),
    "reduction": lambda s: s.sum() if isinstance(s, pd.Series) else s.reduction(lambda part: part.sum(), lambda parts: parts.sum()),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    check(lambda d: CALLS[name](d["value"]), N.assign(value=N["value"].fillna(2.5)))


def test_shuffles() -> None:
    for on in (None, "few", "index"):
        series = lazy(N, (0, 2, 2, 17, 40))["whole"]
        key = series if on is None else lazy(N, (0, 2, 2, 17, 40))["few"] if on == "few" else None
        made = series.shuffle(npartitions=3) if on is None else series.shuffle(on=key, npartitions=3) if key is not None else series.shuffle(on_index=True, npartitions=3)
        assert made.npartitions == 3
        equal(made.compute().sort_index(), N["whole"])


def test_files(tmp_path: Any) -> None:
    series = lazy(N, (9, 30))["whole"]
    series.to_csv(tmp_path / "csv")
    back = pd.concat([pd.read_csv(path, index_col=0, parse_dates=True) for path in sorted((tmp_path / "csv").iterdir())])
    np.testing.assert_array_equal(back["whole"], N["whole"])
    series.to_json(tmp_path / "json")
    back = pd.concat([pd.read_json(path, lines=True) for path in sorted((tmp_path / "json").iterdir())])
    np.testing.assert_array_equal(back["whole"], N["whole"])
    records = series.to_records(index=False).compute()
    assert records.dtype.names == ("whole",) and records["whole"].tolist() == N["whole"].tolist()
    assert sum(len(part.compute()) for part in series.to_delayed()) == ROWS
    bags = [bag.compute() for bag in series.to_bag()]
    assert [value for bag in bags for value in bag] == N["whole"].tolist()
    assert series.to_bag(index=True)[0].compute()[0] == (N.index[0], N["whole"].iloc[0])


def test_divisions() -> None:
    series = lazy(N, (9, 30))["whole"]
    assert series.known_divisions and series.divisions == (N.index[0], N.index[9], N.index[30], N.index[-1])
    equal(series.loc["2024-03-30 12:00":"2024-03-30 18:00"].compute(), N["whole"].loc["2024-03-30 12:00":"2024-03-30 18:00"])
    equal(series.loc[series > 0].compute(), N["whole"].loc[N["whole"] > 0])
    assert series.memory_usage_per_partition(index=False).compute().sum() == series.nbytes.compute() == N["whole"].nbytes
    assert not series.empty


PAIRS = {
    "corr": lambda d: d["value"].corr(d["other"]),
    "corr min_periods": lambda d: d["value"].corr(d["other"], min_periods=40),
    "cov": lambda d: d["value"].cov(d["other"]),
    "dot": lambda d: d["whole"].dot(d["few"]),
    "dot with missing": lambda d: d["value"].dot(d["other"]),
    "align": lambda d: d["value"].align(d["other"])[1],
    "align fill": lambda d: d["value"].align(d["other"], join="inner", fill_value=3.0)[0],
    "combine_first": lambda d: d["value"].combine_first(d["other"]),
    "where": lambda d: d["value"].where(d["flag"], d["other"]),
    "fillna": lambda d: d["value"].fillna(d["other"]),
    "between": lambda d: d["value"].between(d["other"], 10),
    "logic": lambda d: (d["value"] > 0) & ~d["flag"] | (d["other"] < 0) ^ d["flag"],
    "cumsum beside": lambda d: d["value"] - d["value"].cumsum(),
    "lazy numbers": lambda d: (d["whole"] - d["whole"].mean()) / d["whole"].std(),
    "lazy comparison": lambda d: d["whole"][d["whole"].mean() < d["whole"]],
    "index": lambda d: d["value"][d.index > pd.Timestamp("2024-03-30 12:00")],
}


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(name: str) -> None:
    check(PAIRS[name], N, rtol=1e-9, cluster=name in KEPT)


GROUPS = {
    "sum": lambda g: g.sum(),
    "mean": lambda g: g.mean(),
    "count": lambda g: g.count(),
    "size": lambda g: g.size(),
    "nunique": lambda g: g.nunique(),
    "agg": lambda g: g.agg("max"),
    "agg list": lambda g: g.agg(["min", "sum"]),
    "cumsum": lambda g: g.cumsum(),
    "shift": lambda g: g.shift(),
    "transform": lambda g: g.transform("sum"),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name: str) -> None:
    check(lambda d: GROUPS[name](d["whole"].groupby(d["few"])), N, cluster=name == "sum")
    if not name.startswith("agg list"):
        check(lambda d: GROUPS[name](d["value"].rename(None).groupby([d["few"], d["flag"]])), N)


def test_counts() -> None:
    def expected(s: pd.Series, **options: Any) -> pd.Series:
        # Ties by first appearance, which pandas leaves open.
        counts = s.groupby(s, sort=False, dropna=options.pop("dropna", True)).size()
        if options.pop("sort", True):
            counts = counts.sort_values(ascending=options.pop("ascending", False), kind="stable")
        if options.pop("normalize", False):
            return (counts / counts.sum()).rename("proportion")
        return counts.rename("count")

    for options in ({}, {"normalize": True}, {"ascending": True}, {"dropna": False}, {"sort": False}):
        check(lambda d, o=options: d["few"].value_counts(**o), N, oracle=lambda d, o=options: expected(d["few"], **o), cluster=not options)
    check(lambda d: d["value"].value_counts(), N, oracle=lambda d: expected(d["value"] + 0.0))
    check(lambda d: d["few"].rename(None).value_counts(), N, oracle=lambda d: expected(d["few"].rename(None)))


def test_labels() -> None:
    frame = N.set_axis(pd.Index([f"r{row % 5}é" for row in range(ROWS)], name="row"))
    check(lambda d: d["whole"].add_prefix("a_"), frame)
    check(lambda d: d["whole"].add_suffix("_z"), frame)
    check(lambda d: d["whole"].rename_axis("other"), frame)
    series = lazy(frame, (3, 20))["whole"]
    assert series.name == "whole" and series.ndim == 1 and list(series.columns) == ["whole"]
    assert series.dtype == series.dtypes == np.dtype("int64") and len(series.axes) == 1
    equal(series.axes[0].compute(), frame.index)
    assert series.memory_usage(index=False).compute() == frame["whole"].memory_usage(index=False)
    assert lazy(N, (9,))["whole"].memory_usage().compute() == numbers()["whole"].memory_usage()


def test_partitions() -> None:
    series = lazy(N, (0, 2, 2, 17, 40))["whole"]
    assert series.npartitions == 6
    equal(series.get_partition(3).compute(), N["whole"].iloc[2:17])
    equal(series.partitions[4].compute(), N["whole"].iloc[17:40])
    equal(series.repartition(npartitions=2).compute(), N["whole"])
    equal(series.head(4), N["whole"].head(4))
    equal(series.head(4, npartitions=3), N["whole"].head(2))
    for few in (-3, -ROWS, -ROWS - 1, 0, ROWS + 1):
        equal(series.head(few), N["whole"].head(few))
        equal(series.tail(few), N["whole"].tail(few))
    equal(series.head(4, npartitions=-1, compute=False).compute(), N["whole"].head(4))
    equal(series.tail(3).compute() if hasattr(series.tail(3), "compute") else series.tail(3), N["whole"].tail(3))
    parts = series.random_split([0.4, 0.6], random_state=3)
    assert sum(len(part) for part in parts) == ROWS
    sample = series.sample(frac=0.5, random_state=2)
    again = lazy(N, (20,))["whole"].sample(frac=0.5, random_state=2)
    equal(sample.compute(), again.compute())
    equal(series.persist(fuse=True).compute(), N["whole"])
    assert "whole" in series.explain() and series.visualize() is not None
    np.testing.assert_array_equal(series.values.compute(), N["whole"].to_numpy())
    np.testing.assert_array_equal(lazy(N, (5, 9))["whole"].to_dask_array(lengths=True).compute(), N["whole"].to_numpy())
    assert "2024-03-30" in series.to_string(max_rows=4)


def test_lists() -> None:
    frame = pd.DataFrame({"text": ["a b", None, "c", "d e f"]}, index=pd.Index([3, 1, 4, 1], name="row"))
    check(lambda d: d["text"].str.split(" ").explode(), frame)


def test_lazy_values() -> None:
    series = lazy(N, (9,))["whole"]
    total = series.sum()
    assert (total + 1).compute() == N["whole"].sum() + 1 and (2 * total - total).compute() == N["whole"].sum()
    assert (total / series.count()).compute() == pytest.approx(N["whole"].mean())
    assert float(total) == int(total) == N["whole"].sum() and abs(-total).compute() == abs(N["whole"].sum())
    with pytest.raises(TypeError, match="compute"):
        bool(total)
    assert (total > 3).compute() == (N["whole"].sum() > 3)


def test_what_is_refused() -> None:
    frame = lazy(N, (9,))
    series = frame["value"]
    for call in (
        lambda: series.fillna(),
        lambda: series.isin("text"),
        lambda: series.between(1, 2, inclusive="some"),
        lambda: series.replace(1),
        lambda: series.align(series, join="cross"),
        lambda: bool(series),
    ):
        with pytest.raises((ValueError, TypeError)):
            call()
    for call in (
        lambda: series.rename({"a": "b"}),
        lambda: series.groupby("few"),
        lambda: series.to_timestamp(),
        lambda: series.dot([1, 2]),
        lambda: series + lazy(N, (9,))["value"].sort_values(),
        lambda: series[3],
    ):
        with pytest.raises(NotImplementedError):
            call()
    assert dd.isna(series).sum().compute() == N["value"].isna().sum()
