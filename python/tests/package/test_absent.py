"""Names that peers have and ours has not: what to do instead is said, whether they are imported or looked up."""

from __future__ import annotations

import importlib

import numpy as np
import pandas as pd
import pytest

import phalanx.dataframe as dd
import phalanx.distributed
from phalanx.dataframe import _ABSENT
from phalanx.distributed._options import ABSENT


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("phalanx.distributed", "Event", "as_completed, wait"),
        ("phalanx.distributed", "Queue", "futures"),
        ("phalanx.distributed", "worker_client", "from the program"),
        ("phalanx.dataframe", "cut", "labels=names"),
        ("phalanx.dataframe", "crosstab", "pivot_table"),
    ],
)
def test_the_way_round_is_said(module: str, name: str, words: str) -> None:
    place = importlib.import_module(module)
    assert not hasattr(place, name) and name not in dir(place)
    with pytest.raises(AttributeError, match=words):
        getattr(place, name)
    with pytest.raises(ImportError, match=words):
        exec(f"from {module} import {name}", {})
    with pytest.raises(AttributeError, match="no attribute 'quux'"):
        place.quux  # noqa: B018


def test_names_are_those_of_peers() -> None:
    distributed = pytest.importorskip("distributed")
    plugins = importlib.import_module("distributed.diagnostics.plugin")
    for name in ABSENT:
        assert hasattr(distributed, name) or hasattr(plugins, name) or name in ("Pub", "Sub"), name
        assert name not in phalanx.distributed.__all__
    for name in _ABSENT:
        assert hasattr(pd, name), name
        assert name not in dd.__all__


def test_what_is_said_instead_of_bins_works() -> None:
    values = pd.Series(np.arange(40) * 7 % 40, name="x")
    series = dd.from_pandas(values, npartitions=3)
    names = ["a", "b", "c"]
    ours = series.map_partitions(pd.cut, [-1, 9, 20, 40], labels=names).compute()
    assert list(ours) == list(pd.cut(values, [-1, 9, 20, 40], labels=names))
    edges = [-np.inf, *series.quantile([1 / 3, 2 / 3]).compute(), np.inf]
    ours = series.map_partitions(pd.cut, edges, labels=names).compute()
    assert list(ours) == list(pd.qcut(values, 3, labels=names))
