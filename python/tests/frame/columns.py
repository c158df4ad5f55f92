"""Columns for the tables of cases, in many partitionings, and how results are held against pandas'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from oracle import engine

from phalanx.dataframe import DataFrame
from phalanx.dataframe._convert import arrow_table

ROWS = 48
#: Where partitions end: one, several with empty ones, many of few rows.
BORDERS: tuple[tuple[int, ...], ...] = ((), (0, 2, 2, 17, 40), tuple(range(7, ROWS, 7)))


def numbers() -> pd.DataFrame:
    """Missing values, NaN, infinities, zeros of both signs, duplicates, integers over 2⁵³; labels are times."""
    rows = np.arange(ROWS)
    k = 7919 * rows % 1009
    value = (k * k % 401 - 200) / 16.0
    value[rows % 7 == 3] = np.nan
    value[rows % 11 == 5] = -0.0
    value[rows % 13 == 6] = 0.0
    endless = np.where(rows % 9 == 2, np.inf, np.where(rows % 9 == 4, -np.inf, value))
    other = np.where(rows % 5 == 2, np.nan, np.round(np.sin(k) * 1000) / 8)
    return pd.DataFrame(
        {
            "value": value,
            "other": other,
            "endless": endless,
            "whole": k * k % 101 - 50,
            "few": k % 3,
            "big": (1 << 53) + k,
            "small": (k % 100).astype("int16"),
            "flag": k % 3 == 0,
            "sorted": rows // 2,
        },
        index=pd.DatetimeIndex(pd.date_range("2024-03-30", periods=ROWS, freq="37min", unit="us"), name="at"),
    )


def texts() -> pd.DataFrame:
    """Texts in several scripts, with spaces, digits, signs and missing ones; labels are numbers."""
    some = [
        "Grüße aus Köln", "straße", "ÉCOLE élémentaire", "", "  spaces \t ", "a-b-c", "日本語 テキスト", None, "ﬁne²", "x",
        "12", "-3.5", "٣٤", "Ⅷ", "they're Bill's", "abc,def,,ghi", "one two three four five", "aaa", "Ab", "ß", "ΣΊΣΥΦΟΣ",
        "well-known words -- and a_long_unbroken_word. The end.", "tab\tand\nline", None,
    ]  # fmt: skip
    values = [some[(11 * row) % len(some)] for row in range(ROWS)]
    more = [None if row % 6 == 4 else f"{'xyz'[row % 3]}{row % 4}" for row in range(ROWS)]
    return pd.DataFrame(
        {"text": pd.Series(values, dtype="str"), "more": pd.Series(more, dtype="str"), "key": np.arange(ROWS) % 3},
    ).set_index(pd.Index(np.arange(ROWS) * 3 + 5, name="label"))


def times() -> pd.DataFrame:
    """Times with and without a zone, over both clock changes, before 1970, at ends of months; spans of time."""
    start = pd.Timestamp("2024-03-31 00:20", tz="UTC")
    moments = pd.DatetimeIndex([start + pd.Timedelta(minutes=23 * row + (210 * 24 * 60 if row % 2 else 0)) for row in range(ROWS)])
    naive = pd.Series(pd.DatetimeIndex([
        pd.Timestamp("1969-12-31 23:59:59.123456789") + pd.DateOffset(days=97 * row, hours=5 * row) for row in range(ROWS)
    ]).as_unit("ns"))  # fmt: skip
    naive[5] = pd.NaT
    ends = pd.Series(pd.date_range("2019-12-01", periods=ROWS, freq="ME").as_unit("us"))
    spans = pd.Series(pd.to_timedelta([(row - 20) * 100_000_123_456_789 for row in range(ROWS)], unit="ns"))
    spans[7] = pd.NaT
    return pd.DataFrame(
        {
            "zoned": pd.Series(moments.tz_convert("Europe/Berlin").as_unit("us")),
            "naive": naive,
            "ends": ends,
            "span": spans,
        }
    )


def lazy(frame: pd.DataFrame, borders: tuple[int, ...]) -> Any:
    """``frame`` in partitions that end at ``borders``."""
    table, index = arrow_table(frame)
    ends = [0, *(min(border, len(frame)) for border in borders), len(frame)]
    native = engine("local").scatter_frame([table.slice(start, end - start) for start, end in zip(ends, ends[1:])])
    return DataFrame._wrap(native if index is None else native.set_index(index))


def _plain(value: Any) -> Any:
    """Without what Arrow can't say: missing objects are None."""
    if isinstance(value, pd.Series) and value.dtype == object:
        return value.map(lambda each: list(each) if isinstance(each, (list, np.ndarray)) else None if each is None or each is pd.NaT or each is pd.NA or each != each else each)
    if isinstance(value, pd.Series) and pd.api.types.is_integer_dtype(value.dtype) and not isinstance(value.dtype, np.dtype):
        return value.astype("float64")  # pandas' own integers with missing values
    if isinstance(value, pd.DataFrame):
        return pd.DataFrame({name: _plain(value[name]) for name in value.columns}, index=value.index)
    return value


def equal(ours: Any, expected: Any, rtol: float = 1e-12, dtype: bool = False) -> None:
    """Ours is pandas': values within ``rtol``, labels and names; types if ``dtype``."""
    ours, expected = _plain(ours), _plain(expected)
    options: dict[str, Any] = {"check_dtype": dtype, "rtol": rtol, "atol": 1e-12, "check_freq": False}
    if isinstance(expected, pd.DataFrame):
        expected = expected.rename(columns=str) if expected.columns.inferred_type == "integer" else expected
        pd.testing.assert_frame_equal(ours, expected, check_column_type=False, check_index_type=False, **options)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(ours, expected, check_index_type=False, **options)
    elif isinstance(expected, pd.Index):
        assert isinstance(ours, pd.Index), type(ours)
        pd.testing.assert_index_equal(ours, expected, exact=False, rtol=rtol)
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(ours, expected)
    elif isinstance(expected, (float, np.floating)):
        np.testing.assert_allclose(ours, expected, rtol=rtol)
    else:
        assert ours == expected, f"{ours!r} for pandas' {expected!r}"


def _same(first: Any, other: Any) -> bool:
    if isinstance(first, (pd.DataFrame, pd.Series, pd.Index)):
        return bool(first.equals(other))
    if isinstance(first, np.ndarray):
        return bool(np.array_equal(first, other))
    return bool(first == other) or bool(pd.isna(first) and pd.isna(other))


def check(
    case: Callable[..., Any],
    *frames: pd.DataFrame,
    oracle: Callable[..., Any] | None = None,
    rtol: float = 1e-12,
    cluster: bool = False,
    dtype: bool = False,
) -> None:
    """``case`` of lazy frames, in all partitionings, on the engines, is what it is of pandas' frames."""
    with np.errstate(all="ignore"):
        expected = (oracle or case)(*frames)
    for number, borders in enumerate(BORDERS):
        result = case(*(lazy(frame, borders) for frame in frames))
        first = result.compute(client=engine("local"))
        equal(first, expected, rtol, dtype)
        for name in ["perturbed"] + (["cluster"] if cluster and number == 1 else []):
            other = result.compute(client=engine(name))
            assert _same(first, other), f"{name} differs from local, partitions {borders}:\n{first}\n{other}"
