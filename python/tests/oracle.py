"""Holds lazy results against NumPy and pandas, on every engine, bit for bit between the engines.

A case is a function of a namespace and inputs, written once: ``lambda xp, x: xp.sum(x, axis=0)`` runs with NumPy to
give the oracle, and with :mod:`phalanx.array` to give ours.
"""

from __future__ import annotations

import atexit
import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import phalanx.array as da
from phalanx import _phalanx
from phalanx.distributed import Client, LocalCluster

#: Chunkings that every case is run with, unless it names others: one chunk, small and uneven chunks.
CHUNKINGS: tuple[Any, ...] = (-1, 3)


@functools.cache
def engine(name: str) -> Any:
    """The native client of an engine: ``local``, ``perturbed`` or ``cluster`` (two workers of one core)."""
    if name == "local":
        return _phalanx.Client.local()
    if name == "perturbed":
        return _phalanx.Client.perturbed(7)
    cluster = LocalCluster(n_workers=2, memory_limit="2GiB")
    client = Client(cluster, set_as_default=False)
    atexit.register(client.shutdown)
    return client._native


def same_bits(a: Any, b: Any) -> bool:
    """Whether type, shape and every bit are equal, NaNs of any payload alike."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.dtype.kind in "fc":
        both = np.isnan(a) & np.isnan(b)
        a, b = np.where(both, 0, a), np.where(both, 0, b)
    return a.tobytes() == b.tobytes()


def check_array(
    case: Callable[..., Any],
    *inputs: Any,
    chunks: Iterable[Any] = CHUNKINGS,
    rtol: float = 0.0,
    atol: float = 0.0,
    oracle: Callable[..., Any] | None = None,
    cluster: bool = False,
    dtype: bool = True,
) -> None:
    """Checks ``case`` against NumPy.

    Parameters
    ----------
    case : callable
        Given a namespace and the inputs.
    *inputs : array_like
        NumPy's arrays; ours are made of them, in each of the chunkings.
    chunks : iterable
        A chunking each: what ``from_array`` takes.
    rtol, atol : float
        What values may differ by; exactly equal by default.
    oracle : callable, optional
        In place of the case itself, where NumPy writes it otherwise.
    cluster : bool
        Also on two workers, in the last chunking.
    dtype : bool
        Whether the type must be NumPy's too.
    """
    with np.errstate(all="ignore"):
        expected = np.asarray((oracle or case)(np, *inputs))
    chunkings = list(chunks)
    for number, chunking in enumerate(chunkings):
        lazy = case(da, *(da.from_array(x, chunking) if isinstance(x, np.ndarray) else x for x in inputs))
        first = np.asarray(lazy.compute(client=engine("local")))
        # Invariant 6: what the expression says is what comes.
        if not any(np.isnan(length) for length in lazy.shape):
            assert first.shape == lazy.shape, f"said {lazy.shape}, came {first.shape}"
        assert first.dtype == lazy.dtype, f"said {lazy.dtype}, came {first.dtype}"
        assert first.shape == expected.shape, f"{first.shape} for NumPy's {expected.shape} (chunks {chunking})"
        if dtype:
            assert first.dtype == expected.dtype, f"{first.dtype} for NumPy's {expected.dtype}"
        np.testing.assert_allclose(first, expected, rtol=rtol, atol=atol, equal_nan=True, err_msg=f"chunks {chunking}")
        others = ["perturbed"] + (["cluster"] if cluster and number == len(chunkings) - 1 else [])
        for name in others:
            other = lazy.compute(client=engine(name))
            assert same_bits(first, other), f"{name} differs from local (chunks {chunking}):\n{first}\n{other}"
