"""Categories against pandas: a line a case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from columns import ROWS, check, equal, lazy

import phalanx.dataframe as dd

ORDER = ["low", "ärmer", "mid", "high", "never"]


def table() -> pd.DataFrame:
    """Categories in an order that is not theirs, one of them unused; of numbers; and texts that become categories."""
    rows = np.arange(ROWS)
    level = np.array([*ORDER[:4], None], dtype=object)[7 * rows % 5]
    return pd.DataFrame(
        {
            "level": pd.Categorical(level, ORDER, ordered=True),
            "plain": pd.Categorical(np.array(["b", "a", "日本"])[rows % 3], ["b", "a", "日本"]),
            "number": pd.Categorical(np.array([30, 10, 20])[rows % 3], [30, 20, 10]),
            "text": pd.Series(np.array(["y", "x", None, "z"], dtype=object)[rows % 4], dtype="str"),
            "whole": rows % 5 - 2,
        },
    ).set_index(pd.Index(rows * 2, name="row"))


T = table()
CASES = {
    "codes": lambda c: c.codes,
    "add_categories": lambda c: c.add_categories(["more", "most"]),
    "add_categories one": lambda c: c.add_categories("more"),
    "remove_categories": lambda c: c.remove_categories(["mid"]),
    "rename_categories": lambda c: c.rename_categories(["a", "b", "c", "d", "e"]),
    "rename_categories dict": lambda c: c.rename_categories({"low": "tiny"}),
    "rename_categories function": lambda c: c.rename_categories(str.upper),
    "reorder_categories": lambda c: c.reorder_categories(ORDER[::-1], ordered=True),
    "set_categories": lambda c: c.set_categories(["high", "other", "low"]),
    "set_categories ordered": lambda c: c.set_categories(["high", "low"], ordered=False),
    "set_categories rename": lambda c: c.set_categories(["1", "2", "3", "4", "5"], rename=True),
    "as_ordered": lambda c: c.as_ordered(),
    "as_unordered": lambda c: c.as_unordered(),
    "remove_unused_categories": lambda c: c.remove_unused_categories(),
}
KEPT = {"codes", "rename_categories", "set_categories"}


@pytest.mark.parametrize("name", CASES)
def test_functions(name: str) -> None:
    check(lambda d: CASES[name](d["level"].cat), T, cluster=name in KEPT, dtype=True)


def test_what_they_are() -> None:
    for column in ("level", "plain", "number"):
        ours, theirs = lazy(T, (3, 3, 20))[column], T[column]
        assert ours.dtype == theirs.dtype and ours.cat.ordered == theirs.cat.ordered and ours.cat.known
        pd.testing.assert_index_equal(ours.cat.categories, theirs.cat.categories, exact=False)
        check(lambda d, column=column: d[column], T, dtype=True, cluster=True)
        check(lambda d, column=column: d[column].cat.codes, T, dtype=True)


def test_unknown_categories() -> None:
    # Of values in several partitions: what is there, in order, wherever it is.
    check(lambda d: d["text"].astype("category"), T, dtype=True, cluster=True)
    check(lambda d: d["whole"].astype("category"), T, dtype=True)
    check(lambda d: (d["whole"] / 2).astype("category"), T)
    series = lazy(T, (0, 2, 2, 17, 40))["text"].astype("category")
    assert not series.cat.known
    with pytest.raises(NotImplementedError, match="as_known"):
        series.cat.categories  # noqa: B018
    with pytest.raises(NotImplementedError, match="as_known"):
        series.cat.codes  # noqa: B018
    known = series.cat.as_known()
    assert known.cat.known and list(known.cat.categories) == ["x", "y", "z"] and not known.cat.as_unknown().cat.known
    expected = T["text"].astype("category")
    equal(known.compute(), expected, dtype=True)
    equal(known.cat.codes.compute(), expected.cat.codes, dtype=True)
    equal(series.cat.as_ordered().compute(), expected.cat.as_ordered(), dtype=True)
    equal(lazy(T, (9,))["level"].cat.as_known().compute(), T["level"], dtype=True)


def test_known_types() -> None:
    kind = pd.CategoricalDtype(["z", "x"], ordered=True)
    check(lambda d: d["text"].astype(kind), T, dtype=True, cluster=True)
    check(lambda d: d["whole"].astype(pd.CategoricalDtype([2, 0, -1])), T, dtype=True)
    check(lambda d: d["level"].astype("str"), T)
    check(lambda d: d["number"].astype("int64"), T)


COMPARISONS = {
    "eq": lambda d: d["level"] == "mid",
    "ne": lambda d: d["level"].ne("mid"),
    "eq of none": lambda d: d["plain"] == "nobody's",
    "ne of none": lambda d: d["plain"] != "nobody's",
    "eq of a number": lambda d: d["number"] == 20,
    "ne missing": lambda d: d["level"] != "low",
    "lt": lambda d: d["level"] < "mid",
    "ge": lambda d: d["level"].ge("ärmer"),
    "le of two": lambda d: d["level"] <= d["level"].shift(1),
    "isin": lambda d: d["level"].isin(["low", "high"]),
    "isin missing": lambda d: d["level"].isin(["low", None]),
    "map": lambda d: d["plain"].astype("str").map({"a": 1.5, "日本": 2.0}),
    "isna": lambda d: d["level"].isna(),
}


@pytest.mark.parametrize("name", COMPARISONS)
def test_comparisons(name: str) -> None:
    check(COMPARISONS[name], T)


VALUES = {
    "fillna": lambda d: d["level"].fillna("never"),
    "where": lambda d: d["level"].where(d["whole"] > 0, "low"),
    "where missing": lambda d: d["level"].where(d["whole"] > 0),
    "mask": lambda d: d["level"].mask(d["whole"] > 0, "high"),
    "dropna": lambda d: d["level"].dropna(),
    "filter": lambda d: d["level"][d["whole"] > 0],
    "shift": lambda d: d["level"].shift(2),
    "ffill": lambda d: d["level"].ffill(),
    "drop_duplicates": lambda d: d["plain"].drop_duplicates(),
    "unique": lambda d: pd.Series(d["level"].unique().astype("str"), name="level") if isinstance(d, pd.DataFrame) else d["level"].unique().astype("str"),
    "nunique": lambda d: d["level"].nunique(),
    "count": lambda d: d["level"].count(),
    "upper": lambda d: d["plain"].str.upper(),
    "repartition": lambda d: d["level"] if isinstance(d, pd.DataFrame) else d["level"].repartition(npartitions=2),
    "frame": lambda d: d[["level", "whole"]],
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    check(VALUES[name], T, cluster=name == "shift")


def test_kept_data() -> None:
    for borders in [(), (3, 3, 20)]:
        kept = lazy(T, borders).persist()
        equal(kept.compute(), T, dtype=True)
        equal(dd.from_pandas(T, npartitions=3)["level"].compute(), T["level"], dtype=True)


def test_what_is_refused() -> None:
    frame = lazy(T, (9,))
    cases: list[tuple[Any, Any]] = [
        (lambda: frame["plain"] < "a", TypeError),
        (lambda: frame["level"] < "absent", TypeError),
        (lambda: frame["whole"].cat, AttributeError),
        (lambda: frame["level"].fillna("absent"), TypeError),
        (lambda: frame["level"].cat.rename_categories(["too", "few"]), ValueError),
        (lambda: frame["level"].cat.reorder_categories(["other"]), ValueError),
        (lambda: frame["level"].cat.add_categories(["low"]), ValueError),
        (lambda: frame["level"].cat.remove_categories(["absent"]), ValueError),
    ]
    for call, error in cases:
        with pytest.raises(error):
            call()
