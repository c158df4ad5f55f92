"""Frames column by column, along rows, by their index, and as they are looked at: against pandas, a line a case."""

from __future__ import annotations

import io
import operator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import ROWS, check, lazy, table, timed

T = table()
N = T[["value", "other", "whole"]]
#: Whole numbers without missing ones, some of them 0.
W = T[["whole", "group"]]
OTHER = N[["whole", "value"]].rename(columns={"whole": "new"}) * 2
EACH = pd.Series({"value": 2.0, "other": -1.0, "whole": 3.0})
SMALL = T[["few", "group"]] + 1

ARITHMETIC = ["add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow"]
BACKWARDS = ["radd", "rsub", "rmul", "rdiv", "rtruediv", "rfloordiv", "rmod", "rpow"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]


@pytest.mark.parametrize("name", ARITHMETIC + BACKWARDS)
def test_arithmetic(name: str) -> None:
    frame = SMALL if name.endswith("pow") else N
    check(lambda d: getattr(d, name)(2), frame, cluster=name == "add")
    check(lambda d: getattr(d, name)(d[list(d.columns)[::-1]].rename(columns=dict(zip(d.columns[::-1], d.columns)))), frame)
    check(lambda d: getattr(d, name)(3, fill_value=1), frame)
    check(lambda d: getattr(d, name)(d.iloc[:, 0], axis="index"), frame)
    check(lambda d: getattr(d, name)(list(range(1, len(d.columns) + 1))), frame)


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name: str) -> None:
    check(lambda d: getattr(d, name)(0), N, cluster=name == "lt")
    check(lambda d: getattr(d, name)(d.iloc[:, 0], axis=0), N)
    check(lambda d: getattr(d, name)([0.0, 1.0, 2.0]), N)
    check(lambda d: getattr(operator, name)(d, d * 0), N)


OPERATORS = {
    "plus": lambda d: d + 1,
    "minus": lambda d: 1 - d,
    "times": lambda d: d * d,
    "over": lambda d: 2 / d,
    "floor": lambda d: d // 3,
    "rest": lambda d: d % 7,
    "power": lambda d: d**2,
    "negative": lambda d: -d,
    "positive": lambda d: +d,
    "absolute": lambda d: abs(d),
    "logic": lambda d: ((d > 0) & (d < 5)) | (d == -3) ^ (d > 100),
    "not": lambda d: ~(d > 0),
    "sqrt": lambda d: np.sqrt(d.abs()),
    "values by name": lambda d: d * EACH,
    "values by other names": lambda d: d + EACH.rename({"other": "elsewhere"}),
    "less its means": lambda d: d - d.mean(),
    "aligned columns": lambda d: d.add(d[["whole", "value"]].rename(columns={"whole": "new"})),
    "aligned and filled": lambda d: d.add(d[["whole", "value"]].rename(columns={"whole": "new"}), fill_value=1),
    "missing and filled": lambda d: d[["value"]].add(d[["other"]].rename(columns={"other": "value"}), fill_value=10),
    "subtract": lambda d: d.subtract(1) if hasattr(d, "subtract") else d - 1,
    "divide": lambda d: d.divide(4) if hasattr(d, "divide") else d / 4,
    "dot": lambda d: d.fillna(0).dot(EACH),
    "dot of a matrix": lambda d: d.fillna(0).dot(pd.DataFrame({"a": EACH, "b": EACH * 2})),
    "dot of an array": lambda d: d.fillna(0) @ np.array([1.0, 2.0, 3.0]),
}


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(name: str) -> None:
    check(OPERATORS[name], N, cluster=name in {"plus", "dot"})


def test_operators_refuse() -> None:
    d = lazy(N, (7,))
    with pytest.raises(ValueError, match="length must be 3"):
        d + [1, 2]
    with pytest.raises(NotImplementedError, match="axis"):
        d + d["value"]
    with pytest.raises(NotImplementedError, match="level"):
        d.add(1, level=0)
    with pytest.raises(ValueError, match="aligned"):
        d.dot(pd.Series({"a": 1}))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(d)


def test_frames_of_other_rows_meet_by_their_indexes() -> None:
    one = N.iloc[:40].set_axis(pd.Index(range(0, 80, 2), name="id"))
    two = N.iloc[20:].set_axis(pd.Index(range(0, 120, 3), name="id"))[["value", "whole"]]
    check(lambda a, b: a + b, one, two)
    check(lambda a, b: a.sub(b, fill_value=0), one, two)
    for join in ["outer", "inner", "left"]:
        for part in [0, 1]:
            check(lambda a, b, join=join, part=part: a.align(b, join=join)[part], one, two, cluster=join == "outer" and part == 0)
    check(lambda a, b: a.align(b, axis=1, join="inner")[0], one, two)
    check(lambda a, b: a.align(b, axis=0)[0], one, two)
    check(lambda a, b: a.combine_first(b), one, two)
    check(lambda d: d.combine_first(d.fillna(7)), N)
    check(lambda d: d.combine(d * 2, lambda a, b: a.where(a > 0, b)), N)
    check(lambda d: d.combine(d * 2, np.fmax, fill_value=3), N[["value", "other"]])


ALONG_ROWS = {
    "sum": lambda d: d.sum(axis=1),
    "sum min_count": lambda d: d.sum(axis=1, min_count=3),
    "sum with missing": lambda d: d.sum(axis=1, skipna=False),
    "prod": lambda d: d.prod(axis=1),
    "product": lambda d: d.product(axis="columns"),
    "mean": lambda d: d.mean(axis=1),
    "mean with missing": lambda d: d.mean(axis=1, skipna=False),
    "var": lambda d: d.var(axis=1),
    "std": lambda d: d.std(axis=1, ddof=0),
    "sem": lambda d: d.sem(axis=1),
    "min": lambda d: d.min(axis=1),
    "max": lambda d: d.max(axis=1),
    "max with missing": lambda d: d.max(axis=1, skipna=False),
    "count": lambda d: d.count(axis=1),
    "any": lambda d: (d > 10).any(axis=1),
    "all": lambda d: (d < 20).all(axis=1),
    "any of numbers": lambda d: d.any(axis=1),
    "all of numbers": lambda d: d.all(axis=1),
    "median": lambda d: d.median(axis=1),
    "quantile": lambda d: d.quantile(0.25, axis=1).rename(None),
    "nunique": lambda d: d.nunique(axis=1),
    "skew": lambda d: d.skew(axis=1),
    "idxmin": lambda d: d.idxmin(axis=1),
    "idxmax": lambda d: d.idxmax(axis=1),
    "cumsum": lambda d: d.cumsum(axis=1),
    "cummax": lambda d: d.cummax(axis=1),
    "shift": lambda d: d.shift(axis=1),
    "shift back": lambda d: d.shift(-1, axis=1, fill_value=0),
    "diff": lambda d: d[["value", "other"]].diff(axis=1),
    "ffill": lambda d: d.ffill(axis=1),
    "bfill": lambda d: d.bfill(axis=1, limit=1),
    "rank": lambda d: d.rank(axis=1),
    "numbers only": lambda d: d.assign(word="x").sum(axis=1, numeric_only=True),
}


@pytest.mark.parametrize("name", ALONG_ROWS)
def test_along_rows(name: str) -> None:
    frame = N.assign(value=N["value"].fillna(1.0)) if name.startswith("idx") else N
    check(ALONG_ROWS[name], frame, rtol=1e-11, cluster=name in {"sum", "min"})


DOWN = {
    "running with missing": lambda d: d.cumsum(skipna=False),
    "running maxima with missing": lambda d: d.cummax(skipna=False),
    "numbers ranked": lambda d: d.assign(word="x").rank(numeric_only=True),
    "bool only": lambda d: d.assign(flag=d["whole"] > 0, none=False).any(bool_only=True),
    "all bool only": lambda d: d.assign(flag=d["whole"] > 0, all=True).all(bool_only=True),
    "mode": lambda d: d.mode(),
    "mode of numbers": lambda d: d.assign(word="x").mode(numeric_only=True),
    "mode with missing": lambda d: d[["value"]].mode(dropna=False),
    "kurtosis": lambda d: d.kurtosis(),
    "kurt fisher": lambda d: d.kurt(fisher=False) - 3 if not isinstance(d, pd.DataFrame) else d.kurt(),
    "sum of rounded": lambda d: d.round(1).sum(),
}


@pytest.mark.parametrize("name", DOWN)
def test_down_columns(name: str) -> None:
    check(DOWN[name], N, rtol=1e-9)


def test_moments_with_bias_are_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    d = lazy(N, (3, 17, 40))
    for name, ours, theirs in [("skew", d.skew(bias=True), stats.skew), ("kurt", d.kurt(bias=True), stats.kurtosis)]:
        expected = [theirs(N[column].dropna(), bias=True) for column in N]
        np.testing.assert_allclose(ours.compute(client=engine("local")), expected, rtol=1e-9, err_msg=name)
    assert d.skew(nan_policy="propagate").compute().isna().tolist() == [True, True, False]
    pd.testing.assert_series_equal(d.skew(nan_policy="omit").compute(), N.skew())
    assert d.nunique_approx().compute() == len(N.drop_duplicates())
    pd.testing.assert_series_equal(d.median_approximate().compute(), N.median())


DESCRIBED: dict[str, dict[str, Any]] = {
    "numbers": {},
    "all": {"include": "all"},
    "text": {"include": ["object", "str"]},
    "not floats": {"exclude": ["float"]},
    "percentiles": {"percentiles": [0.1, 0.9], "include": "all"},
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_described(name: str) -> None:
    frame = T.drop(columns=["big"]).iloc[:59]  # one most frequent text, not two
    options = DESCRIBED[name]

    def plain(described: pd.DataFrame) -> pd.DataFrame:
        return described.astype(object).where(described.notna(), np.nan)

    check(lambda d: d.describe(**options)._then(plain) if not isinstance(d, pd.DataFrame) else plain(d.describe(**options)), frame)


def test_times_described() -> None:
    frame = timed().reset_index()
    frame["later"] = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None).dt.as_unit("us")
    check(
        lambda d: d.describe()._then(lambda f: f.astype(object)) if not isinstance(d, pd.DataFrame) else d.describe().astype(object),
        frame,
    )
    check(
        lambda d: d.describe(include="all")._then(lambda f: f.astype(object))
        if not isinstance(d, pd.DataFrame)
        else d.describe(include="all").astype(object),
        frame[["time", "value"]],
    )


def test_results_in_the_place_of_values() -> None:
    check(lambda d: d.fillna(d.mean()), N)
    check(lambda d: d.clip(d.quantile(0.2), d.quantile(0.8), axis=1), N[["value", "whole"]])
    check(lambda d: d[["whole"]].isin(d["whole"].head(3).tolist() if isinstance(d, pd.DataFrame) else d["whole"].head(3).tolist()), N)
    check(lambda d: np.sqrt(d.count()) + np.maximum(d.count(), d.min()), N)
    result = lazy(N, (9,)).max()
    assert len(result) == 3 and "value" in result.index and [float(each) for each in result] == N.max().tolist()
    d = lazy(N, (9,))
    d.columns = ["whole", "b", "value"]
    pd.testing.assert_frame_equal(d.compute(), N.set_axis(["whole", "b", "value"], axis=1), check_dtype=False)
    with pytest.raises(ValueError, match="Length mismatch"):
        d.columns = ["a"]
    check(lambda d: np.fmax(d, 0) + np.add(1, d), N)
    check(lambda d: np.maximum(d, d * -1), N[["value", "whole"]])
    check(lambda d: d.loc[:, d.dtypes == "float64"], N)


COLUMNS = {
    "add_prefix": lambda d: d.add_prefix("a_"),
    "add_suffix": lambda d: d.add_suffix("_z"),
    "rename": lambda d: d.rename(columns={"value": "v", "no": "n"}),
    "rename by a function": lambda d: d.rename(columns=str.upper),
    "rename with axis": lambda d: d.rename({"key": "k"}, axis=1),
    "drop": lambda d: d.drop(columns=["value", "key"]),
    "drop with axis": lambda d: d.drop("value", axis=1),
    "drop what is not there": lambda d: d.drop(columns=["no"], errors="ignore"),
    "select_dtypes": lambda d: d.select_dtypes("number"),
    "select_dtypes exclude": lambda d: d.select_dtypes(exclude=["float64", "bool"]),
    "filter like": lambda d: d.filter(like="e"),
    "filter regex": lambda d: d.filter(regex="^[kv]"),
    "assign": lambda d: d.assign(twice=d.whole * 2, again=lambda f: f.twice + 1),
    "astype": lambda d: d.astype({"whole": "float32", "flag": "int8"}),
    "astype all": lambda d: d[["whole", "group"]].astype(float),
    "isna": lambda d: d.isna(),
    "isnull": lambda d: d.isnull(),
    "notna": lambda d: d.notna(),
    "notnull": lambda d: d.notnull(),
    "fillna": lambda d: d[["value", "other"]].fillna(0),
    "fillna by column": lambda d: d.fillna({"value": 1.5, "key": "?"}),
    "fillna by a series": lambda d: d[["value", "other"]].fillna(pd.Series({"value": 1.0, "other": 2.0})),
    "fillna by a frame": lambda d: d[["value", "other"]].fillna(d[["value", "other"]].bfill()),
    "dropna": lambda d: d.dropna(),
    "dropna all": lambda d: d.dropna(how="all", subset=["value", "other"]),
    "dropna thresh": lambda d: d.dropna(thresh=7),
    "replace": lambda d: d.replace({"b": "B"}),
    "replace by column": lambda d: d.replace({"group": {1: 10}, "key": {"ä": "a"}}),
    "replace in columns": lambda d: d[["group", "whole"]].replace({"group": 1, "whole": 0}, 99),
    "replace a list": lambda d: d[["group", "whole"]].replace([1, 2], [10, 20]),
    "where": lambda d: d[["value", "whole"]].where(d[["value", "whole"]] > 0),
    "where other": lambda d: d[["value", "whole"]].where(d[["value", "whole"]] > 0, -1),
    "where of a column": lambda d: d[["value", "whole"]].where(d.flag, 0),
    "mask": lambda d: d[["value", "whole"]].mask(lambda f: f > 0, 0),
    "mask other frame": lambda d: d[["value", "whole"]].mask(d[["value", "whole"]] > 0, -d[["value", "whole"]]),
    "isin": lambda d: d.isin([1, 2, 0.0]),
    "isin by column": lambda d: d.isin({"group": [1], "key": ["ä", "日本"]}),
    "clip": lambda d: d[["value", "whole"]].clip(-3, 4),
    "clip by column": lambda d: d[["value", "whole"]].clip([-1, -2], [1, 2], axis=1),
    "round": lambda d: d.round(1),
    "round by column": lambda d: d.round({"value": 0, "other": 2}),
    "abs": lambda d: d[["value", "whole"]].abs(),
    "select": lambda d: d[["whole", "key"]],
    "condition": lambda d: d[d.flag & (d.value > 0)],
    "condition frame": lambda d: d[["value", "whole"]][d[["value", "whole"]] > 0],
    "squeeze": lambda d: d[["whole"]].squeeze(),
    "squeeze of several": lambda d: d[["whole", "key"]].squeeze(axis=1),
    "map": lambda d: d[["value", "whole"]].map(lambda x: x * 2 + 1),
    "map ignore": lambda d: d[["key"]].map(len, na_action="ignore").astype(float),
    "apply": lambda d: d.apply(lambda row: row.whole + row.group, axis=1),
    "apply with arguments": lambda d: d.apply(lambda row, a, b: row.whole * a + b, axis=1, args=(2,), b=3)
    if isinstance(d, pd.DataFrame)
    else d.apply(lambda row, a, b: row.whole * a + b, 2, axis=1, b=3),
    "apply to a frame": lambda d: d.apply(lambda row: pd.Series({"a": row.whole, "b": row.value}), axis=1),
    "apply by name": lambda d: d[["value", "whole"]].apply("sum"),
    "nlargest": lambda d: d.nlargest(5, "big"),
    "nsmallest": lambda d: d.nsmallest(5, ["whole", "big"]),
    "melt": lambda d: d.melt(id_vars="key", value_vars=["value", "whole"], var_name="what", value_name="much"),
    "drop_duplicates": lambda d: d.drop_duplicates(subset=["key", "group"], keep="last"),
    "pop": lambda d: d.assign().pop("whole"),
    "pipe": lambda d: d.pipe(lambda f, n: f[["whole"]] * n, 3),
    "copy": lambda d: d.copy(),
    "setitem": lambda d: _with_items(d),
    "slice of rows": lambda d: d[3:20],
}


def _with_items(frame: Any) -> Any:
    frame = frame.copy()
    frame["new"] = frame["whole"] + 1
    frame["same"] = 7
    del frame["flag"]
    return frame


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name: str) -> None:
    python = name.startswith(("map", "apply")) and name != "apply by name"
    check(COLUMNS[name], T, cluster=not python and len(name) % 5 == 0)


BY_INDEX = {
    "set_index": (lambda d: d.set_index("whole"), lambda d: d.set_index("whole").sort_index(kind="stable")),
    "set_index unsorted": (lambda d: d.set_index("whole", sort=False), lambda d: d.set_index("whole")),
    "set_index of text": (lambda d: d.dropna().set_index("key"), lambda d: d.dropna().set_index("key").sort_index(kind="stable")),
    "set_index of a series": (
        lambda d: d.set_index(d.big % 7, sort=False),
        lambda d: d.assign(big=d.big % 7).set_index("big"),
    ),
    "set_index divided": (
        lambda d: d.set_index("whole", divisions=[-50, 0, 10, 50]),
        lambda d: d.set_index("whole").sort_index(kind="stable"),
    ),
    "reset_index": (
        lambda d: d.set_index("whole", sort=False).reset_index(),
        lambda d: d.set_index("whole").reset_index(),
    ),
    "reset_index drop": (lambda d: d.set_index("whole", sort=False).reset_index(drop=True), lambda d: d.drop(columns="whole")),
    "reset_index of row numbers": (lambda d: d.reset_index(), lambda d: d.reset_index()),
    "rename_axis": (
        lambda d: d.set_index("whole", sort=False).rename_axis("other name"),
        lambda d: d.set_index("whole").rename_axis("other name"),
    ),
    "rename labels": (
        lambda d: d.set_index("whole", sort=False).rename(index={0: 1000}),
        lambda d: d.set_index("whole").rename(index={0: 1000}),
    ),
    "sort_index": (
        lambda d: d.set_index("whole", sort=False).sort_index(ascending=False),
        lambda d: d.set_index("whole").sort_index(ascending=False, kind="stable"),
    ),
}


@pytest.mark.parametrize("name", BY_INDEX)
def test_by_index(name: str) -> None:
    ours, theirs = BY_INDEX[name]
    check(ours, T, oracle=theirs, cluster=name in {"set_index", "set_index divided", "reset_index of row numbers"})


def test_labels_move_with_time() -> None:
    frame = timed().tz_convert("UTC")
    check(lambda d: d.shift(2, freq="1h"), frame)
    check(lambda d: d.shift(-1, freq="D"), frame)
    with pytest.raises(KeyError):
        lazy(T, ()).set_index("no")
    with pytest.raises(NotImplementedError, match="level"):
        lazy(T, ()).set_index("whole", append=True)


EXPRESSIONS = [
    "whole > 3 and value < 2",
    "whole > 3 & ~flag",
    "key in ['ä', 'b'] or group == 2",
    "-10 < whole < 10",
    "value != value",
    "whole % 3 == @few",
    "(whole + group) * 2 > 5",
    "key == 'ä'",
    "group not in [1, 2]",
    "not flag",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_queries(text: str) -> None:
    few = 1  # read by a query
    check(lambda d: d.query(text, local_dict={"few": few}), T)
    check(lambda d: d.eval(text, local_dict={"few": few}), T)


def test_evaluated() -> None:
    check(lambda d: d.eval("new = whole * 2 + group"), T)
    check(lambda d: d.eval("a = whole * 2\nb = a + group"), T)
    check(lambda d: d.rename(columns={"whole": "a b"}).query("`a b` > 3"), T)
    scale = 3
    d = lazy(T, (9,))
    pd.testing.assert_frame_equal(
        d.query("whole > @scale").compute().reset_index(drop=True), T[T.whole > scale].reset_index(drop=True)
    )
    with pytest.raises(NameError):
        d.query("no > 3")
    with pytest.raises(ValueError, match="assignment"):
        d.eval("a = whole\nwhole > 3")


def test_looked_at() -> None:
    d = lazy(T, (3, 17, 40))
    assert list(d.columns) == list(T.columns) and d.ndim == 2
    pd.testing.assert_series_equal(d.dtypes, T.dtypes)
    assert [list(axis) for axis in d.axes[1:]] == [list(T.columns)] if d._native.index else True
    assert int(d.size.compute()) == T.size and int(d.shape[0].compute()) == ROWS and d.shape[1] == T.shape[1]
    assert len(d) == ROWS and not d.empty
    assert [name for name, _ in d.items()] == list(T.columns)
    for ours, theirs in [(list(d[["whole", "key"]].iterrows()), list(T[["whole", "key"]].iterrows()))]:
        assert [label for label, _ in ours] == [label for label, _ in theirs]
        assert all(a.equals(b) for (_, a), (_, b) in zip(ours, theirs))
    assert list(d[["whole", "flag"]].itertuples()) == list(T[["whole", "flag"]].itertuples())
    assert list(d[["whole"]].itertuples(index=False, name=None)) == list(T[["whole"]].itertuples(index=False, name=None))
    assert d.to_string() == T.to_string(max_rows=5) and d.to_string(max_rows=None) == T.to_string()
    assert d.to_html() == T.to_html(max_rows=5)
    records = d[["whole", "value"]].to_records().compute()
    assert records.dtype.names == ("whole", "value") and records.tolist()[0] == T[["whole", "value"]].to_records(index=False).tolist()[0]
    bag = d[["whole", "group"]].to_bag()
    assert [row for part in bag for row in part.compute()] == list(T[["whole", "group"]].itertuples(index=False, name=None))
    assert d.to_backend() is d and d[['whole', 'key']].fillna({'key': '?'}).to_dict() == T[['whole', 'key']].fillna({'key': '?'}).to_dict()
    used = d[["whole", "value"]].memory_usage(index=False).compute()
    pd.testing.assert_series_equal(used, T[["whole", "value"]].memory_usage(index=False))
    text = io.StringIO()
    d.info(buf=text, verbose=True, memory_usage=True)
    assert f"{T['value'].count()} non-null" in text.getvalue() and "memory usage" in text.getvalue()
    with pytest.raises(NotImplementedError):
        d.to_timestamp()
    made = type(d).from_dict({"a": [1, 2, 3]}, npartitions=2)
    assert made.npartitions == 2 and made.compute()["a"].tolist() == [1, 2, 3]
    assert type(d).from_dict({"r": [1, 2]}, orient="index", columns=["x", "y"]).compute().to_dict() == {"x": {"r": 1}, "y": {"r": 2}}


def test_arrays_and_lists() -> None:
    d = lazy(N, (9, 30))
    values = d.to_dask_array(lengths=True).compute()
    np.testing.assert_allclose(values, N.to_numpy())
    known = lazy(T, (9, 30)).categorize(columns=["key"])
    assert known["key"].cat.known and known["key"].cat.categories.tolist() == sorted(T["key"].dropna().unique())
    pd.testing.assert_series_equal(known.compute()["key"], T["key"].astype("category"), check_dtype=False)
    lists = pd.DataFrame({"k": [1, 2, 3], "x": [[1, 2], [], [3]]})
    from phalanx.dataframe import from_arrow

    import pyarrow as pa

    exploded = from_arrow(pa.Table.from_pandas(lists, preserve_index=False)).explode("x").compute()
    pd.testing.assert_frame_equal(exploded.reset_index(drop=True), lists.explode("x").reset_index(drop=True), check_dtype=False)


PIVOTS: dict[str, dict[str, Any]] = {
    "mean": {"values": "value"},
    "sum": {"values": "whole", "aggfunc": "sum"},
    "several values": {"values": ["value", "whole"], "aggfunc": "count"},
    "several statistics": {"values": "value", "aggfunc": ["sum", "count"]},
}


@pytest.mark.parametrize("name", PIVOTS)
def test_pivot_tables(name: str) -> None:
    options = {"index": "group", "columns": "key", **PIVOTS[name]}
    check(lambda d: d.pivot_table(**options), T)
