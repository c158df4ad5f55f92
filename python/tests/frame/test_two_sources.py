"""Columns of two frames that do not come from one: by their labels as in pandas where these are the same, refused where
they are not. pandas would align them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import equal, lazy

import phalanx.dataframe as dd

ROWS = 30
LEFT = pd.DataFrame({"x": np.arange(ROWS) * 1.5, "k": np.arange(ROWS) % 4})
RIGHT = pd.DataFrame({"y": np.arange(ROWS)[::-1] * 2.0, "flag": np.arange(ROWS) % 3 == 0})

#: Labels of both sides.
LABELS: dict[str, Any] = {
    "numbers": pd.RangeIndex(ROWS),
    "other numbers": pd.Index(np.arange(ROWS) * 7 % 11, name="n"),
    "text": pd.Index([f"ä{number}" for number in range(ROWS)], name="t"),
    "times": pd.date_range("2024-10-27", periods=ROWS, freq="h", tz="Europe/Berlin", name="when"),
}
#: What two frames are asked together.
CASES: dict[str, Callable[[Any, Any], Any]] = {
    "sum": lambda a, b: a.x + b.y,
    "comparison": lambda a, b: a.x < b.y,
    "new column": lambda a, b: a.assign(z=b.y),
    "filter": lambda a, b: a[b.flag],
    "where": lambda a, b: a.x.where(b.flag, b.y),
    "several": lambda a, b: (a.x * b.y - a.k).where(b.flag),
    "groups": lambda a, b: a.groupby(b.flag).x.sum(),
    "sum of a sum": lambda a, b: (a.x + b.y).sum(),
}


def parted(frame: pd.DataFrame) -> Any:
    """Lazy, with its labels."""
    return dd.from_pandas(frame, npartitions=3)


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("name", CASES)
def test_the_same_labels_are_the_same_rows(name: str, labels: str) -> None:
    left, right = LEFT.set_axis(LABELS[labels]), RIGHT.set_axis(LABELS[labels])
    expected = CASES[name](left, right)
    for borders in ((), (7, 7, 19)):
        made = CASES[name](lazy(left, borders), lazy(right, borders)) if borders else CASES[name](parted(left), parted(right))
        for client in ("local", "perturbed", *(("cluster",) if labels == "text" else ())):
            equal(made.compute(client=engine(client)), expected, 1e-12)


@pytest.mark.parametrize("name", CASES)
def test_other_labels_are_refused(name: str) -> None:
    for other in (pd.RangeIndex(5, 5 + ROWS), pd.Index([*range(ROWS - 1), 99]), pd.Index([None, *range(1, ROWS)])):
        made = CASES[name](parted(LEFT), parted(RIGHT.set_axis(other)))
        for client in ("local", "perturbed", "cluster"):
            with pytest.raises(ValueError, match=r"(?s)other labels: \d+.* and .*align"):
                made.compute(client=engine(client))


def test_labels_of_another_type_are_refused() -> None:
    made = parted(LEFT).x + parted(RIGHT.set_axis(LABELS["text"])).y
    with pytest.raises(ValueError, match="other labels"):
        made.compute()


def test_align_is_the_way_round() -> None:
    other = RIGHT.set_axis(pd.RangeIndex(5, 5 + ROWS))
    other = other[["y"]].rename(columns={"y": "x"})
    for join in ("inner", "outer", "left"):
        left, right = parted(LEFT[["x"]]).align(parted(other), join=join)
        theirs = LEFT[["x"]].align(other, join=join)
        equal((left.x + right.x).compute(), theirs[0].x + theirs[1].x, 1e-12)


def test_rows_without_labels_are_by_place(tmp_path: Any) -> None:
    """Files have no labels: their rows are side by side as they come."""
    LEFT.to_parquet(tmp_path / "left.parquet")
    RIGHT.set_axis(pd.RangeIndex(5, 5 + ROWS)).reset_index(drop=True).to_parquet(tmp_path / "right.parquet")
    a, b = dd.read_parquet(tmp_path / "left.parquet"), dd.read_parquet(tmp_path / "right.parquet")
    equal((a.x + b.y).compute(), LEFT.x + RIGHT.y, 1e-12)
