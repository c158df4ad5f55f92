"""Indexes against pandas: a line a case."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from columns import ROWS, check, equal, lazy, numbers

import phalanx.dataframe as dd
from phalanx.dataframe import Index

N = numbers()
W = N.reset_index(drop=True).set_index("whole")
KEPT = {"year", "to_series", "max"}

#: Fields of an index of times.
FIELDS = """
    year month day hour minute second microsecond nanosecond dayofweek weekday day_of_week dayofyear day_of_year quarter
""".split()


@pytest.mark.parametrize("name", FIELDS)
def test_fields(name: str) -> None:
    check(lambda d: getattr(d.index, name), N, cluster=name in KEPT)


def test_other_fields() -> None:
    check(lambda d: d.index.millisecond, N, oracle=lambda d: d.index.microsecond // 1000)
    for name in ("week", "weekofyear"):
        check(lambda d, name=name: getattr(d.index, name), N, oracle=lambda d: pd.Index(d.index.isocalendar().week.astype("int64"), name="at"))


CASES = {
    "itself": lambda i: i,
    "to_series": lambda i: i.to_series(),
    "to_series name": lambda i: i.to_series(name="other"),
    "to_frame": lambda i: i.to_frame(),
    "to_frame name": lambda i: i.to_frame(name="other"),
    "to_frame index": lambda i: i.to_frame(index=False),
    "add": lambda i: i + 3,
    "mul": lambda i: 2 * i,
    "neg": lambda i: -i,
    "astype": lambda i: i.astype("float64"),
    "rename": lambda i: i.rename("other"),
    "map": lambda i: i.map({0: 5.0, 10: 7.0}),
    "max": lambda i: i.max(),
    "min": lambda i: i.min(),
    "nunique": lambda i: i.nunique(),
    "unique": lambda i: i.unique(),
    "is_monotonic_increasing": lambda i: i.is_monotonic_increasing,
    "drop_duplicates": lambda i: i.drop_duplicates(),
    "size": lambda i: i.size,
    "copy": lambda i: i.copy(),
}


@pytest.mark.parametrize("name", CASES)
def test_functions(name: str) -> None:
    def expected(d: pd.DataFrame) -> object:
        made = CASES[name](d.index)
        # A column has the name, so the labels have none.
        return made.rename_axis(None) if name == "to_frame" else made

    check(lambda d: CASES[name](d.index), W, oracle=expected, cluster=name in KEPT)


#: What pandas has of a series only: of the labels' own series.
AS_SERIES = {
    "sum": lambda i: i.sum(),
    "mean": lambda i: i.mean(),
    "std": lambda i: i.std(),
    "var": lambda i: i.var(),
    "prod": lambda i: (i / 100).prod(),
    "count": lambda i: i.count(),
    "quantile": lambda i: i.quantile(0.3),
    "any": lambda i: i.any(),
    "all": lambda i: i.all(),
    "describe": lambda i: i.describe(),
    "isin": lambda i: i.isin([0, 10, -3]),
    "isna": lambda i: i.isna(),
    "gt": lambda i: i > 3,
    "between": lambda i: i.between(-3, 20),
    "value_counts": lambda i: i.value_counts().sort_index() if isinstance(i, pd.Series) else i.value_counts(sort=False),
}


@pytest.mark.parametrize("name", AS_SERIES)
def test_as_series(name: str) -> None:
    def tidy(value: object) -> object:
        return value.sort_index() if name == "value_counts" and isinstance(value, pd.Series) else value

    expected = tidy(AS_SERIES[name](W.index.to_series()))
    for borders in [(), (0, 2, 2, 17, 40)]:
        equal(tidy(AS_SERIES[name](lazy(W, borders).index).compute()), expected)


def test_times() -> None:
    check(lambda d: d.index.shift(2, freq="h"), N)
    check(lambda d: d.index + pd.Timedelta("90s"), N)
    check(lambda d: d.index.max(), N)
    check(lambda d: d["few"][d.index.hour > 11], N)
    check(lambda d: d[d.index.isin([pd.Timestamp("2024-03-30 00:37")])], N)
    with pytest.raises(NotImplementedError, match="freq"):
        lazy(N, ()).index.shift(1)


def test_what_it_is() -> None:
    index = lazy(N, (9,)).index
    assert isinstance(index, Index) and isinstance(index, dd.Series)
    assert index.name == "at" and index.dtype == N.index.dtype and index.ndim == 1 and len(index) == ROWS
    assert index.index is index and index.npartitions == 2 and index.is_unique.compute()
    assert "at" in repr(index) and isinstance(index._meta, pd.Index)
    equal(index.head(3), N.index[:3])
    np.testing.assert_array_equal(index.values.compute(), N.index.to_numpy())
    equal(index.persist().compute(), N.index)
    equal(lazy(N, (9,))["few"].index.compute(), N.index)


def test_rows_without_labels() -> None:
    frame = lazy(N, (0, 3, 3, 20)).reset_index(drop=True)
    equal(frame.index.compute(), pd.RangeIndex(ROWS))
    equal(frame["few"][frame.index > 40].compute().reset_index(drop=True), N["few"].iloc[41:].reset_index(drop=True))


def test_names() -> None:
    frame = dd.from_pandas(N.rename_axis(None), npartitions=2)
    assert frame.index.name is None
    equal(frame.index.compute(), N.index.rename(None))
    equal(frame.index.to_frame().compute(), N.index.rename(None).to_frame())
