"""Columns of decimals and of dates against pandas, which holds them as Python's objects."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from columns import ROWS, check, equal, lazy


def table() -> pd.DataFrame:
    """Prices with cents, some missing; days."""
    rows = np.arange(ROWS)
    prices = [None if row % 7 == 3 else Decimal(int((row * 7919) % 20011 - 10000)) / 100 for row in rows]
    prices = [None if price is None else price.quantize(Decimal("0.01")) for price in prices]
    days = [None if row % 11 == 5 else datetime.date(2023, 12, 20) + datetime.timedelta(days=int(row)) for row in rows]
    frame = pd.DataFrame({"price": pd.Series(prices, dtype=object), "day": pd.Series(days, dtype=object), "count": rows % 5})
    return frame.set_index(pd.Index(rows * 2, name="row"))


T = table()
PRICE = {
    "itself": lambda s: s,
    "isna": lambda s: s.isna(),
    "dropna": lambda s: s.dropna(),
    "shift": lambda s: s.shift(2),
    "drop_duplicates": lambda s: s.drop_duplicates(),
    "nunique": lambda s: s.nunique(),
    "count": lambda s: s.count(),
}


@pytest.mark.parametrize("name", PRICE)
def test_values(name: str) -> None:
    check(lambda d: PRICE[name](d["price"]), T, cluster=name == "itself")
    check(lambda d: PRICE[name](d["day"]), T)


def _each(function: object) -> object:
    return lambda d: d["price"].map(lambda x: None if x is None or x != x else function(x))  # type: ignore[operator]


def test_arithmetic() -> None:
    check(lambda d: d["price"] + d["price"], T, oracle=_each(lambda x: x + x))
    check(lambda d: d["price"] - Decimal("1.25"), T, oracle=_each(lambda x: x - Decimal("1.25")))
    check(lambda d: d["price"] > Decimal("10.5"), T, oracle=lambda d: d["price"].map(lambda x: x is not None and x == x and x > Decimal("10.5")))
    check(lambda d: d["price"].astype("float64"), T, oracle=lambda d: d["price"].map(lambda x: np.nan if x is None or x != x else float(x)))
    check(lambda d: d["count"].astype("decimal(6, 2)"), T, oracle=lambda d: d["count"].map(lambda x: Decimal(int(x)).quantize(Decimal("0.01"))))
    check(lambda d: d["price"].max(), T, oracle=lambda d: max(x for x in d["price"] if x is not None and x == x))
    check(lambda d: d["price"].min(), T, oracle=lambda d: min(x for x in d["price"] if x is not None and x == x))
    check(lambda d: d["price"].fillna(Decimal("0.00")), T, oracle=lambda d: d["price"].map(lambda x: Decimal("0.00") if x is None or x != x else x))
    check(lambda d: d["price"].sort_values(), T.dropna(), oracle=lambda d: d["price"].sort_values(kind="stable"))
    check(lambda d: d["price"].isin([Decimal("-100.00"), Decimal("35.68")]), T)


def test_sums_are_exact() -> None:
    total = sum(x for x in T["price"] if x is not None and x == x)
    for borders in [(), (0, 3, 3, 20)]:
        assert lazy(T, borders)["price"].sum().compute() == total
        frame = lazy(T, borders)
        equal(frame["price"].groupby(frame["count"]).sum().compute(), T["price"].dropna().groupby(T["count"]).sum())


def test_days() -> None:
    times = pd.to_datetime(T["day"])
    frame = lazy(T, (0, 2, 2, 17))
    for name in ("year", "month", "day", "dayofweek", "quarter", "is_month_end"):
        equal(getattr(frame["day"].dt, name).compute(), getattr(times.dt, name))
    equal(frame["day"].astype("datetime64[us]").compute(), times.astype("datetime64[us]"))
    equal((frame["day"] > datetime.date(2024, 1, 1)).compute(), times > "2024-01-01")
    assert frame["day"].max().compute() == times.max().date() and frame["day"].min().compute() == times.min().date()
