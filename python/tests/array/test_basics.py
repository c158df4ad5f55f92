"""The spine of the array's face: construction, views, protocols."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

MATRIX = np.arange(56, dtype=np.float64).reshape(7, 8) / 7

CASES = {
    "add": lambda xp, x: x + x,
    "transposed": lambda xp, x: x.T + 1.0,
    "mean": lambda xp, x: (x * 2).mean(axis=0),
    "slice": lambda xp, x: x[1:5:2, ..., 3],
    "reshape": lambda xp, x: x.reshape(8, -1),
}


@pytest.mark.parametrize("name", CASES)
def test_cases(name: str) -> None:
    check_array(CASES[name], MATRIX, rtol=1e-14, cluster=True)


def test_results_are_written_where_they_were_computed_and_never_shared() -> None:
    x = da.from_array(np.ones((300, 300)), chunks=100).persist()
    values = x.compute()
    values[0, 0] = 7.0
    assert x.compute()[0, 0] == 1.0


def test_axis_errors_are_numpys() -> None:
    x = da.from_array(MATRIX, chunks=3)
    with pytest.raises(np.exceptions.AxisError):
        x.sum(axis=2)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)
    with pytest.raises(TypeError, match="structured"):
        da.from_array(np.zeros(3, dtype=[("a", "i4")]))
