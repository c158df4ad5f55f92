"""What `compute` hands over is what NumPy itself would have made, also where only `repr` or `isinstance` sees it."""

from __future__ import annotations

import numpy as np
import pytest

import phalanx.array as da

DTYPES = (
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128"
).split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_types_are_numpys_own(dtype: str) -> None:
    x = np.arange(4).astype(dtype)
    values = da.from_array(x, chunks=2).compute()
    assert values.dtype.char == x.dtype.char and values.dtype.num == x.dtype.num
    assert repr(values) == repr(x)
    one = da.from_array(x, chunks=2)[1].compute()
    assert type(one) is type(x[1])
