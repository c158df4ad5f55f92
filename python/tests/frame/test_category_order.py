"""The order of categories against pandas: sorting, extremes, groups, merges and what pd.cut makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from columns import ROWS, check, lazy
from test_categories import ORDER, table

import phalanx.dataframe as dd

#: Ordered, unordered and numeric categories whose order is not that of their values.
T = table().assign(value=lambda d: np.round(np.sin(np.arange(len(d))) * 8, 1))

SORTS: dict[str, Callable[[Any], Any]] = {
    "ordered": lambda d: d.sort_values("level", kind="stable"),
    "descending": lambda d: d.sort_values("level", ascending=False, kind="stable"),
    "missing first": lambda d: d.sort_values("level", na_position="first", kind="stable"),
    "unordered": lambda d: d.sort_values("plain", kind="stable"),
    "of numbers": lambda d: d.sort_values("number", kind="stable"),
    "several": lambda d: d.sort_values(["plain", "level", "whole"], ascending=[False, True, True], kind="stable"),
    "series": lambda d: d["level"].sort_values(kind="stable"),
    "reordered": lambda d: d.assign(level=d["level"].cat.reorder_categories(ORDER[::-1])).sort_values("level", kind="stable"),
    "filtered": lambda d: d[d["level"] >= "mid"].sort_values("level", kind="stable"),
    "columns after": lambda d: d.sort_values("level", kind="stable")[["value"]],
}


@pytest.mark.parametrize("name", SORTS)
def test_sorts(name: str) -> None:
    check(SORTS[name], T, cluster=name in ("ordered", "several"), dtype=True)


EXTREMES: dict[str, Callable[[Any], Any]] = {
    "min": lambda d: d["level"].min(),
    "max": lambda d: d["level"].max(),
    "min of numbers": lambda d: d["number"].cat.as_ordered().min(),
    "max of a frame": lambda d: d[["level"]].max(),
    "with numbers": lambda d: d[["level", "whole"]].max(),
    "mode": lambda d: d["plain"].mode(),
    "rank": lambda d: d["level"].rank(),
    "between": lambda d: d["level"].between("ärmer", "mid") if isinstance(d, dd.DataFrame) else (d["level"] >= "ärmer") & (d["level"] <= "mid"),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes(name: str) -> None:
    check(EXTREMES[name], T, cluster=name in ("min", "max of a frame"))


def by(d: Any, keys: Any, **options: Any) -> Any:
    return d.groupby(keys, observed=True, **options)


GROUPS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda d: by(d, "level")["whole"].sum(),
    "several statistics": lambda d: by(d, "level").agg({"whole": ["sum", "max"], "value": "mean"}),
    "unordered": lambda d: by(d, "plain")[["whole", "value"]].mean(),
    "numbers": lambda d: by(d, "number")["value"].max(),
    "two keys": lambda d: by(d, ["plain", "level"])["whole"].sum(),
    "two keys of one kind": lambda d: by(d, ["whole", "level"])["value"].sum(),
    "size": lambda d: by(d, "level").size(),
    "median": lambda d: by(d, "level")["value"].median(),
    "unsorted": lambda d: by(d, "level", sort=False)["whole"].sum(),
    "missing keys": lambda d: by(d, "level", dropna=False)["whole"].sum(),
    "columns": lambda d: by(d, "level", as_index=False)["whole"].sum(),
    "min of categories": lambda d: by(d, "whole")["level"].min(),
    "max of categories": lambda d: by(d, "plain")["level"].max(),
    "first of categories": lambda d: by(d, "whole")["level"].first(),
    "nunique": lambda d: by(d, "level")["plain"].nunique(),
    "transform": lambda d: by(d, "level")["whole"].transform("sum"),
    "cumsum": lambda d: by(d, "plain")["whole"].cumsum(),
    "head": lambda d: by(d, "level").head(2),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name: str) -> None:
    check(GROUPS[name], T, cluster=name in ("sum", "min of categories"))


def test_functions_of_groups() -> None:
    check(lambda d: by(d, "level")["whole"].apply(lambda g: g.max() - g.min()), T)


def test_categories_that_a_function_gives() -> None:
    frame = lazy(T, (9, 30))
    assert not frame["text"].map_partitions(lambda part: part.astype("category")).cat.known, "they depend on the rows"
    kind = pd.CategoricalDtype(["z", "y", "x"], ordered=True)  # all texts that there are
    made = frame["text"].map_partitions(lambda part: part.astype(kind))
    assert made.dtype == kind
    pd.testing.assert_series_equal(made.compute(), T["text"].astype(kind))
    declared = frame["text"].map_partitions(lambda part: part.astype("category"), meta=T["text"][:0].astype(kind))
    pd.testing.assert_series_equal(declared.compute(), T["text"].astype(kind))
    few = T[:0].text.astype(pd.CategoricalDtype(["x"]))
    with pytest.raises(ValueError, match=r"declared with the categories \['x'\]"):
        frame["text"].map_partitions(lambda part: part.astype("category"), meta=few).compute()


MERGES: dict[str, Callable[[Any, Any], Any]] = {
    how: lambda d, o, how=how: d.reset_index(drop=True).merge(o, on="level", how=how) for how in ("inner", "left", "right", "outer")
}


@pytest.mark.parametrize("how", MERGES)
def test_merges(how: str) -> None:
    other = pd.DataFrame({"level": pd.Categorical(["high", "never", "low"], ORDER, ordered=True), "points": [3, 4, 1]})
    expected = MERGES[how](T, other)
    for borders in [(), (0, 2, 2, 17, 40)]:
        ours = MERGES[how](lazy(T, borders), dd.from_pandas(other, npartitions=2)).compute().reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, expected, check_dtype=False, check_categorical=False)
        assert ours["level"].dtype == expected["level"].dtype


def test_cuts() -> None:
    labels = ["low", "mid", "high"]
    bins = [-10, -2, 2, 10]

    def cut(d: Any) -> Any:
        if isinstance(d, dd.DataFrame):
            return d["value"].map_partitions(pd.cut, bins, labels=labels)
        return pd.cut(d["value"], bins, labels=labels)

    check(cut, T, dtype=True)
    check(lambda d: cut(d).max(), T)
    check(lambda d: cut(d) > "low", T)
    check(lambda d: d.assign(bin=cut(d)).groupby("bin", observed=True)["whole"].sum(), T)
    check(lambda d: d.assign(bin=cut(d)).sort_values("bin", kind="stable"), T)
    quarters = ["q1", "q2", "q3", "q4"]
    edges = T["value"].quantile([0, 0.25, 0.5, 0.75, 1]).tolist()

    def qcut(d: Any) -> Any:
        if isinstance(d, dd.DataFrame):
            computed = d["value"].quantile([0, 0.25, 0.5, 0.75, 1]).compute().tolist()
            assert computed == edges
            return d["value"].map_partitions(pd.cut, computed, labels=quarters, include_lowest=True)
        return pd.qcut(d["value"], 4, labels=quarters)

    check(qcut, T, dtype=True)
    check(lambda d: d.assign(q=qcut(d)).groupby("q", observed=True)["value"].max(), T)


def test_what_has_no_order() -> None:
    frame = lazy(T, (9,))
    cases: list[tuple[Callable[[Any], Any], type[Exception]]] = [
        (lambda d: d["plain"].min(), TypeError),
        (lambda d: d[["plain"]].max(), TypeError),
        (lambda d: d.groupby("whole", observed=True)["plain"].max(), TypeError),
        (lambda d: d["plain"] < "a", TypeError),
        (lambda d: d.nlargest(3, "level"), TypeError),
    ]
    for case, error in cases:
        with pytest.raises(error):
            case(T)
        with pytest.raises(error):
            case(frame)
    assert len(T) == ROWS
