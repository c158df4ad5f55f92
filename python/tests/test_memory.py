"""Memory goes in and out without a copy where its layout allows: proved by addresses."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import phalanx.array as da
import phalanx.dataframe as dd
from phalanx import _client

#: Where blocks lay when a function saw them; functions are packed, so it is a place that all of them find.
sys.seen_addresses = []  # type: ignore[attr-defined]


def noted(block: np.ndarray) -> np.ndarray:
    import sys

    sys.seen_addresses.append(block.ctypes.data)  # type: ignore[attr-defined]
    return block


@pytest.mark.parametrize("chunks", [-1, 64_000], ids=["one", "many"])
def test_arrays_of_the_caller_are_read_where_they_lie(chunks: int) -> None:
    values = np.random.default_rng(0).random(512_000)
    sys.seen_addresses.clear()  # type: ignore[attr-defined]
    total = da.from_array(values, chunks=chunks).map_blocks(noted, dtype=float).sum().compute()
    step = values.nbytes if chunks == -1 else 8 * chunks
    expected = {values.ctypes.data + at for at in range(0, values.nbytes, step)}
    assert set(sys.seen_addresses) == expected  # type: ignore[attr-defined]
    assert total == pytest.approx(values.sum())


def test_results_are_numpys_arrays_over_the_computed_memory() -> None:
    x = da.random.random((500, 400), chunks=(500, 400)) + 1.0
    ((block,), _) = _client.native().compute([x._native], [], None)
    values = x._finish(block)
    assert values.ctypes.data == np.frombuffer(block).ctypes.data
    assert values.flags.writeable and values.flags.c_contiguous


def test_a_result_is_the_callers_own() -> None:
    x = da.from_array(np.ones(300_000), chunks=-1)
    first = x.compute()
    first[:] = 5.0
    assert x.sum().compute() == 300_000.0


def test_tables_of_the_caller_come_back_as_they_lie() -> None:
    table = pa.table({"x": pa.array(np.arange(100_000.0)), "s": pa.array(["ü" * (i % 7) for i in range(100_000)])})
    back = dd.from_arrow(table).to_arrow()
    for name in table.column_names:
        ours, theirs = back[name].chunk(0).buffers(), table[name].chunk(0).buffers()
        assert [b.address for b in ours if b] == [b.address for b in theirs if b], name


def test_a_frame_of_pandas_is_read_where_it_lies() -> None:
    data = pd.DataFrame({"x": np.arange(100_000.0)})
    back = dd.from_pandas(data).to_arrow()
    assert back["x"].chunk(0).buffers()[1].address == data["x"].to_numpy().ctypes.data
