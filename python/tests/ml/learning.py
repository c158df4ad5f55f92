"""Rows for the tables of cases of learning, and how results are held against scikit-learn's.

A case is written once: a function of X, y and weights that gives a dictionary of what a model knows and says. It runs
with scikit-learn's classes on values, and with ours on values, on lazy arrays in several chunkings and on lazy frames
in several partitionings, in process, perturbed and on two workers.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from oracle import engine, same_bits
from sklearn import datasets

import phalanx.array as da
from phalanx import _client
from phalanx.dataframe import DataFrame
from phalanx.dataframe._calls import from_pandas_partitions

#: Where chunks and partitions end, as shares of the rows; a share that is there twice makes an empty partition.
BORDERS: dict[str, tuple[float, ...]] = {"one": (), "uneven": (0.1, 0.15, 0.7), "empty": (0.0, 0.4, 0.4, 0.9)}
#: How X, y and weights are given.
FORMS = ("values", "array one", "array uneven", "frame one", "frame empty")


class _Current:
    """A native client as the current one."""

    def __init__(self, native: Any) -> None:
        self._native = native


@contextmanager
def on(name: str) -> Iterator[Any]:
    """Runs what is inside on an engine: ``local``, ``perturbed`` or ``cluster``."""
    current = _Current(engine(name))
    _client.push(current)
    try:
        yield current
    finally:
        _client.pop(current)


@functools.cache
def real(name: str) -> tuple[Any, Any]:
    """X and y of one of scikit-learn's bundled real data sets; the features of the wider ones are standardised."""
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name in ("wine", "breast_cancer"):
        x = (x - x.mean(axis=0)) / x.std(axis=0)
    return np.ascontiguousarray(x, dtype=np.float64), y


@functools.cache
def weights(rows: int) -> Any:
    """A weight for each row; some are 0."""
    drawn = np.random.default_rng(11).integers(0, 4, rows) / 2.0
    return drawn


def ends(rows: int, borders: str) -> list[int]:
    """Where the parts of so many rows end."""
    return [0, *(int(share * rows) for share in BORDERS[borders]), rows]


def frame_of(table: pd.DataFrame, borders: str) -> Any:
    """A pandas frame as a lazy one."""
    places = ends(len(table), borders)
    parts = [table.iloc[start:end] for start, end in zip(places, places[1:])]
    return DataFrame._wrap(from_pandas_partitions(parts, _client.native()))


def given(values: Any, form: str) -> Any:
    """Values as they are, as a lazy array, or as a lazy frame or series."""
    kind, _, borders = form.partition(" ")
    if values is None or kind == "values":
        return values
    if kind == "array":
        places = ends(len(values), borders)
        rows = tuple(size for size in np.diff(places).tolist() if size)
        return da.from_array(values, chunks=(rows, *((n,) for n in values.shape[1:])))
    if values.ndim == 2:
        return frame_of(pd.DataFrame(values, columns=[f"x{j}" for j in range(values.shape[1])]), borders)
    return frame_of(pd.DataFrame({"column": values}), borders)["column"]


def plain(value: Any) -> Any:
    """What is lazy as values."""
    if hasattr(value, "_phalanx_kind"):
        value = value.compute()
    if hasattr(value, "toarray"):
        value = value.toarray()
    return np.asarray(value)


def compare(found: dict[str, Any], expected: dict[str, Any], rtol: float, atol: float, where: str) -> None:
    """Each value is the expected one, within the tolerance; types other than numbers exactly."""
    assert found.keys() == expected.keys(), where
    for name, value in expected.items():
        ours, value = plain(found[name]), np.asarray(value)
        assert ours.shape == value.shape, f"{name} ({where}): {ours.shape}, not {value.shape}"
        if value.dtype.kind in "biufc":
            np.testing.assert_allclose(ours, value, rtol=rtol, atol=atol, err_msg=f"{name} ({where})")
        else:
            assert ours.tolist() == value.tolist(), f"{name} ({where})"


def check(
    case: Callable[..., dict[str, Any]],
    ours: Any,
    theirs: Any,
    *inputs: Any,
    rtol: float = 1e-9,
    atol: float = 1e-12,
    forms: tuple[str, ...] = FORMS,
    cluster: bool = False,
    kept: tuple[str, ...] = (),
) -> None:
    """Checks ``case(ours, *inputs)`` against ``case(theirs, *inputs)``.

    Parameters
    ----------
    case : callable
        Given what makes a model and the inputs; a dictionary of numbers.
    ours, theirs
        What is handed to it.
    forms : tuple
        How the inputs are given to ours.
    cluster : bool
        Also on two workers, from the last form.
    kept : tuple
        Which of the numbers are not compared with the oracle's, only between the engines.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = {name: plain(value) for name, value in case(theirs, *inputs).items() if name not in kept}
    for number, form in enumerate(forms):
        names = ["local"] + (["perturbed"] if form != "values" else [])
        names += ["cluster"] if cluster and number == len(forms) - 1 else []
        first: dict[str, Any] = {}
        for name in names:
            with on(name), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = {key: plain(v) for key, v in case(ours, *(given(value, form) for value in inputs)).items()}
            if not first:
                first = found
                compare({key: v for key, v in found.items() if key not in kept}, expected, rtol, atol, form)
            for key, value in found.items():
                same = same_bits(first[key], value) if value.dtype.kind in "biufc" else first[key].tolist() == value.tolist()
                assert same, f"{key} on {name} differs from local ({form}):\n{first[key]}\n{value}"
