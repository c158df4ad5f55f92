"""Every reduction, for every dtype, axis and option, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
RNG = np.random.default_rng(7)


def sample(dtype: str) -> np.ndarray:
    """Small numbers, some of them equal."""
    x = RNG.integers(0, 2 if dtype == "bool" else 5, (4, 3, 5))
    if np.dtype(dtype).kind in "ifc":
        x = x - 2
    if np.dtype(dtype).kind == "c":
        x = x + 1j * RNG.integers(-2, 3, (4, 3, 5))
    return x.astype(dtype)


REDUCTIONS: dict[str, Any] = {
    "sum": lambda xp, x, **k: xp.sum(x, **k),
    "prod": lambda xp, x, **k: xp.prod(x, **k),
    "mean": lambda xp, x, **k: xp.mean(x, **k),
    "var": lambda xp, x, **k: xp.var(x, **k),
    "std": lambda xp, x, **k: xp.std(x, ddof=1, **k),
    "min": lambda xp, x, **k: xp.min(x, **k),
    "max": lambda xp, x, **k: xp.max(x, **k),
    "any": lambda xp, x, **k: xp.any(x, **k),
    "all": lambda xp, x, **k: xp.all(x, **k),
    "count_nonzero": lambda xp, x, **k: xp.count_nonzero(x, **k),
    "nansum": lambda xp, x, **k: xp.nansum(x, **k),
    "nanprod": lambda xp, x, **k: xp.nanprod(x, **k),
    "nanmean": lambda xp, x, **k: xp.nanmean(x, **k),
    "nanvar": lambda xp, x, **k: xp.nanvar(x, **k),
    "nanstd": lambda xp, x, **k: xp.nanstd(x, **k),
    "nanmin": lambda xp, x, **k: xp.nanmin(x, **k),
    "nanmax": lambda xp, x, **k: xp.nanmax(x, **k),
}
POSITIONS: dict[str, Any] = {
    "argmin": lambda xp, x, **k: xp.argmin(x, **k),
    "argmax": lambda xp, x, **k: xp.argmax(x, **k),
    "nanargmin": lambda xp, x, **k: xp.nanargmin(x, **k),
    "nanargmax": lambda xp, x, **k: xp.nanargmax(x, **k),
}
AXES = [{}, {"axis": 0}, {"axis": -1}, {"axis": (0, 2)}, {"axis": 1, "keepdims": True}]


def tolerance(dtype: str) -> float:
    return 2e-6 if dtype in ("float32", "complex64") else 1e-13


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_reductions(name: str, dtype: str) -> None:
    x = sample(dtype)
    for options in AXES:
        case = REDUCTIONS[name]
        if name == "prod" and dtype.startswith("complex"):
            x = x[:1]
        check_array(
            lambda xp, x, o=options, c=case: c(xp, x, **o), x, chunks=(-1, (2, 2, 3)), rtol=tolerance(dtype), atol=1e-6
            if dtype.endswith("64") and dtype.startswith("complex") else 1e-12,
        )  # fmt: skip


@pytest.mark.parametrize("name", POSITIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_positions(name: str, dtype: str) -> None:
    x = sample(dtype)
    for options in [{}, {"axis": 0}, {"axis": 2, "keepdims": True}]:
        check_array(lambda xp, x, o=options: POSITIONS[name](xp, x, **o), x, chunks=(-1, (2, 2, 3)))


HOLES = RNG.normal(size=(6, 7))
HOLES[1, 2] = HOLES[3, 2] = HOLES[3, 0] = HOLES[0, 6] = np.nan
HOLES[0, 1], HOLES[2, 5] = np.inf, -np.inf


@pytest.mark.parametrize("name", [*REDUCTIONS, *POSITIONS])
@pytest.mark.parametrize("x", [HOLES, np.where(np.isinf(HOLES), 0.0, HOLES)], ids=["infinities", "finite"])
def test_holes(name: str, x: np.ndarray) -> None:
    case = {**REDUCTIONS, **POSITIONS}[name]
    for options in [{}, {"axis": 0}, {"axis": 1}]:
        check_array(
            lambda xp, x, o=options: case(xp, x, **o), x, chunks=(-1, (2, 3)), rtol=1e-13, atol=1e-13,
            cluster=options == {"axis": 0} and name == "nanvar",
        )  # fmt: skip


OPTIONS: dict[str, Any] = {
    "sum dtype": lambda xp, x: xp.sum(x, axis=0, dtype=np.float64),
    "sum narrow": lambda xp, x: xp.sum(x, dtype=np.int8),
    "prod dtype": lambda xp, x: xp.prod(x, axis=1, dtype=np.float32),
    "mean dtype": lambda xp, x: xp.mean(x, dtype=np.float32),
    "var ddof": lambda xp, x: xp.var(x, axis=0, ddof=2),
    "var correction": lambda xp, x: xp.var(x, axis=0, correction=1),
    "std all": lambda xp, x: xp.std(x, ddof=1, keepdims=True),
    "ptp": lambda xp, x: xp.ptp(x, axis=1),
    "average": lambda xp, x: xp.average(x, axis=0),
    "average weights": lambda xp, x: xp.average(x, weights=x * x + 1),
    "average weights axis": lambda xp, x: xp.average(x, axis=1, weights=np.array([1.0, 2, 3, 4, 5])),
    "average returned": lambda xp, x: xp.average(x, axis=0, weights=x * x + 1, returned=True)[1],
    "method": lambda xp, x: x.sum(axis=0).max() + x.mean(),
    "numpy's own": lambda xp, x: np.sum(x, axis=1, keepdims=True),
    "numpy's mean": lambda xp, x: np.mean(x, axis=0),
    "any": lambda xp, x: (x > 3).any(axis=0),
    "amax": lambda xp, x: xp.amax(x, axis=0),
    "no axis": lambda xp, x: xp.sum(x, axis=()),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    x = RNG.integers(-4, 9, (6, 5))
    check_array(OPTIONS[name], x, chunks=(-1, (4, 2)), rtol=1e-6 if "dtype" in name else 1e-13, cluster="weights" in name)


def test_one_element_and_none() -> None:
    for name in ("sum", "prod", "mean", "var", "any", "all", "count_nonzero", "nansum"):
        check_array(lambda xp, x, n=name: REDUCTIONS[n](xp, x), np.array([3.5]))
        with np.errstate(all="ignore"), pytest.warns() if name in ("mean", "var") else np.errstate():
            check_array(lambda xp, x, n=name: REDUCTIONS[n](xp, x, axis=0), np.zeros((0, 3)))
    for name in ("min", "max", "argmin"):
        with pytest.raises(ValueError):
            getattr(da.from_array(np.zeros((0, 3)), 2), name)(axis=0)
    big = np.array([2**53 + 1, 2**53 + 3, -1])
    check_array(lambda xp, x: xp.sum(x), big)
    check_array(lambda xp, x: xp.max(x), big)


def test_what_is_not_supported_says_so() -> None:
    x = da.from_array(HOLES, 3)
    with pytest.raises(NotImplementedError, match="out="):
        x.sum(out=np.empty(()))
    with pytest.raises(ValueError, match="'maximum' does not have an identity"):
        x.max(where=x > 0)
    with pytest.raises(ValueError, match="axes"):
        x.sum(where=np.ones((2, *x.shape), bool))
    with pytest.raises(ValueError, match="All-NaN"):
        da.nanargmin(da.from_array(np.full((2, 2), np.nan), 1)).compute()
    with pytest.raises(np.exceptions.AxisError):
        da.sum(x, axis=5)


@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:Mean of empty", "ignore:invalid value")
@pytest.mark.parametrize("name", ["sum", "prod", "any", "all", "mean", "var", "std", "nansum", "nanprod", "nanmean", "nanvar"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "float32", "float64", "complex128"])
def test_selected_elements(name: str, dtype: str) -> None:
    x = sample(dtype)
    if x.dtype.kind in "fc":
        x[0, 1, 2] = x[1, 1, 1] = np.nan
    some = RNG.random(x.shape) < 0.6
    for where in (some, some[0], some[:, :1], True):
        for options in AXES:
            check_array(lambda xp, x, w=where, o=options: REDUCTIONS[name](xp, x, where=w, **o), x, rtol=tolerance(dtype))
    lazy = da.from_array(x, 2)
    there = getattr(lazy, name)(where=lazy == lazy) if hasattr(lazy, name) else getattr(da, name)(lazy, where=lazy == lazy)
    np.testing.assert_allclose(there.compute(), getattr(np, name)(x, where=x == x), rtol=tolerance(dtype))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "float32", "float64"])
def test_initial_values(dtype: str) -> None:
    x = sample(dtype)
    for options in AXES:
        for name in ("sum", "prod", "min", "max", "nansum", "nanprod", "nanmin", "nanmax"):
            check_array(lambda xp, x, n=name, o=options: REDUCTIONS[n](xp, x, initial=1, **o), x, rtol=tolerance(dtype))
            check_array(lambda xp, x, n=name, o=options: REDUCTIONS[n](xp, x, initial=1, where=x > 0, **o), x, rtol=tolerance(dtype))
    empty = np.zeros((0, 3), dtype)
    for name in ("min", "max", "sum"):
        for options in ({}, {"axis": 0}, {"axis": 0, "keepdims": True}):
            check_array(lambda xp, x, n=name, o=options: getattr(xp, n)(x, initial=1, **o), empty)
    check_array(lambda xp, x: xp.sum(x, initial=2.5), np.arange(4))


def test_about_a_mean_that_is_given() -> None:
    x = sample("float64")
    lazy = da.from_array(x, 2)
    for name in ("var", "std"):
        for axis in (None, 0, (0, 2)):
            mine = getattr(lazy, name)(axis, ddof=1, mean=lazy.mean(axis, keepdims=True))
            theirs = getattr(np, name)(x, axis, ddof=1, mean=x.mean(axis, keepdims=True))
            np.testing.assert_allclose(mine.compute(), theirs)
