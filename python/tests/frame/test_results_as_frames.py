"""Small results go on as frames: merged with lazy frames, stacked, partitioned, written to files. A line a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from relations import BORDERS, check, lazy, table

import phalanx.dataframe as dd

T = table().dropna(subset=["key"])


def means(d: Any) -> Any:
    return d.groupby("key").value.mean().rename("mean")


def both(d: Any) -> Any:
    return d.groupby("key").agg({"value": "mean", "whole": "max"})


def added(d: Any) -> Any:
    found = both(d)
    found["twice"] = found.value * 2
    found["one"] = 1.0
    return found


MERGES = {
    "a frame with a series of groups": lambda d: d.merge(means(d), left_on="key", right_index=True),
    "a frame with a frame of groups": lambda d: d.merge(both(d).reset_index(), on="key", suffixes=("", "_of_group")),
    "a frame with groups that keep their key": lambda d: d.merge(
        d.groupby("key", as_index=False).agg(mean=("value", "mean")), on="key", how="left"
    ),
    "a frame with groups of two keys": lambda d: d.merge(
        d.groupby(["key", "group"]).value.mean().rename("mean").reset_index(), on=["key", "group"]
    ),
    "a frame with counts of values": lambda d: d.merge(
        d.key.value_counts(sort=False).sort_index().rename("times").to_frame(), left_on="key", right_index=True
    ),
    "groups with a frame": lambda d: both(d).reset_index().merge(d[["key", "flag"]], on="key"),
    "groups with groups": lambda d: both(d).merge(means(d), left_index=True, right_index=True),
    "joined on a column": lambda d: d.join(both(d).rename(columns={"value": "mean", "whole": "most"}), on="key"),
    "groups joined with groups": lambda d: both(d).join(means(d)),
}


@pytest.mark.parametrize("name", MERGES)
def test_merges(name: str) -> None:
    check(MERGES[name], T, cluster=name.startswith("a frame with a"))


STEPS = {
    "an added column": added,
    "a column by attribute": lambda d: both(d).whole + 1,
    "groups of groups": lambda d: both(d).groupby("whole").value.sum(),
    "an applied function": lambda d: both(d).apply(lambda row: row.value + row.whole, axis=1),
    "a renamed column": lambda d: both(d).rename(columns={"value": "mean"})["mean"],
    "an assigned column": lambda d: both(d).assign(twice=lambda found: found.value * 2),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps(name: str) -> None:
    check(STEPS[name], T)


def test_what_only_lazy_frames_have() -> None:
    frame, expected = lazy(T, BORDERS[1]), both(T)
    found = both(frame)
    assert found.npartitions == 1 and found.columns.tolist() == ["value", "whole"] and means(frame).name == "mean"
    assert found.dtypes.tolist() == expected.dtypes.tolist() and means(frame).dtype == "float64"
    pd.testing.assert_frame_equal(found.map_partitions(lambda part: part + 1).compute(), expected + 1, check_dtype=False)
    pd.testing.assert_frame_equal(found.repartition(npartitions=1).partitions[0].compute(), expected, check_dtype=False)
    assert found.to_dask_array(lengths=True).shape == expected.shape
    stacked = dd.concat([found, found]).compute()
    pd.testing.assert_frame_equal(stacked, pd.concat([expected, expected]), check_dtype=False)
    merged = dd.merge(found, frame[["key", "flag"]], left_index=True, right_on="key")
    assert len(merged) == len(T)
    with pytest.raises(AttributeError, match=r"no attribute 'valu'.*use \['valu'\]"):
        _ = found.valu
    with pytest.raises(TypeError, match="neither a frame nor a series"):
        frame.merge(frame.value.sum(), left_index=True, right_index=True)


def test_files(tmp_path: Path) -> None:
    found, expected = both(lazy(T, BORDERS[2])), both(T)
    for kind, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        place = tmp_path / kind
        getattr(found, f"to_{kind}")(str(place / "*.csv") if kind == "csv" else str(place))
        (written,) = place.glob("*.*")
        pd.testing.assert_frame_equal(
            read(written).reset_index()[["key", "value", "whole"]].fillna({"key": ""}), expected.reset_index(), check_dtype=False
        )
    assert found.to_csv().compute() == expected.to_csv()
