"""Calls that run later: values, graphs, errors, clusters."""

from __future__ import annotations

import operator
import os
import threading
import time

import numpy as np
import pytest

import phalanx
import phalanx.array as da
from phalanx import delayed
from phalanx.distributed import Client
from phalanx.exceptions import CancelledError


@delayed
def add(a: int, b: int = 1) -> int:
    return a + b


def test_values() -> None:
    assert add(1).compute() == 2 and add(add(1), b=add(2, 3)).compute() == 7
    assert delayed(sum)([add(i) for i in range(100)]).compute() == 5050
    assert delayed({"a": [add(1), (2, {3})]}).compute() == {"a": [2, (2, {3})]}
    assert delayed("abc").upper().compute() == "ABC" and delayed([1, 2, 3])[1].compute() == 2
    low, high = delayed(lambda: (1, 2), nout=2)()

    @delayed(nout=2, pure=True)
    def ends(values: list[int]) -> tuple[int, int]:
        return min(values), max(values)

    least, most = ends([3, 1, 2])
    assert phalanx.compute(least, most) == (1, 3)
    assert phalanx.compute(low, [high], {"x": low + high}) == (1, [2], {"x": 3})


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lshift", "and_", "xor", "lt", "ge", "ne"])
def test_operators(name: str) -> None:
    function = getattr(operator, name)
    assert function(delayed(7), 3).compute() == function(7, 3) == function(7, delayed(3)).compute()
    assert (-delayed(2)).compute() == -2 and abs(delayed(-2)).compute() == 2


def test_lazy_arguments_are_computed_once() -> None:
    x = da.arange(10, chunks=5)
    calls: list[int] = []
    once = delayed(lambda: calls.append(1) or len(calls))()
    twice = delayed(operator.add)(once, once)
    assert phalanx.compute(twice, once, delayed(np.sum)(x), x.sum()) == (2, 1, 45, 45)
    assert delayed(lambda d: d["x"].sum())({"x": x}).compute() == 45


def test_a_long_chain_and_a_wide_graph() -> None:
    chain = add(0)
    for _ in range(2000):
        chain = add(chain)
    assert chain.compute() == 2001


def test_calls_run_at_the_same_time() -> None:
    barrier = threading.Barrier(4, timeout=10)
    assert len(phalanx.compute([delayed(barrier.wait)() for _ in range(4)])[0]) == 4


def test_errors_are_the_functions_own() -> None:
    with pytest.raises(ZeroDivisionError):
        (delayed(1) / 0 + 1).compute()
    with pytest.raises(TypeError, match="Truth"):
        bool(add(1))
    with pytest.raises(TypeError, match="nout"):
        iter(add(1))
    with pytest.raises(TypeError, match="immutable"):
        add(1)["x"] = 1
    with pytest.raises(AttributeError):
        add(1)._private


@pytest.mark.alone
def test_on_workers(python_client: Client) -> None:
    pids = phalanx.compute([delayed(os.getpid)() for _ in range(6)])[0]
    assert set(pids) <= set(python_client.cluster.workers)
    future = python_client.compute(delayed(sum)([delayed(pow)(2, 3), 1]))
    assert future.result(20) == 9
    slow = python_client.compute(delayed(time.sleep)(3))
    time.sleep(0.1)
    start = time.monotonic()
    slow.cancel()
    with pytest.raises(CancelledError):
        slow.result(5)
    assert time.monotonic() - start < 0.5


def test_persist_and_drawing() -> None:
    calls: list[int] = []
    kept = delayed(lambda: calls.append(1) or 5)().persist()
    assert (kept + kept).compute() == 10 and calls == [1]
    assert add(add(1), add(2)).visualize().data.count("class='box'") == 3
    assert add(add(1)).explain().count("add-") == 3
