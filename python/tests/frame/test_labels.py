"""``loc`` against pandas: the rows of labels, and labels that are not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from columns import BORDERS, check, lazy, numbers
from oracle import engine

import phalanx.dataframe as dd
from phalanx.exceptions import InputError, LabelError

N = numbers()
#: By text, by number and by time; labels are there several times.
BY_TEXT = N.reset_index(drop=True).set_index(pd.Index([f"l{row % 20}" for row in range(len(N))], name="label"))
BY_NUMBER = N.reset_index(drop=True).set_index("whole")
BY_CATEGORY = BY_TEXT.set_index(pd.CategoricalIndex(BY_TEXT.index, [f"l{row}" for row in range(30)], name="label"))
FRAMES = {"text": BY_TEXT, "number": BY_NUMBER, "time": N, "category": BY_CATEGORY}

SOME = [int(label) for label in BY_NUMBER.index[[5, 20, 33]]]
THERE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "one label": ("text", lambda d: d.loc[["l3"]]),
    "labels": ("text", lambda d: d.loc[["l13", "l2", "l19"]]),
    "labels and columns": ("text", lambda d: d.loc[["l13", "l2"], ["few", "value"]]),
    "a label twice": ("text", lambda d: d.loc[["l3", "l2", "l3"]]),
    "twice of a column": ("text", lambda d: d["value"].loc[["l4", "l4", "l1", "l4"]]),
    "a number twice": ("number", lambda d: d.loc[[SOME[2], SOME[0], SOME[2]], ["few"]]),
    "a category twice": ("category", lambda d: d.loc[["l5", "l3", "l5"]].value),
    "no labels": ("text", lambda d: d.loc[[]]),
    "of a column": ("text", lambda d: d["value"].loc[["l4", "l1"]]),
    "numbers": ("number", lambda d: d.loc[[SOME[2], SOME[0]]]),
    "a number": ("number", lambda d: d.loc[SOME[1]] if isinstance(d, dd.DataFrame) else d.loc[[SOME[1]]]),
    "an hour": ("time", lambda d: d.loc["2024-03-30 03"]),
    "a time": ("time", lambda d: d.loc[[pd.Timestamp("2024-03-30 00:37")]]),
    "further": ("text", lambda d: d.loc[["l5", "l6"]].value.sum()),
    "category": ("category", lambda d: d.loc[["l5", "l3"]].value),
}


@pytest.mark.parametrize("name", THERE)
def test_labels_that_are_there(name: str) -> None:
    which, case = THERE[name]
    check(case, FRAMES[which], cluster=name in ("labels", "a number"))


MISSING: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "text": ("text", lambda d: d.loc["l20"]),
    "texts": ("text", lambda d: d.loc[["l3", "l20", "l30"]]),
    "all of them": ("text", lambda d: d.loc[["l20", "l30"]]),
    "of a column": ("text", lambda d: d.value.loc["no"]),
    "and a column": ("text", lambda d: d.loc["no", "value"]),
    "twice": ("text", lambda d: d.loc[["l3", "l20", "l3"]]),
    "number": ("number", lambda d: d.loc[1000]),
    "numbers": ("number", lambda d: d.loc[[SOME[0], 1000]]),
    "fraction": ("number", lambda d: d.loc[0.5]),
    "day": ("time", lambda d: d.loc["2023-01-01"]),
    "moment": ("time", lambda d: d.loc[pd.Timestamp("2024-03-30 00:38")]),
    "unused category": ("category", lambda d: d.loc["l25"]),
}


@pytest.mark.parametrize("name", MISSING)
def test_labels_that_are_missing(name: str) -> None:
    which, case = MISSING[name]
    with pytest.raises(KeyError) as theirs:
        case(FRAMES[which])
    for borders in BORDERS:
        found = case(lazy(FRAMES[which], borders))
        for on in ("local", "perturbed", *(["cluster"] if borders == BORDERS[1] and name in ("text", "texts") else [])):
            with pytest.raises(KeyError) as ours:
                found.compute(client=engine(on))
            assert isinstance(ours.value, LabelError) and ours.value.hint
            # What is missing is named as pandas names it.
            if name in ("text", "texts", "number", "numbers"):
                assert ours.value.message == (str(theirs.value) if "s" not in name else theirs.value.args[0])


def test_who_takes_the_first_rows_learns_of_missing_labels() -> None:
    frame = lazy(BY_TEXT, (9, 20)).loc[["l1", "no"]]
    for further in (lambda f: f.head(1, compute=False), lambda f: f.value.sum(), lambda f: f[["few"]], lambda f: f._count()):
        with pytest.raises(KeyError, match="no"):
            further(frame).compute()
    with pytest.raises(KeyError):
        len(frame)


IMPOSSIBLE: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "text in numbers": ("number", lambda d: d.loc["a"]),
    "texts in numbers": ("number", lambda d: d.loc[["a", "b"]]),
    "number in texts": ("text", lambda d: d.loc[3]),
    "number in times": ("time", lambda d: d.loc[3]),
    "no time": ("time", lambda d: d.loc["nonsense"]),
    "no category": ("category", lambda d: d.loc["l99"]),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_labels_that_can_not_be_there_are_refused_at_once(name: str) -> None:
    which, case = IMPOSSIBLE[name]
    with pytest.raises(KeyError):
        case(FRAMES[which])
    with pytest.raises(KeyError):
        case(lazy(FRAMES[which], (5,)))


def test_row_numbers() -> None:
    rows = N.reset_index(drop=True)
    frame = lazy(rows, (5, 9)).reset_index(drop=True)
    assert frame.loc[7, "big"].compute().tolist() == [rows.loc[7, "big"]]
    with pytest.raises(KeyError, match="48"):
        frame.loc[len(rows)].compute()
    for label in (-1, "a"):
        with pytest.raises(KeyError):
            frame.loc[label]
    assert len(frame.loc[45:99]) == 3, "a slice needs no label"


def test_a_label_error_is_also_ours() -> None:
    assert issubclass(LabelError, InputError) and issubclass(LabelError, KeyError)
    with pytest.raises(KeyError):
        lazy(BY_TEXT, ()).loc["l1", "no"]
    empty = dd.from_pandas(BY_TEXT[:0], npartitions=2)
    with pytest.raises(KeyError):
        empty.loc["l1"].compute()
    assert np.isnan(float(empty.loc["a":"b"].value.mean()))
