"""Random frames, partitionings and chains of operations against pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import engine
from relations import equal, lazy

from phalanx.exceptions import ResourcesError

#: Sixteenths: their sums are exact, so that no order of addition matters.
FLOATS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda n: n / 16.0), st.sampled_from([float("nan"), -0.0, 0.0, 1e9, -1e9])
)
WHOLE = st.one_of(st.integers(-50, 50), st.sampled_from([(1 << 53) + 1, -(1 << 53) - 1, 1 << 62]))
TEXT = st.one_of(st.none(), st.sampled_from(["", "a", "ä", "日本", "Ω z", "a"]))


@st.composite
def frames(draw: Any) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """A frame and where its partitions end."""
    rows = draw(st.integers(0, 24))

    def column(values: Any) -> list[Any]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    frame = pd.DataFrame(
        {
            "a": pd.Series(column(FLOATS), dtype="float64"),
            "b": pd.Series(column(st.one_of(FLOATS, st.sampled_from([np.inf, -np.inf]))), dtype="float64"),
            "i": pd.Series(column(WHOLE), dtype="int64"),
            "g": pd.Series(column(st.integers(0, 3)), dtype="int64"),
            "s": pd.Series(column(TEXT), dtype="str"),
            "f": pd.Series(column(st.booleans()), dtype="bool"),
        }
    )
    borders = draw(st.lists(st.integers(0, rows), max_size=4).map(sorted))
    return frame, tuple(borders)


Step = Callable[[Any], Any]

#: Operations that any of these frames takes, and that give a frame of the same columns.
STEPS: dict[str, Step] = {
    "filter": lambda d: d[d.g > 0],
    "filter by floats": lambda d: d[(d.a > 0) | d.b.isna()],
    "filter by text": lambda d: d[d.s.isin(["a", "ä"])],
    "filter all": lambda d: d[d.g > 9],
    "query": lambda d: d.query("g < 3 and f"),
    "loc": lambda d: d.loc[~d.f],
    "assign": lambda d: d.assign(a=d.a * 2 - d.g, g=d.g + 1 - d.f.astype("int64")),
    "assign a group's": lambda d: d.assign(i=d.groupby("f")["g"].transform("max")),
    "assign a count": lambda d: d.assign(g=d.groupby("s")["g"].cumcount().fillna(0).astype("int64")) if False else d,
    "fillna": lambda d: d.fillna({"a": 1.5, "b": -1.0, "s": "?"}),
    "ffill": lambda d: d.assign(a=d[["a"]].ffill()["a"]),
    "shift": lambda d: d.assign(a=d[["a", "b"]].shift(2)["b"]),
    "clip": lambda d: d.assign(a=d.a.clip(-100, 100), i=d.i.clip(-1000, 1000)),
    "where": lambda d: d.assign(b=d.b.where(d.b < 50, 0.5)),
    "mask": lambda d: d.assign(a=d.a.mask(d.f)),
    "sort": lambda d: d.sort_values(["g", "a"], **_stable(d)),
    "sort backwards": lambda d: d.sort_values("b", ascending=False, **_stable(d)),
    "sort by text": lambda d: d.sort_values(["s", "i"], **_stable(d)),
    "distinct": lambda d: d.drop_duplicates(["g", "f"]),
    "distinct last": lambda d: d.drop_duplicates(["s"], keep="last"),
    "dropna": lambda d: d.dropna(subset=["a", "s"]),
    "few": lambda d: d.iloc[:7],
    "some": lambda d: d.iloc[1:20:2],
    "groups' first": lambda d: d.groupby("g").head(2),
    "groups' last": lambda d: d.groupby("s").tail(1),
    "renamed and back": lambda d: d.rename(columns={"a": "z"}).rename(columns={"z": "a"}),
    "columns moved": lambda d: d[["s", "a", "b", "i", "g", "f"]][["a", "b", "i", "g", "s", "f"]],
    "more rows": lambda d: _repartitioned(d),
}
#: What is asked of the frame in the end.
ENDS: dict[str, Step] = {
    "frame": lambda d: d,
    "arithmetic": lambda d: d[["a", "g"]].add(d[["g", "a"]].rename(columns={"a": "g", "g": "a"}), fill_value=1),
    "compared": lambda d: d[["a", "b", "i"]] > 1,
    "along rows": lambda d: d[["a", "g"]].sum(axis=1),
    "sum": lambda d: d[["a", "g"]].sum(),
    "count": lambda d: d.count(),
    "min": lambda d: d[["a", "b", "i"]].max(),
    "nunique": lambda d: d[["a", "i", "s"]].nunique(),
    "running": lambda d: d[["a", "i"]].cummax(),
    "running sums": lambda d: d[["a", "g"]].cumsum(),
    "differences": lambda d: d[["a", "i"]].diff(-1),
    "rank": lambda d: d[["a", "b", "s"]].rank(method="min"),
    "rolling": lambda d: d[["a", "g"]].rolling(3, min_periods=1).max(),
    "rolling sums": lambda d: d[["g"]].rolling(4).sum(),
    "expanding": lambda d: d[["a"]].expanding().max(),
    "groups": lambda d: d.groupby("g")[["a", "i"]].agg(["min", "count"]),
    "groups of text": lambda d: d.groupby("s")[["a", "g"]].sum(),
    "groups of two": lambda d: d.groupby(["f", "g"])["b"].max(),
    "groups of floats": lambda d: d.groupby("a")["g"].count(),
    "group's ranks": lambda d: d.groupby("g")[["a", "b"]].rank(),
    "group's shifts": lambda d: d.groupby("f")[["a", "s"]].shift(1),
    "merge": lambda d: d.merge(d.groupby("g", as_index=False)[["i"]].max(), on="g") if isinstance(d, pd.DataFrame) else _self_merged(d),
    "melt": lambda d: d[["g", "a", "b"]].melt("g"),
    "quantile": lambda d: d[["g"]].quantile(0.25),
}


def _stable(frame: Any) -> dict[str, str]:
    return {"kind": "stable"} if isinstance(frame, pd.DataFrame) else {}


def _repartitioned(frame: Any) -> Any:
    return frame if isinstance(frame, pd.DataFrame) else frame.repartition(npartitions=3)


def _self_merged(frame: Any) -> Any:
    from phalanx.dataframe import from_pandas

    most = frame.groupby("g", as_index=False)[["i"]].max().compute()
    return frame.merge(from_pandas(most, npartitions=2).reset_index(drop=True), on="g")


del STEPS["assign a count"]


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    made=frames(),
    steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=4),
    end=st.sampled_from(sorted(ENDS)),
    labelled=st.booleans(),
    adverse=st.booleans(),
)
def test_chains(
    made: tuple[pd.DataFrame, tuple[int, ...]], steps: list[str], end: str, labelled: bool, adverse: bool
) -> None:
    frame, borders = made
    if labelled:  # rows keep their labels, whatever happens
        frame = frame.set_axis(pd.Index(np.arange(len(frame)) * 7 % 31 * 2, name="label"))
    ours, theirs = lazy(frame, borders), frame
    with np.errstate(all="ignore"):
        for step in steps:
            ours, theirs = STEPS[step](ours), STEPS[step](theirs)
        ours, theirs = ENDS[end](ours), ENDS[end](theirs)
    found = ours.compute(client=engine("local"))
    equal(found, theirs, 1e-12)
    if adverse:
        try:
            other = ours.compute(client=engine("perturbed"))
        except ResourcesError:
            return  # its tiny memory is too small for chains of many sorts
        assert found.equals(other)
