"""A merge whose sides do not fit: it goes to disk, and the rows are those that fit would give, in their order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from oracle import engine

import phalanx.dataframe as frames
from phalanx import _phalanx
from phalanx.exceptions import DataError

ROWS = 300_000


@pytest.fixture(scope="module")
def sides() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(5)
    left = pd.DataFrame({"key": rng.integers(0, ROWS, ROWS), "text": rng.integers(0, 50, ROWS).astype(str), "x": rng.random(ROWS)})
    right = pd.DataFrame({"key": rng.permutation(ROWS) + 1000, "y": rng.random(ROWS), "name": np.char.add("n", rng.integers(0, 9, ROWS).astype(str))})
    return left, right


@pytest.fixture(scope="module")
def small() -> _phalanx.Client:
    """An engine whose joins may hold 4 MiB each."""
    return _phalanx.Client.local(threads=2, memory_bytes=32 << 20)


def read(rows: pd.DataFrame, path: Path, parts: int) -> frames.DataFrame:
    """The rows out of a file, which every engine can read, in so many partitions."""
    rows.to_parquet(path, index=False, row_group_size=-(-len(rows) // parts))
    return frames.read_parquet(path, split_row_groups=True)


@pytest.mark.parametrize("how", ["inner", "left", "right", "leftsemi", "leftanti"])
def test_merges(how: str, sides: tuple[pd.DataFrame, pd.DataFrame], small: _phalanx.Client, tmp_path: Path) -> None:
    left, right = (read(side, tmp_path / f"{number}.parquet", 4) for number, side in enumerate(sides))
    merged = left.merge(right, how=how, on="key")
    ours = merged.compute(client=small)
    pd.testing.assert_frame_equal(ours, merged.compute(client=engine("local")))
    if how in ("inner", "left", "right"):
        expected = sides[0].merge(sides[1], how=how, on="key")
        pd.testing.assert_frame_equal(ours, expected, check_dtype=False)


def test_keys_of_text_and_one_key_alone(sides: tuple[pd.DataFrame, pd.DataFrame], small: _phalanx.Client, tmp_path: Path) -> None:
    left, right = sides
    # Half of all rows have one key: buckets that can't be cut further are joined as they are.
    left = left.assign(name=np.where(left.x < 0.5, "n0", "m" + left.text))[:2000]
    right = right.assign(name=np.where(right.y < 0.5, "n0", right.key.astype(str)))
    lazy = read(left, tmp_path / "a", 2).merge(read(right.drop_duplicates("name"), tmp_path / "b", 2), on="name", suffixes=("", "_r"))
    pd.testing.assert_frame_equal(
        lazy.compute(client=small), left.merge(right.drop_duplicates("name"), on="name", suffixes=("", "_r")), check_dtype=False
    )
    few = read(left[:3], tmp_path / "c", 1).merge(read(right, tmp_path / "d", 3), on="name", suffixes=("", "_r"))
    pd.testing.assert_frame_equal(few.compute(client=small), left[:3].merge(right, on="name", suffixes=("", "_r")), check_dtype=False)


def test_keys_that_must_be_unique(sides: tuple[pd.DataFrame, pd.DataFrame], small: _phalanx.Client, tmp_path: Path) -> None:
    left, right = (read(side, tmp_path / f"{number}.parquet", 2) for number, side in enumerate(sides))
    assert len(right.merge(right, on="key", validate="1:1").compute(client=small)) == ROWS
    with pytest.raises(DataError, match="not unique"):
        right.merge(left, on="key", validate="1:1").compute(client=small)
