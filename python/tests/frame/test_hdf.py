"""HDF5 files of pandas' kind: written by ours and read by pandas, and the other way round."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine

import phalanx.dataframe as dd

pytest.importorskip("tables")

T = pd.DataFrame(
    {"x": np.arange(30) / 4, "s": [f"text {row % 7}" for row in range(30)], "n": np.arange(30) % 5},
    index=pd.Index(range(0, 60, 2), name="i"),
)
TIMED = T.set_index(pd.date_range("2024-01-01", periods=30, freq="h", name="time"))


def lazy(frame: pd.DataFrame = T) -> Any:
    return dd.from_pandas(frame, npartitions=4)


@pytest.mark.parametrize("frame", [T, TIMED], ids=["numbers", "times"])
def test_pandas_reads_what_is_written(frame: pd.DataFrame, tmp_path: Path) -> None:
    paths = lazy(frame).to_hdf(tmp_path / "rows.h5", "/data")
    assert set(paths) == {str(tmp_path / "rows.h5")}
    pd.testing.assert_frame_equal(pd.read_hdf(tmp_path / "rows.h5", "/data"), frame, check_freq=False)
    dd.to_hdf(lazy(frame), tmp_path / "part-*.h5", "/data")
    parts = [pd.read_hdf(tmp_path / f"part-{number}.h5", "/data") for number in range(4)]
    pd.testing.assert_frame_equal(pd.concat(parts), frame, check_freq=False)
    lazy(frame).x.to_hdf(tmp_path / "groups.h5", "/part_*", name_function=lambda number: f"n{number}")
    groups = [pd.read_hdf(tmp_path / "groups.h5", f"/part_n{number}") for number in range(4)]
    pd.testing.assert_series_equal(pd.concat(groups), frame.x, check_freq=False)
    lazy(frame).to_hdf(tmp_path / "rows.h5", "/data", append=True)
    assert len(pd.read_hdf(tmp_path / "rows.h5", "/data")) == 2 * len(frame)


READS: dict[str, dict[str, Any]] = {
    "whole": {},
    "chunks": {"chunksize": 7},
    "rows": {"start": 3, "stop": 21, "chunksize": 5},
    "columns": {"columns": ["n", "x"]},
    "sorted": {"sorted_index": True},
}


@pytest.mark.parametrize("name", READS)
def test_what_pandas_has_written(name: str, tmp_path: Path) -> None:
    T.to_hdf(tmp_path / "a.h5", key="/data", format="table")
    TIMED.reset_index(drop=True).rename_axis("i").to_hdf(tmp_path / "b.h5", key="/data", format="table")
    options = {key: value for key, value in READS[name].items() if key in ("start", "stop", "columns")}
    for where in ("local", "perturbed"):
        ours = dd.read_hdf(tmp_path / "a.h5", "/data", **READS[name])
        pd.testing.assert_frame_equal(ours.compute(client=engine(where)), pd.read_hdf(tmp_path / "a.h5", "/data", **options))
    both = dd.read_hdf(str(tmp_path / "*.h5"), "/data", **READS[name])
    expected = pd.concat([pd.read_hdf(tmp_path / f"{file}.h5", "/data", **options) for file in "ab"])
    pd.testing.assert_frame_equal(both.compute(), expected)
    if "chunksize" in READS[name]:
        assert ours.npartitions == (5 if name == "chunks" else 4)


def test_refused(tmp_path: Path) -> None:
    T.to_hdf(tmp_path / "fixed.h5", key="/data", format="fixed")
    pd.testing.assert_frame_equal(dd.read_hdf(tmp_path / "fixed.h5", "/data").compute(), T)
    with pytest.raises(TypeError, match="format='table'"):
        dd.read_hdf(tmp_path / "fixed.h5", "/data", start=3)
    with pytest.raises(KeyError, match="no group '/other'.*'/data'"):
        dd.read_hdf(tmp_path / "fixed.h5", "/other")
    with pytest.raises(FileNotFoundError):
        dd.read_hdf(tmp_path / "none.h5", "/data")
    with pytest.raises(NotImplementedError, match="compute"):
        lazy().to_hdf(tmp_path / "later.h5", "/data", compute=False)


def test_without_pytables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tables", None)
    for call in (lambda: lazy().to_hdf(tmp_path / "x.h5", "/x"), lambda: dd.read_hdf(tmp_path / "x.h5", "/x")):
        with pytest.raises(ModuleNotFoundError, match="pip install tables"):
            call()
