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


measure(
    {
        "array-svd": (5, 20, array_svd),
        "array-tall-svd": (0, 1, array_tall_svd),
        "array-mean": (0, 1, array_mean),
    },
    ["numpy"],
)
