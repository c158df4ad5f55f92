"""What NumPy answers for the expressions of tests/numpy.rs: `python make.py > values.json`.

Inputs are small and exactly representable, so they are made again in the tests by the same formula.
"""

import json
import sys

import numpy as np


def sample(shape):
    """Multiples of 1/8 from -6 to 6 in no order."""
    count = int(np.prod(shape))
    return ((np.arange(count) * 7919 + 13) % 97 - 48).reshape(shape) / 8


def entry(value):
    value = np.asarray(value)
    return {"shape": list(value.shape), "dtype": str(value.dtype), "values": [float(v) for v in value.ravel()]}


x = sample((7, 5))
y = sample((3, 4, 5))
v = sample((5,))
i = (x * 8).astype(np.int64)
tall = sample((40, 3)) + np.eye(40, 3) * 10
cases = {
    "slice_steps": x[1:6:2, ::-1],
    "slice_negative": x[-1:-6:-2, -2],
    "newaxis": x[:, None, 2],
    "rest": y[..., 1],
    "transpose": y.transpose(2, 0, 1),
    "reshape": y.reshape(6, 10).T.reshape(4, 15),
    "broadcast": x + v * 2,
    "outer": v[:, None] - v,
    "where": np.where(x > 0, x, -1.5),
    "floor_divide": i // 7,
    "remainder": x % 1.5,
    "minimum": np.minimum(x, v),
    "exp": np.exp(x),
    "sqrt_abs": np.sqrt(np.abs(x)),
    "astype": x.astype(np.int64),
    "compare": x <= v,
    "sum": x.sum(),
    "sum_axis": y.sum(axis=(0, 2)),
    "mean_axis": y.mean(axis=1),
    "var": x.var(axis=0),
    "std_ddof": x.std(axis=1, ddof=1),
    "min": y.min(axis=(0, 1)),
    "max": x.max(),
    "argmin": x.argmin(axis=0),
    "argmax": y.argmax(),
    "prod": (x[:2] / 2).prod(axis=1),
    "any": (x > 5.5).any(axis=0),
    "all": (x < 5).all(axis=1),
    "count": np.count_nonzero(i % 3, axis=0),
    "keepdims": x.mean(axis=0, keepdims=True),
    "int_sum": i.sum(axis=1),
    "matmul": x @ x.T,
    "vector_matmul": x @ v,
    "tensordot": np.tensordot(y, y, axes=([0, 1], [0, 1])),
    "concatenate": np.concatenate([x, i[:2], x[::-1]], axis=0),
    "stack": np.stack([x, x + 1], axis=1),
    "take": y.take([2, 0, 0, 1], axis=1),
    "arange": np.arange(10, -3, -4),
    "linspace": np.linspace(-1, 2, 7),
    "eye": np.eye(3, 4, 1),
    "norm": np.linalg.norm(x),
    "singular_values": np.linalg.svd(tall, compute_uv=False),
    "qr_r_abs": np.abs(np.linalg.qr(tall)[1]),
}
json.dump({name: entry(value) for name, value in cases.items()}, sys.stdout, indent=0)
