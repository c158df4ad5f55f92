"""Arrays of many times the memory that there is: each program runs in a process of its own, whose peak is measured."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

#: Bytes of the array: 6000² of float64.
ARRAY = 6000 * 6000 * 8
#: What the engine is given, and each of its tasks: a tenth of the array.
LIMIT = ARRAY // 10
#: What two tasks at once, and the rows that an exchange holds, may come to beside an idle process.
PEAK = 3 * LIMIT

PROGRAM = """
import os, threading
import numpy as np
import phalanx.array as da
from phalanx import _client, _phalanx

_client.push(_phalanx.Client.local(threads=2, memory_bytes={limit}, task_memory_bytes={limit}))

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

x = da.random.default_rng(5).random((6000, 6000), chunks=(250, 1000))
(x[:10] + 1).sum().compute()  # the engine and its threads are there
idle = resident()
peak, done = idle, threading.Event()

def watch():
    global peak
    while not done.wait(0.002):
        peak = max(peak, resident())

watcher = threading.Thread(target=watch, daemon=True)
watcher.start()
{body}
done.set()
watcher.join()
print(peak - idle, flush=True)
"""

#: The programs of the issue, with answers that are known.
BODIES = {
    "spread": """
        spread = (x + x.T).std().compute()
        assert abs(spread - (1 / 6) ** 0.5) < 1e-3, spread
    """,
    "rechunk": """
        columns = x.rechunk((6000, 100))
        sums = columns.sum(axis=0).compute()
        np.testing.assert_allclose(sums, x.sum(axis=0).compute(), rtol=1e-12)
    """,
    "svd_compressed": """
        u, s, v = da.linalg.svd_compressed(x, 5, n_power_iter=1, seed=1)
        values = s.compute()
        # Uniform numbers: their mean is one singular value of 3000, the others are noise.
        assert abs(values[0] - 3000) < 5 and values[1] < 50, values
    """,
}


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
@pytest.mark.parametrize("name", BODIES)
def test_ten_times_the_memory(name: str) -> None:
    program = PROGRAM.format(limit=LIMIT, body=textwrap.dedent(BODIES[name]))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < PEAK, f"{int(done.stdout) / 1e6:.0f} MB of {ARRAY / 1e6:.0f} MB"
