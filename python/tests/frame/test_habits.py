"""What people who know pandas write without thinking: NumPy's functions, Python's own, columns set in lists."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import BORDERS, equal, lazy, table

import phalanx.dataframe as dd

T = table()


def _set(*names: str, value: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def case(frame: Any) -> Any:
        changed = frame.copy()
        changed[list(names)] = value(frame)
        return changed

    return case


def _spans(frame: Any) -> Any:
    return (dd if isinstance(frame, dd.DataFrame) else pd).to_timedelta(frame.whole * 1_000_003, unit="ms")


#: A function of the frame, ours or pandas'.
CASES: dict[str, Callable[[Any], Any]] = {
    "np.sum": lambda d: np.sum(d.whole),
    "np.mean": lambda d: np.mean(d.value),
    "np.std": lambda d: np.std(d.whole),
    "np.var": lambda d: np.var(d.whole, ddof=1),
    "np.min": lambda d: np.min(d.value),
    "np.max": lambda d: np.max(d.other),
    "np.prod": lambda d: np.prod(d.few),
    "np.any": lambda d: np.any(d.flag),
    "np.all": lambda d: np.all(d.flag),
    "np.cumsum": lambda d: np.cumsum(d.whole),
    "np.cumprod": lambda d: np.cumprod(d.few),
    "np.clip": lambda d: np.clip(d.whole, -3, 20),
    "np.round": lambda d: np.round(d.other, 1),
    "np.sum of a frame": lambda d: np.sum(d[["whole", "few"]], axis=0),
    "several columns of a frame": _set("u", "v", value=lambda d: d[["whole", "few"]]),
    "several columns of values": _set("u", "v", value=lambda d: [1, 2.5]),
    "several columns of one value": _set("u", "whole", value=lambda d: 7),
    "functions without a name": lambda d: d.groupby("group").whole.agg(["mean", lambda s: s.max(), lambda s: s.min()]),
    "a function without a name": lambda d: d.groupby("group").whole.agg([lambda s: s.max()]),
    "functions without a name of columns": lambda d: d.groupby("group").agg({"whole": ["sum", lambda s: s.max()]}),
    "categories that are not there": lambda d: d.key.astype(pd.CategoricalDtype(["x", "ä", "b", "", "y"])).value_counts().sort_index(),
    "counts of categories that tie": lambda d: d.key.astype(pd.CategoricalDtype(["c", "b", "ä"])).value_counts(),
    "counts of categories unsorted": lambda d: d.key.astype(pd.CategoricalDtype(["c", "b", "ä"])).value_counts(sort=False),
    "counts of categories with missing": lambda d: d.key.astype(pd.CategoricalDtype(["c", "q"])).value_counts(dropna=False).sort_index(),
    "bounds in the other order": lambda d: d.whole.clip(20, -3),
    "bounds of a frame in the other order": lambda d: d[["whole", "few"]].clip(2, 1),
    "windows of two columns": lambda d: d.whole.rolling(5).corr(d.big),
    "windows of a column and itself": lambda d: d.whole.rolling(5).cov(d.whole),
    "spans as text": lambda d: _spans(d).astype(str),
    "shares of categories": lambda d: d.key.astype(pd.CategoricalDtype(["x", "b"])).value_counts(normalize=True),
    "rare categories first": lambda d: d.key.astype(pd.CategoricalDtype(["x", "b"])).value_counts(ascending=True),
    "sides that are counted": lambda d: d.merge(d[["group"]].drop_duplicates().query("group > 0"), how="left", indicator=True)._merge.value_counts(),
    "sides of a merge": lambda d: d.merge(d[["group"]].drop_duplicates().query("group > 0"), how="left", indicator=True)._merge,
}


@pytest.mark.parametrize("name", CASES)
def test_habits_are_pandas(name: str) -> None:
    case = CASES[name]
    expected = case(T)
    for borders in BORDERS:
        made = case(lazy(T, borders))
        for client in ("local", "perturbed", *(("cluster",) if name == "sides of a merge" else ())):
            equal(made.compute(client=engine(client)) if hasattr(made, "compute") else made, expected, 1e-12)


@pytest.mark.parametrize("borders", BORDERS)
def test_python_goes_through_values(borders: Any) -> None:
    frame = lazy(T, borders)
    assert list(frame.whole) == list(T.whole)
    assert max(frame.whole) == max(T.whole) and sorted(frame.few) == sorted(T.few) and set(frame.group) == set(T.group)
    assert [at for at, _ in zip(range(5), frame.big)] == list(range(5))
    assert list(frame.index) == list(T.index)
    assert f"{frame.whole.mean():.3f}" == f"{T.whole.mean():.3f}"
    assert round(frame.whole.mean(), 1).compute() == round(T.whole.mean(), 1)


def test_copies_are_frames_of_their_own() -> None:
    frame = lazy(T, (20,))
    for other in (copy.copy(frame), copy.deepcopy(frame)):
        other["whole"] = 0
        assert int(frame.whole.sum().compute()) == T.whole.sum()
    assert copy.deepcopy(frame.whole).sum().compute() == copy.copy(frame.whole.sum()).compute() == T.whole.sum()


#: What is not here is said, with the way round.
REFUSED: dict[str, tuple[type[Exception], str, Callable[[Any], Any]]] = {
    "a mask of values": (TypeError, "lazy condition", lambda d: d[T.flag]),
    "a list of truth values": (TypeError, "lazy condition", lambda d: d[[True] * 60]),
    "a mask of values of a column": (TypeError, "lazy condition", lambda d: d.whole[T.flag.to_numpy()]),
    "where with values": (TypeError, "lazy condition", lambda d: d.whole.where(T.flag)),
    "mask with one value": (TypeError, "lazy series", lambda d: d.whole.mask(True)),
    "among lazy values": (NotImplementedError, "semi", lambda d: d.whole.isin(d.group)),
    "in a column": (NotImplementedError, r"\(series == value\)\.any\(\)", lambda d: 3 in d.whole),
    "too few values for columns": (ValueError, "same length", _set("u", "v", value=lambda d: [1])),
    "too many columns for columns": (ValueError, "same length", _set("u", value=lambda d: d[["whole", "few"]])),
    "iteration over groups": (NotImplementedError, "get_group", lambda d: list(d.groupby("group"))),
    "number of groups": (AttributeError, "nunique", lambda d: d.groupby("group").ngroups),
    "groups by number": (AttributeError, "which pandas' have", lambda d: d.groupby("group").ngroup()),
    "no such method of groups": (AttributeError, "no attribute 'quux'", lambda d: d.groupby("group").quux),
    "no such method": (AttributeError, "which pandas has: compute", lambda d: d.whole.ewm(3)),
    "no such attribute": (AttributeError, "no attribute 'quux'", lambda d: d.whole.quux),
    "text of numbers": (AttributeError, "string values", lambda d: d.whole.str),
    "a zone over a zone": (TypeError, "tz_convert", lambda d: dd.to_datetime(d.whole, utc=True).dt.tz_localize("Asia/Tokyo")),
    "pickles": (TypeError, "to_parquet", pickle.dumps),
    "pickles of results": (TypeError, "compute", lambda d: pickle.dumps(d.whole.sum())),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_do(name: str) -> None:
    kind, words, case = REFUSED[name]
    with pytest.raises(kind, match=words):
        case(lazy(T, (20, 40)))
