"""NumPy, in memory, with as many threads as its BLAS takes."""

import numpy as np
from common import measure


def array_svd():
    def work():
        # NumPy has no lazy arrays: the slice of the reshaped, transposed array is the first ten rows of the two last
        # axes, drawn alone. This is the least that NumPy could do.
        x = np.random.default_rng(0).random((1_000, 10))
        np.linalg.svd(x.T, full_matrices=False)

    return work


def array_tall_svd():
    a = np.random.default_rng(0).random((1_000_000, 100))
    return lambda: np.linalg.svd(a, full_matrices=False)


def array_mean():
    def work():
        x = np.random.default_rng(0).random((10_000, 10_000))
        (x + x.T).mean(axis=0)

    return work


def array_mean_20000():
    def work():
        x = np.random.default_rng(0).random((20_000, 20_000))
        (x + x.T).mean(axis=0)

    return work


def chain():
    def work():
        rng = np.random.default_rng(0)
        x, y = rng.random(100_000_000), rng.random(100_000_000)
        (np.sin(x) * 2 + y**2).sum()

    return work


def matmul():
    rng = np.random.default_rng(0)
    x, y = rng.random((4000, 4000)), rng.random((4000, 4000))
    return lambda: x @ y


def copy():
    x = np.random.default_rng(0).random(100_000_000)
    return lambda: x.copy()


measure(
    {
        "array-svd": (5, 20, array_svd),
        "array-tall-svd": (0, 1, array_tall_svd),
        "array-mean": (0, 1, array_mean),
        "py-array-mean": (0, 1, array_mean_20000),
        "py-chain": (0, 1, chain),
        "py-matmul": (1, 3, matmul),
        "py-to-numpy": (1, 3, copy),
    },
    ["numpy"],
)
