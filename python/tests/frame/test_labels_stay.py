"""The tables of cases once more over frames with labels of their own: every row keeps its label, as pandas' does; and
over no rows, one, only missing values, infinite ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import test_frames as frames
import test_groups as groups
import test_relations as relations
import test_windows as windows
from oracle import engine

from phalanx.dataframe import from_pandas

Case = Callable[[Any], Any]
#: Labels that neither rise nor fall, each once.
LABELS = pd.Index(np.arange(60) * 7 % 61 * 3)


def by(keys: Any, case: Case) -> Case:
    return lambda frame: case(frame.groupby(keys))


MORE: dict[str, Case] = {
    "loc slice": lambda d: d.sort_index().loc[30:90],
    "loc list": lambda d: d.loc[[int(LABELS[5]), int(LABELS[2])]],
    "loc label": lambda d: d.loc[[int(LABELS[7])]],
    "reset_index": lambda d: d.reset_index(),
    "reset_index drop": lambda d: d.reset_index(drop=True),
    "sort_index": lambda d: d.sort_index(),
    "sort_values": lambda d: d.sort_values(["group", "value"], kind="stable"),
    "sort_values backwards": lambda d: d.sort_values("value", ascending=False, kind="stable"),
    "rename_axis": lambda d: d.rename_axis("name"),
    "merge": lambda d: d.merge(d[["whole", "big"]].drop_duplicates("whole"), on="whole"),
    "join": lambda d: d[["value"]].join(d[["whole"]]),
    "idxmin": lambda d: d[["value", "whole"]].idxmin(),
    "iloc": lambda d: d.iloc[3:9],
    "by the index": lambda d: d.rename_axis("ix").groupby("ix").sum(numeric_only=True),
    "applied in place": lambda d: d.groupby("group", group_keys=False)["value"].apply(lambda s: s - s.mean()),
    "other order": lambda d: (d[["value"]] + d[["value"]].sort_index()).sort_index(),
    "aligned": lambda d: d[["value"]].align(d[["whole"]].sort_index())[0].sort_index(),
    "combined": lambda d: d[["value"]].combine_first(d[["value", "whole"]].sort_index()).sort_index(),
}


def cases() -> Iterator[Any]:
    numbers = frames.N.fillna(1.0)
    tables: list[tuple[str, dict[str, Case], pd.DataFrame]] = [
        ("columns", frames.COLUMNS, frames.T),
        ("along rows", frames.ALONG_ROWS, numbers),
        ("operators", frames.OPERATORS, frames.N),
        ("down", frames.DOWN, frames.N),
        ("rolling", {name: case for name, case in windows.ROLLING.items() if "win_type" not in name}, windows.T),
        ("windows", {name: case for name, case in relations.WINDOWS.items() if name != "cumprod"}, windows.T),
        ("reductions", relations.REDUCTIONS, frames.N),
        ("groups", {name: by("group", case) for name, case in relations.GROUPS.items()}, frames.T),
        ("functions", {name: by("group", case) for name, case in groups.PYTHON.items()}, frames.T),
        ("groups once more", {name: by("group", case) for name, case in groups.NATIVE.items() if name != "unique"}, frames.T),
        ("keys", groups.KEYS, frames.T),
        ("shapes", relations.SHAPES, frames.T),
        ("more", MORE, frames.T),
    ]
    for title, table, frame in tables:
        for name, case in table.items():
            yield pytest.param(case, frame, id=f"{title}: {name}")


@pytest.mark.parametrize(("case", "frame"), cases())
def test_labels_stay(case: Case, frame: pd.DataFrame) -> None:
    frame = frame.set_axis(LABELS)
    same(case(from_pandas(frame, npartitions=4, client=engine("local"))), case(frame))


#: Where pandas has another answer of no rows, of infinite or of only missing values, for reasons of its own.
OTHERWISE = {
    # A function is not called where there are no rows, so that pandas gives back the columns it was given.
    "no rows": ("columns: apply to a frame", "functions: apply", "groups once more: cov", "groups once more: corr"),
    # Between −inf and inf pandas' quantiles are NaN; its compensated sums of groups are NaN behind inf; its standard
    # error counts infinite values that its deviation does not.
    "infinite": ("rolling: sem", "reductions: quantiles", "reductions: describe percentiles", "groups: cumsum",
                 "groups once more: cumsum", "groups once more: quantiles"),
    # Among missing values nothing is smallest: pandas gives all of them.
    "missing": ("shapes: nsmallest",),
}  # fmt: skip


def variants(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, int]]:
    """Frames with something out of the ordinary, and in how many partitions."""
    yield "one row", frame.iloc[:1], 1
    yield "one row", frame.iloc[:1], 3
    yield "two rows", frame.iloc[1:3], 2
    yield "no rows", frame.iloc[:0], 2
    floats = list(frame.select_dtypes("float").columns)
    infinite = frame.copy()
    for column in floats:
        values = infinite[column].to_numpy().copy()
        values[::6], values[3::9] = np.inf, -np.inf
        infinite[column] = values
    yield "infinite", infinite, 4
    yield "missing", frame.assign(**dict.fromkeys(floats, np.nan)), 4


@pytest.mark.parametrize(("case", "frame"), cases())
@pytest.mark.filterwarnings("ignore")
def test_edges(case: Case, frame: pd.DataFrame, request: pytest.FixtureRequest) -> None:
    title = request.node.callspec.id
    for name, data, parts in variants(frame.set_axis(LABELS)):
        if title.startswith(OTHERWISE.get(name, ())):
            continue
        try:
            expected = case(data)
        except Exception:  # noqa: BLE001 - pandas refuses: what is refused here is tested elsewhere
            continue
        found = case(from_pandas(data, npartitions=parts, client=engine("local")))
        same(found, expected, f"{name} in {parts} partitions")


def same(found: Any, expected: Any, what: str = "") -> None:
    if hasattr(found, "compute"):
        found = found.compute(client=engine("local"))
    options: dict[str, Any] = {"check_dtype": False, "check_index_type": False, "rtol": 1e-8, "atol": 1e-12}
    try:
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(found, expected, check_column_type=False, **options)
        elif isinstance(expected, pd.Series):
            pd.testing.assert_series_equal(found, expected, **options)
        else:
            np.testing.assert_allclose(found, expected, rtol=1e-8)
    except AssertionError as error:
        raise AssertionError(f"{what}: {error}") from None
