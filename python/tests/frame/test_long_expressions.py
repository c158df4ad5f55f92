"""Columns that took many steps: loops over a series, over a frame's columns, and what they meet."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import BORDERS, check, lazy, table

from phalanx.exceptions import ResourcesError

T = table()[["whole", "few", "value"]]
WIDE = pd.DataFrame({f"c{number}": np.arange(20) * number % 17 for number in range(70)})


def added(s: Any, steps: int) -> Any:
    for step in range(steps):
        s = s + step
    return s


def replaced(d: Any, steps: int) -> Any:
    """Each step uses the series twice: written out, the last one has 2**steps terms."""
    s = d.whole
    for step in range(steps):
        s = s.where(s != step, step + 1)
    return s


def meeting(d: Any) -> Any:
    s = added(d.whole, 30)
    old = d.few * 2
    d = d.assign(long=s, half=d.value / 2)
    t = added(d.half, 30)
    return pd_like(d, s + old, t + s, old - t)


def pd_like(d: Any, *columns: Any) -> Any:
    return d.assign(**{f"m{number}": column for number, column in enumerate(columns)})


def assigned(d: Any) -> Any:
    for step in range(60):
        d = d.assign(whole=d.whole + step, value=d.value)
    return d[d.whole > 0]


CASES = {
    "a series that is used twice in each step": lambda d: replaced(d, 40),
    "sums with older columns": meeting,
    "columns assigned in a loop": assigned,
    "a condition of many steps": lambda d: d[added(d.whole, 40) > 900],
    "running sums of many steps": lambda d: added(d.whole, 40).cumsum() + added(d.few, 20),
    "groups of many steps": lambda d: d.assign(key=added(d.few, 40) % 3).groupby("key").value.sum(),
}


@pytest.mark.parametrize("name", CASES)
def test_many_steps(name: str) -> None:
    check(CASES[name], T, cluster=name != "a series that is used twice in each step")


def test_a_cluster_reads_plans_of_some_depth() -> None:
    check(lambda d: replaced(d, 15), T, cluster=True)
    with pytest.raises(ResourcesError, match="(?s)nested deeper.*persist"):
        added(lazy(T, BORDERS[1]).whole, 900).compute(client=engine("cluster"))


def test_a_sum_of_many_columns() -> None:
    check(lambda d: reduce(add, [d[name] for name in WIDE.columns]), WIDE, cluster=True)


def test_there_is_an_end_to_it() -> None:
    frame = lazy(T, BORDERS[1])
    assert added(frame.whole, 1000).sum().compute() == T.whole.sum() + len(T) * 499500
    with pytest.raises(NotImplementedError, match=r"(?s)more than \d+ steps.*persist"):
        added(frame.whole, 10_000)
