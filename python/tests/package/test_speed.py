"""What a call costs before any work: importing, building an expression, computing a scalar."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import phalanx.array as da
from phalanx.distributed import Client

pytestmark = pytest.mark.alone


def least(work: Callable[[], Any], rounds: int) -> float:
    """Milliseconds of the quickest of some runs: what it costs where nothing else runs."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def test_importing_takes_a_tenth_of_a_second() -> None:
    # The processor's time, which others' work does not lengthen; nothing here waits for anything else.
    program = (
        "import time; start = time.process_time(); import phalanx.array, phalanx.dataframe, phalanx.distributed; "
        "print(time.process_time() - start)"
    )
    # As users have it: what was compiled once is kept.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def seconds() -> float:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
        return float(done.stdout)

    assert min(seconds() for _ in range(7)) <= 0.1


def test_a_thousand_operations_are_built_in_twenty_milliseconds() -> None:
    x = da.ones((100, 100), chunks=50)

    def build() -> None:
        y = x
        for _ in range(500):
            y = (y + 1) * 2
        assert y.shape == (100, 100)

    assert least(build, 10) <= 20


def test_a_scalar_takes_a_millisecond_in_process() -> None:
    x = da.from_array(np.arange(10), chunks=10)
    assert least(lambda: x.sum().compute(), 200) <= 1


def test_a_scalar_takes_twenty_milliseconds_on_a_cluster(python_client: Client) -> None:
    x = da.from_array(np.arange(10), chunks=10)
    assert x.sum().compute() == 45
    assert least(lambda: x.sum().compute(), 50) <= 20
