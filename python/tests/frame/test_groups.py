"""Groups: functions of Python, keys that are computed, pairs of columns, parts of the rows; against pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from relations import check, lazy, table

from phalanx.dataframe import Aggregation

T = table()


def spread(values: pd.Series) -> float:
    return values.max() - values.min()


def centred(values: pd.Series) -> pd.Series:
    return values - values.mean()


def top(group: pd.DataFrame) -> pd.DataFrame:
    return group.nlargest(2, "big")


mean = Aggregation("mean", lambda s: (s.count(), s.sum()), lambda s: s.sum(), lambda count, total: total / count)

#: Functions of a grouped frame.
PYTHON = {
    "agg function": lambda g: g[["value", "whole"]].agg(spread),
    "agg of one column": lambda g: g["value"].agg(spread),
    "aggregate": lambda g: g["value"].aggregate(spread),
    "agg functions and names": lambda g: g["whole"].agg(["sum", spread]),
    "agg dict of functions": lambda g: g.agg({"value": spread, "whole": "max"}),
    "agg dict of lists of functions": lambda g: g.agg({"value": [spread, "min"], "whole": ["max"]}),
    "agg named functions": lambda g: g.agg(far=("value", spread), most=("whole", "max")),
    "agg NumPy's": lambda g: g[["value", "whole"]].agg(np.sum),
    "agg Python's": lambda g: g["whole"].agg(max),
    "agg with options": lambda g: g[["value", "whole"]].agg("var", ddof=0),
    "agg by keyword": lambda g: g[["value"]].agg(func="sum"),
    "transform": lambda g: g[["value", "whole"]].transform(centred),
    "transform of one column": lambda g: g["value"].transform(lambda s: s.rank()),
    "transform to a value": lambda g: g["whole"].transform(spread),
    "transform by name": lambda g: g["whole"].transform("cumsum"),
    "apply to values": lambda g: g[["value", "whole"]].apply(lambda group: group.value.sum() + group.whole.sum()),
    "apply to one column": lambda g: g["value"].apply(spread),
    "apply to series": lambda g: g[["value", "whole"]].apply(lambda group: pd.Series({"a": group.value.sum(), "b": len(group)})),
    "apply with arguments": lambda g: g[["whole"]].apply(lambda group, by: group.whole.sum() * by, by=3),
    "filter": lambda g: g.filter(lambda group: group.whole.sum() > 0),
    "filter all": lambda g: g.filter(lambda group: False),
    "filter of columns": lambda g: g[["value", "whole"]].filter(lambda group: len(group) % 2 == 0),
    "filter of one column": lambda g: g["whole"].filter(lambda values: values.max() > 10),
    "filter with arguments": lambda g: g.filter(lambda group, least: len(group) >= least, least=9),
    "filter by what is missing": lambda g: g["value"].filter(lambda values: np.nan if values.isna().any() else values.sum() > 0),
    "apply by name": lambda g: g[["whole"]].apply("sum") if not hasattr(g, "ngroups") else g[["whole"]].sum(),
}
NATIVE = {
    "cumsum numeric_only": lambda g: g[["value", "whole"]].cumsum(numeric_only=True),
    "cumprod numeric_only": lambda g: g[["few"]].cumprod(numeric_only=True),
    "first sorted": lambda g: g[["value"]].first(),
    "size of one": lambda g: g["whole"].size(),
    "cov": lambda g: g[["value", "other", "whole"]].cov(),
    "corr": lambda g: g[["value", "other", "whole"]].corr(),
    "unique": lambda g: g["few"].unique(),
    "pct_change": lambda g: g[["whole"]].transform(lambda s: s.pct_change()) if hasattr(g, "ngroups") else g[["whole"]].pct_change(),
    "quantiles": lambda g: g[["value", "whole"]].quantile([0.1, 0.5]),
    "quantiles of one": lambda g: g["value"].quantile([0.25, 1.0], interpolation="lower"),
    "shift series": lambda g: g["value"].shift(2),
    "ffill series": lambda g: g["value"].ffill(),
    "head series": lambda g: g["whole"].head(3),
    "sem": lambda g: g[["value", "whole"]].sem(),
    "a column": lambda g: g.whole.max(),
}


@pytest.mark.parametrize("name", PYTHON)
def test_functions_of_groups(name: str) -> None:
    case = PYTHON[name]
    check(lambda d: case(d.groupby("group")), T, rtol=1e-11)
    check(lambda d: case(d.groupby(["key", "flag"])), T, rtol=1e-11)


@pytest.mark.parametrize("name", NATIVE)
def test_groups(name: str) -> None:
    case = NATIVE[name]

    def comparable(found: Any) -> Any:
        if name != "unique":
            return found
        return found.map(lambda values: tuple(None if v != v else v for v in values))

    def finish(found: Any) -> Any:
        return found._after(comparable) if name == "unique" and hasattr(found, "_after") else comparable(found)

    check(lambda d: finish(case(d.groupby("group"))), T, rtol=1e-9, cluster=name in {"cov", "unique"})
    if name not in {"cov", "corr"}:
        check(lambda d: finish(case(d.groupby(["key", "flag"]))), T, rtol=1e-9)


def test_aggregations_in_steps() -> None:
    check(lambda d: d.groupby("key").agg({"value": mean if not isinstance(d, pd.DataFrame) else "mean"}), T)
    check(
        lambda d: d.groupby(["key", "flag"])["value"].agg([mean, "max"] if not isinstance(d, pd.DataFrame) else ["mean", "max"]), T
    )


def test_functions_that_return_frames() -> None:
    frame = T.set_index(pd.Index(np.arange(len(T)) * 3, name="id"))[["key", "group", "value", "big"]]
    check(lambda d: d.groupby("group").apply(top), frame)
    check(lambda d: d.groupby("group")[["value", "big"]].apply(top), frame)
    check(lambda d: d.groupby("group", group_keys=False).apply(top), frame)
    check(lambda d: d.groupby("group", group_keys=False)["value"].apply(centred), frame)
    # Groups in order of first appearance.
    check(lambda d: d.groupby("key", sort=False)["value"].agg(spread), frame)
    check(lambda d: d.groupby("key", sort=False).apply(top), frame)
    check(lambda d: d.groupby("key", dropna=False)["value"].agg(spread), frame)
    with pytest.raises(ValueError, match="pass meta"):
        lazy(frame, ()).groupby("group").apply(lambda group: group["no"])
    given = lazy(frame, (9,)).groupby("group").apply(lambda group: 1.5 if len(group) > 2 else 1 // 0, meta=(None, "float64"))
    assert given.compute().tolist() == [1.5] * 4


def test_filters() -> None:
    frame = T[["key", "whole"]]
    check(lambda d: d.groupby("key", dropna=False).filter(lambda group: len(group) > 5), frame)
    check(lambda d: d.groupby(d.whole % 3).filter(lambda group: group.whole.sum() > 0), frame)
    with pytest.raises(Exception, match="filter function returned a int, but expected a scalar bool"):
        lazy(frame, (9,)).groupby("key").filter(lambda group: len(group)).compute()
    with pytest.raises(NotImplementedError, match="where"):
        lazy(frame, (9,)).groupby("key").filter(lambda group: True, dropna=False)


KEYS = {
    "a condition": lambda d: d.groupby(d.value > 0)[["whole"]].sum(),
    "a computed column": lambda d: d.groupby(d.whole % 3)["value"].mean(),
    "a column and a condition": lambda d: d.groupby(["group", d.value > 0])[["whole"]].sum(),
    "a condition, transformed": lambda d: d.groupby(d.value > 0)[["whole"]].cumsum(),
    "a condition, all columns": lambda d: d.groupby(d.value > 0).max(numeric_only=True),
    "size": lambda d: d.groupby(d.whole % 3).size(),
    "not as index": lambda d: d.groupby("group", as_index=False)[["whole"]].sum(),
    "group_keys": lambda d: d.groupby("group", group_keys=False)[["whole"]].sum(),
    "observed": lambda d: d.groupby("group", observed=True)[["whole"]].sum(),
    "transform beside": lambda d: d.assign(mean=d.groupby("group")["whole"].transform("mean")),
    "cumcount beside": lambda d: d.assign(number=d.groupby("group").cumcount()),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys(name: str) -> None:
    check(KEYS[name], T, cluster=name in {"a condition", "transform beside"})


def test_keys_by_level() -> None:
    frame = T.set_index("group")
    check(lambda d: d.groupby(level=0)[["whole"]].sum(), frame)
    check(lambda d: d.groupby("group")[["whole"]].sum(), frame)
    with pytest.raises(ValueError, match="level"):
        lazy(frame, ()).groupby(level=1)
    with pytest.raises(TypeError, match="by"):
        lazy(frame, ()).groupby()


def test_one_group() -> None:
    check(lambda d: d.groupby("key").get_group("ä" if not isinstance(d, pd.DataFrame) else "ä"), T)
    check(lambda d: d.groupby(["group", "flag"]).get_group((1, True)), T)
    check(lambda d: d.groupby("group")["value"].get_group(2), T)
    groups = lazy(T, (9,)).groupby(["group", "key"], sort=False, group_keys=False)
    assert groups.by == ["group", "key"] and not groups.sort and groups.dropna and groups.observed and not groups.group_keys
    pd.testing.assert_frame_equal(groups.obj.compute(), T, check_dtype=False)
    assert lazy(T, ()).groupby("key")["value"].obj.name == "value"
    with pytest.raises(NotImplementedError):
        groups.compute()
    with pytest.raises(AttributeError):
        groups.no  # noqa: B018


@pytest.mark.parametrize("options", [{}, {"ascending": True}, {"normalize": True}, {"dropna": False}, {"sort": False}])
def test_values_counted(options: dict[str, Any]) -> None:
    def oracle(frame: pd.DataFrame) -> pd.Series:
        # Ties by first appearance, which pandas leaves open.
        keys = ["group", "few"]
        counts = frame.groupby(keys, sort=False, dropna=options.get("dropna", True)).size()
        table = counts.rename("count").reset_index()
        if options.get("normalize"):
            table["count"] /= table.groupby("group")["count"].transform("sum")
        if options.get("sort", True):
            table = table.sort_values("count", ascending=options.get("ascending", False), kind="stable")
        table = table.sort_values("group", kind="stable")
        return table.set_index(keys)["count"].rename("proportion" if options.get("normalize") else "count")

    frame = T.assign(few=T["few"].where(T["whole"] % 4 != 1))
    check(lambda d: d.groupby("group")["few"].value_counts(**options), frame, oracle=oracle)


def test_windows_in_groups() -> None:
    for name in ["sum", "mean", "max", "count"]:
        check(
            lambda d, name=name: getattr(d.groupby("group")[["value", "whole"]].rolling(3, min_periods=1), name)(),
            T,
            oracle=lambda d, name=name: getattr(d.groupby("group")[["value", "whole"]].rolling(3, min_periods=1), name)()
            .droplevel(0)
            .sort_index(),
        )
    with pytest.raises(NotImplementedError, match="win_type"):
        lazy(T, ()).groupby("group").rolling(3, win_type="hann")


def test_results_go_on() -> None:
    check(lambda d: d.groupby("group")["whole"].sum().sort_values(ascending=False).reset_index(), T)
    check(lambda d: d.groupby("key")["value"].mean().round(1).to_frame("m"), T)
    check(lambda d: d.groupby("group")["whole"].max() - d.groupby("group")["whole"].min(), T, cluster=True)
    check(lambda d: d.groupby("group")[["whole"]].sum()["whole"].idxmax(), T)
    result = lazy(T, (9,)).groupby("group")["whole"].sum()
    assert float(result.sum()) == T["whole"].sum() and int(result.loc[1]) == T.groupby("group")["whole"].sum()[1]
    pd.testing.assert_series_equal(result.head(2), T.groupby("group")["whole"].sum().head(2))
    pd.testing.assert_series_equal((result / result.sum()).persist().compute(), T.groupby("group")["whole"].sum() / T["whole"].sum())
    with pytest.raises(TypeError, match="compute"):
        bool(result.any())
    with pytest.raises(AttributeError):
        result.no_such_name  # noqa: B018
