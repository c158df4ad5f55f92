"""What does not fit is refused when the expression is built, in NumPy's class and nearly its words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phalanx.array as da

M, V = np.arange(56.0).reshape(7, 8), np.arange(6.0)

#: Given the namespace, a (7, 8) matrix and a vector of 6.
CASES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add shapes": lambda xp, x, y: x+y[:3],
    "matmul": lambda xp, x, y: x@x,
    "matmul 0d": lambda xp, x, y: xp.matmul(x, 3),
    "dot": lambda xp, x, y: xp.dot(x, x),
    "tensordot": lambda xp, x, y: xp.tensordot(x, x, 1),
    "inner": lambda xp, x, y: xp.inner(x, x.T),
    "vdot": lambda xp, x, y: xp.vdot(x, x[0]),
    "einsum letters": lambda xp, x, y: xp.einsum("ijk->i", x),
    "einsum sizes": lambda xp, x, y: xp.einsum("ij, jk", x, x),
    "einsum out": lambda xp, x, y: xp.einsum("ij->k", x),
    "sum axis": lambda xp, x, y: xp.sum(x, axis=2),
    "mean axis": lambda xp, x, y: xp.mean(x, axis=-3),
    "sum twice": lambda xp, x, y: xp.sum(x, axis=(0, 0)),
    "sum float axis": lambda xp, x, y: xp.sum(x, axis=0.5),
    "std axis": lambda xp, x, y: xp.std(x, axis=5),
    "argmax axis": lambda xp, x, y: xp.argmax(x, axis=2),
    "argmax empty": lambda xp, x, y: xp.argmax(x[:0]),
    "min empty": lambda xp, x, y: xp.min(x[:0]),
    "max empty axis": lambda xp, x, y: xp.max(x[:0], axis=0),
    "cumsum axis": lambda xp, x, y: xp.cumsum(x, axis=2),
    "sort axis": lambda xp, x, y: xp.sort(x, axis=2),
    "argsort axis": lambda xp, x, y: xp.argsort(x, axis=-4),
    "median axis": lambda xp, x, y: xp.median(x, axis=3),
    "quantile range": lambda xp, x, y: xp.quantile(x, 1.5),
    "percentile range": lambda xp, x, y: xp.percentile(x, -1),
    "quantile method": lambda xp, x, y: xp.quantile(x, .5, method="no"),
    "reshape size": lambda xp, x, y: xp.reshape(x, (5, 5)),
    "reshape two unknown": lambda xp, x, y: x.reshape(-1, -1),
    "reshape unknown": lambda xp, x, y: x.reshape(5, -1),
    "transpose axes": lambda xp, x, y: xp.transpose(x, (0, )),
    "transpose repeated": lambda xp, x, y: xp.transpose(x, (0, 0)),
    "transpose range": lambda xp, x, y: xp.transpose(x, (0, 2)),
    "moveaxis": lambda xp, x, y: xp.moveaxis(x, 2, 0),
    "moveaxis number": lambda xp, x, y: xp.moveaxis(x, [0, 1], [0]),
    "swapaxes": lambda xp, x, y: xp.swapaxes(x, 0, 4),
    "rollaxis": lambda xp, x, y: xp.rollaxis(x, 4),
    "squeeze": lambda xp, x, y: xp.squeeze(x, 0),
    "squeeze axis": lambda xp, x, y: xp.squeeze(x, 3),
    "expand_dims": lambda xp, x, y: xp.expand_dims(x, 5),
    "expand_dims twice": lambda xp, x, y: xp.expand_dims(x, (0, 0)),
    "flip": lambda xp, x, y: xp.flip(x, 3),
    "fliplr": lambda xp, x, y: xp.fliplr(x[0]),
    "rot90": lambda xp, x, y: xp.rot90(x[0]),
    "rot90 same": lambda xp, x, y: xp.rot90(x, 1, (0, 0)),
    "roll": lambda xp, x, y: xp.roll(x, 1, 3),
    "repeat": lambda xp, x, y: xp.repeat(x, [1, 2], axis=0),
    "repeat negative": lambda xp, x, y: xp.repeat(x, -1, axis=0),
    "tile negative": lambda xp, x, y: xp.tile(x, -1),
    "broadcast_to": lambda xp, x, y: xp.broadcast_to(x, (7, 7)),
    "broadcast_to fewer": lambda xp, x, y: xp.broadcast_to(x, (8, )),
    "broadcast_arrays": lambda xp, x, y: xp.broadcast_arrays(x, y),
    "concatenate": lambda xp, x, y: xp.concatenate([x, x.T]),
    "concatenate ndim": lambda xp, x, y: xp.concatenate([x, y]),
    "concatenate none": lambda xp, x, y: xp.concatenate([]),
    "concatenate axis": lambda xp, x, y: xp.concatenate([x, x], axis=2),
    "stack": lambda xp, x, y: xp.stack([x, x.T]),
    "stack none": lambda xp, x, y: xp.stack([]),
    "stack axis": lambda xp, x, y: xp.stack([x, x], axis=4),
    "vstack": lambda xp, x, y: xp.vstack([x, y]),
    "hstack": lambda xp, x, y: xp.hstack([x, x.T]),
    "dstack": lambda xp, x, y: xp.dstack([x, x.T]),
    "block": lambda xp, x, y: xp.block([[x, x], [x]]),
    "split": lambda xp, x, y: xp.split(x, 3),
    "array_split": lambda xp, x, y: xp.array_split(x, 0),
    "vsplit": lambda xp, x, y: xp.vsplit(y, 2),
    "index range": lambda xp, x, y: x[7],
    "index negative": lambda xp, x, y: x[-8],
    "index axis 1": lambda xp, x, y: x[0, 8],
    "index many": lambda xp, x, y: x[0, 0, 0],
    "index ellipses": lambda xp, x, y: x[..., ...],
    "index list": lambda xp, x, y: x[[9]],
    "index float": lambda xp, x, y: x[0.5],
    "index floats": lambda xp, x, y: x[[0.5]],
    "index text": lambda xp, x, y: x["a"],
    "index mask": lambda xp, x, y: x[np.array([True])],
    "index mask 2": lambda xp, x, y: x[np.ones((7, 7), bool)],
    "index step": lambda xp, x, y: x[::0],
    "set shape": lambda xp, x, y: x.__setitem__(0, np.ones(3)),
    "set range": lambda xp, x, y: x.__setitem__(9, 1.0),
    "take": lambda xp, x, y: xp.take(x, [99], axis=0),
    "take axis": lambda xp, x, y: xp.take(x, [0], axis=2),
    "take_along_axis": lambda xp, x, y: xp.take_along_axis(x, np.zeros(3, int), 0),
    "take_along_axis float": lambda xp, x, y: xp.take_along_axis(x, np.zeros((7, 8)), 0),
    "compress": lambda xp, x, y: xp.compress(np.ones((2, 2), bool), x, axis=0),
    "where": lambda xp, x, y: xp.where(x>1, y, x),
    "clip shapes": lambda xp, x, y: xp.clip(x, y, 9.0),
    "select": lambda xp, x, y: xp.select([x>1], [x, x]),
    "diag": lambda xp, x, y: xp.diag(x[None]),
    "diagonal": lambda xp, x, y: xp.diagonal(y),
    "diagonal same": lambda xp, x, y: xp.diagonal(x, 0, 1, 1),
    "trace": lambda xp, x, y: xp.trace(y),
    "diff": lambda xp, x, y: xp.diff(x, n=-1),
    "diff 0d": lambda xp, x, y: xp.diff(x[0, 0]),
    "gradient": lambda xp, x, y: xp.gradient(y[:1]),
    "pad mode": lambda xp, x, y: xp.pad(x, 1, mode="no"),
    "pad negative": lambda xp, x, y: xp.pad(x, -1),
    "pad shape": lambda xp, x, y: xp.pad(x, [1, 2, 3]),
    "delete": lambda xp, x, y: xp.delete(x, 99, axis=0),
    "append": lambda xp, x, y: xp.append(x, y, axis=0),
    "bincount 2d": lambda xp, x, y: xp.bincount(x),
    "bincount float": lambda xp, x, y: xp.bincount(y),
    "histogram bins": lambda xp, x, y: xp.histogram(x, 0),
    "histogram range": lambda xp, x, y: xp.histogram(x, 3, range=(2, 1)),
    "histogram edges": lambda xp, x, y: xp.histogram(x, [3, 2, 1]),
    "histogram weights": lambda xp, x, y: xp.histogram(x, 3, weights=y),
    "digitize": lambda xp, x, y: xp.digitize(x, [1, 3, 2]),
    "searchsorted": lambda xp, x, y: xp.searchsorted(x, 1.0),
    "searchsorted side": lambda xp, x, y: xp.searchsorted(y, 1.0, side="mid"),
    "average": lambda xp, x, y: xp.average(x, weights=y),
    "average axis": lambda xp, x, y: xp.average(x, axis=0, weights=y),
    "cov": lambda xp, x, y: xp.cov(x[None]),
    "ddof": lambda xp, x, y: xp.cov(x, ddof=0.5),
    "linspace": lambda xp, x, y: xp.linspace(0, 1, -1),
    "arange": lambda xp, x, y: xp.arange(0, 3, 0),
    "zeros negative": lambda xp, x, y: xp.zeros((-1, )),
    "zeros float": lambda xp, x, y: xp.zeros(1.5),
    "zeros text": lambda xp, x, y: xp.zeros("a"),
    "dtype": lambda xp, x, y: xp.zeros(3, dtype="no"),
    "astype": lambda xp, x, y: x.astype("no"),
    "astype cast": lambda xp, x, y: x.astype("int8", casting="safe"),
    "bitwise float": lambda xp, x, y: x & x,
    "shift float": lambda xp, x, y: x << 2,
    "invert float": lambda xp, x, y: ~x,
    "less complex": lambda xp, x, y: xp.floor(x+1j),
    "negative bool": lambda xp, x, y: -(x>1),
    "subtract bool": lambda xp, x, y: (x>1)-(x>2),
    "remainder complex": lambda xp, x, y: (x+1j)%2,
    "uint overflow": lambda xp, x, y: x.astype("uint8")+300,
    "uint negative": lambda xp, x, y: x.astype("uint8")+(-1),
    "truth": lambda xp, x, y: bool(x),
    "len": lambda xp, x, y: len(x[0, 0]),
    "int": lambda xp, x, y: int(x),
    "float": lambda xp, x, y: float(x),
    "iter 0d": lambda xp, x, y: iter(x[0, 0]),
    "fft n": lambda xp, x, y: xp.fft.fft(x, n=0),
    "fft axis": lambda xp, x, y: xp.fft.fft(x, axis=2),
    "fft norm": lambda xp, x, y: xp.fft.fft(x, norm="no"),
    "rfft complex": lambda xp, x, y: xp.fft.rfft(x+1j),
    "fftn": lambda xp, x, y: xp.fft.fftn(x, s=(2, ), axes=(0, 1)),
    "fftfreq": lambda xp, x, y: xp.fft.fftfreq(1.5),
    "inv": lambda xp, x, y: xp.linalg.inv(x),
    "inv 1d": lambda xp, x, y: xp.linalg.inv(y),
    "det": lambda xp, x, y: xp.linalg.det(x),
    "solve": lambda xp, x, y: xp.linalg.solve(x[:3, :3], y),
    "solve square": lambda xp, x, y: xp.linalg.solve(x, y),
    "cholesky": lambda xp, x, y: xp.linalg.cholesky(x),
    "eigh": lambda xp, x, y: xp.linalg.eigh(x),
    "qr": lambda xp, x, y: xp.linalg.qr(y),
    "svd": lambda xp, x, y: xp.linalg.svd(y),
    "matrix_power": lambda xp, x, y: xp.linalg.matrix_power(x, 2),
    "norm": lambda xp, x, y: xp.linalg.norm(x, ord="no"),
    "norm 3d": lambda xp, x, y: xp.linalg.norm(x[None], ord=2),
    "norm axes": lambda xp, x, y: xp.linalg.norm(x, ord=3, axis=(0, 1)),
    "norm axis": lambda xp, x, y: xp.linalg.norm(x, axis=4),
    "norm three": lambda xp, x, y: xp.linalg.norm(x[None], axis=(0, 1, 2)),
    "lstsq": lambda xp, x, y: xp.linalg.lstsq(x, y),
    "cross": lambda xp, x, y: xp.cross(x, x),
    "matrix_transpose": lambda xp, x, y: xp.matrix_transpose(y),
    "apply_along_axis": lambda xp, x, y: xp.apply_along_axis(np.sum, 3, x),
    "apply_over_axes": lambda xp, x, y: xp.apply_over_axes(xp.sum, x, [3]),
    "unstack": lambda xp, x, y: xp.unstack(x, axis=3),
    "full": lambda xp, x, y: xp.full((2, 2), [1, 2, 3]),
    "eye": lambda xp, x, y: xp.eye(-1),
    "meshgrid": lambda xp, x, y: xp.meshgrid(y, y, indexing="no"),
    "choose": lambda xp, x, y: xp.choose(np.array([0, 1, 2, 3, 4, 5]), [y]),
    "convolve": lambda xp, x, y: xp.convolve(x, y),
    "convolve mode": lambda xp, x, y: xp.convolve(y, y, "no"),
    "trapezoid": lambda xp, x, y: xp.trapezoid(x, y),
}  # fmt: skip
#: NumPy speaks of its inner loops there, or of a call of its own.
OTHER_WORDS = {
    "matmul", "matmul 0d", "vdot", "bitwise float", "shift float", "invert float", "less complex", "negative bool",
    "subtract bool", "remainder complex", "rfft complex", "len", "full", "solve", "inner", "einsum letters", "einsum sizes",
    "broadcast_arrays", "transpose repeated", "iter 0d", "fft axis",
}  # fmt: skip


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}|\d+", text.lower()))


@pytest.mark.parametrize("name", CASES)
def test_refused_as_numpy_refuses(name: str) -> None:
    case = CASES[name]
    with pytest.raises(Exception) as theirs:  # noqa: B017, PT011 - NumPy says which
        case(np, M.copy(), V)
    kind = theirs.type if theirs.type.__module__ != "numpy._core._exceptions" else TypeError
    with pytest.raises(kind) as ours:
        case(da, da.from_array(M, 3), da.from_array(V, 4))
    if name not in OTHER_WORDS:
        wanted = words(str(theirs.value))
        assert len(wanted & words(str(ours.value))) >= 0.4 * len(wanted), f"{ours.value}\nfor NumPy's\n{theirs.value}"


#: What is asked of an axis whose length is found only by computing.
UNKNOWN = {
    "len": lambda x: len(x),
    "rechunk": lambda x: x.rechunk(3),
    "reshape": lambda x: x.reshape(2, 4),
    "element": lambda x: x[3],
    "slice": lambda x: x[:3],
    "product": lambda x: x @ x,
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_sizes_say_how_to_get_them(name: str) -> None:
    x = da.from_array(M, 3)
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        UNKNOWN[name](x[x > 3])


def test_a_result_that_fits_no_memory_is_refused_and_ends_nothing() -> None:
    with pytest.raises(MemoryError):
        np.ones((10**7, 10**7))
    huge = da.ones((10**7, 10**7), chunks=(1000, 10**7))
    with pytest.raises(MemoryError, match=r"(?s)Unable to allocate 800000000000000 bytes.*\[10000000, 10000000\].*persist"):
        huge.compute()
    assert float(huge[:2, :3].sum().compute()) == 6.0
