"""Fourier transforms against NumPy, over lengths, axes, norms and chunkings."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import check_array

import phalanx.array as da

RNG = np.random.default_rng(6)
REAL = RNG.standard_normal((6, 7, 10))
COMPLEX = REAL + 1j * RNG.standard_normal((6, 7, 10))
INTEGERS = RNG.integers(-9, 9, (5, 12))
TOLERANCE = {"rtol": 1e-11, "atol": 1e-12}

ONE = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
SEVERAL = ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]


def given(name: str) -> np.ndarray:
    return REAL if name.startswith(("rfft", "ihfft")) else COMPLEX


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("norm", [None, "backward", "ortho", "forward"])
def test_one_axis(name: str, norm: str | None) -> None:
    for axis in (0, 1, -1):
        for n in (None, 4, 13):
            check_array(
                lambda xp, x: getattr(xp.fft, name)(x, n=n, axis=axis, norm=norm),
                given(name),
                chunks=(-1, (4, 3, 2)),
                cluster=name == "rfft" and axis == 0,
                **TOLERANCE,
            )


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("dtype", ["float32", "int16", "bool", "complex64"])
def test_types(name: str, dtype: str) -> None:
    values = INTEGERS.astype(dtype)
    if dtype == "complex64" and name in ("rfft", "ihfft"):
        with pytest.raises(TypeError):
            np.fft.rfft(values)
        with pytest.raises((TypeError, ValueError)):
            getattr(da.fft, name)(da.from_array(values))
        return
    check_array(lambda xp, x: getattr(xp.fft, name)(x), values, chunks=(-1, 4), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("s, axes", [(None, None), (None, (0, 2)), ((4, 8), (1, 0)), ((5, 6), (-1, -2))])
def test_several_axes(name: str, s: tuple[int, ...] | None, axes: tuple[int, ...] | None) -> None:
    options = {"s": s} if axes is None else {"s": s, "axes": axes}
    check_array(
        lambda xp, x: getattr(xp.fft, name)(x, norm="ortho", **options), given(name), chunks=(-1, (4, 3, 6)), **TOLERANCE
    )


@pytest.mark.parametrize("n", [1, 2, 7, 8, 1000])
def test_frequencies_and_shifts(n: int) -> None:
    check_array(lambda xp: xp.fft.fftfreq(n, 0.25), chunks=(-1,), rtol=1e-15)
    check_array(lambda xp: xp.fft.rfftfreq(n, d=3.0), chunks=(-1,), rtol=1e-15)
    check_array(lambda xp, x: xp.fft.fftshift(x), np.arange(n))
    check_array(lambda xp, x: xp.fft.ifftshift(x), np.arange(n))
    for axes in (None, 0, (1, 2)):
        check_array(lambda xp, x: xp.fft.fftshift(x, axes=axes), REAL)
        check_array(lambda xp, x: xp.fft.ifftshift(x, axes=axes), REAL)


def test_numpys_functions_stay_lazy() -> None:
    x = da.from_array(REAL, 3)
    assert isinstance(np.fft.fft(x), da.Array)
    with pytest.raises(ValueError, match="data points"):
        da.fft.fft(x, n=0)
    with pytest.raises(ValueError, match="norm"):
        da.fft.fft(x, norm="none")
