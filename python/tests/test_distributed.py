"""The client: in process and on a cluster, futures, cancelling, closing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import phalanx
import phalanx.array as da
from phalanx.distributed import Client, Future, LocalCluster, as_completed, progress, wait
from phalanx.exceptions import CancelledError, ClusterError


def _sum() -> da.Array:
    return da.ones((100, 100), chunks=50).sum()


def test_a_client_of_this_process() -> None:
    with Client() as client:
        assert client.scheduler_info()["type"] == "InProcess"
        assert _sum().compute() == 10_000
        assert client.dashboard_link is None
        with pytest.raises(ValueError, match="no cluster"):
            client.failed_jobs()
    with pytest.raises(ValueError, match="closed"):
        client.compute(_sum(), sync=True)


def test_a_client_that_starts_a_cluster() -> None:
    with Client(n_workers=2, threads_per_worker=1, memory_limit="1GiB") as client:
        assert len(client.nthreads()) == 2
        assert _sum().compute() == 10_000
        assert "2 workers" in repr(client)
        link = client.dashboard_link
        assert link is not None and link.endswith("/status")
        assert client.cluster is not None
        processes = client.cluster.workers
    assert not any(os.path.exists(f"/proc/{pid}") for pid in processes)


def test_a_cluster_grows_and_shrinks() -> None:
    with LocalCluster(n_workers=1, memory_limit="1GiB") as cluster, Client(cluster) as client:
        cluster.scale(3)
        client.wait_for_workers(3, timeout=20)
        cluster.scale(1)
        assert _sum().compute() == 10_000
        assert len(cluster.workers) == 1


def test_retired_workers_hand_over_what_they_hold() -> None:
    with LocalCluster(n_workers=2, memory_limit="1GiB") as cluster, Client(cluster, retries=1) as client:
        held = da.arange(1000, chunks=100).persist()
        first, second = client.nthreads()
        with pytest.raises(ValueError, match="no worker w0"):
            client.retire_workers([first, "w0"])
        with pytest.raises(NotImplementedError, match="close_workers"):
            client.retire_workers(first, close_workers=False)
        with pytest.raises(NotImplementedError, match="name some"):
            client.retire_workers()
        assert list(client.retire_workers(first)) == [first]
        deadline = time.monotonic() + 20
        while list(client.nthreads()) != [second]:
            assert time.monotonic() < deadline, client.scheduler_info()
            time.sleep(0.02)
        np.testing.assert_array_equal(held.compute(), np.arange(1000))
    with pytest.raises(TypeError, match="retries is for a cluster"):
        Client(retries=1)


def test_futures() -> None:
    with Client() as client:
        future = client.compute(_sum())
        assert isinstance(future, Future)
        assert future.result(timeout=20) == 10_000
        assert future.status == "finished"
        futures = client.compute([_sum(), _sum() * 2])
        assert client.gather(futures) == [10_000, 20_000]
        assert sorted(int(f.result()) for f in as_completed(futures)) == [10_000, 20_000]
        assert {int(r) for _, r in as_completed(futures, with_results=True)} == {10_000, 20_000}
        assert wait(futures).not_done == set()
        progress(futures)

        async def awaited() -> float:
            return float(await client.compute(_sum()))

        assert asyncio.run(awaited()) == 10_000


def test_functions_in_threads() -> None:
    with Client() as client:
        total = client.submit(sum, client.map(lambda x: x + 1, [1, 2, 3]))
        assert total.result(timeout=20) == 9
        failed = client.submit(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            failed.result(timeout=20)
        assert failed.status == "error"
        assert client.gather([failed, total], errors="skip") == [9]


def _long() -> da.Array:
    x = da.random.random((20_000, 20_000), chunks=1000)
    return (x @ x).sum()


@pytest.mark.alone
def test_a_future_is_cancelled() -> None:
    with Client() as client:
        future = client.compute(_long())
        time.sleep(0.2)
        start = time.monotonic()
        future.cancel()
        with pytest.raises(CancelledError):
            future.result(timeout=5)
        assert time.monotonic() - start < 0.5
        assert future.status == "cancelled"


@pytest.mark.alone
def test_ctrl_c_interrupts_within_half_a_second() -> None:
    pressed = []

    def press() -> None:
        time.sleep(0.3)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        _long().compute()
    assert time.monotonic() - pressed[0] < 0.5


@pytest.mark.alone
def test_other_threads_run_while_work_runs() -> None:
    turns = [time.monotonic()]
    ended = threading.Event()

    def count() -> None:
        while not ended.wait(0.002):
            turns.append(time.monotonic())

    thread = threading.Thread(target=count)
    thread.start()
    x = da.random.random((2500, 2500), chunks=500)
    (x @ x).sum().compute()
    ended.set()
    thread.join()
    assert turns[-1] - turns[0] > 0.1, "too short to tell"
    assert len(turns) > 20 and max(np.diff(turns)) < 0.25


def test_nobody_there() -> None:
    with pytest.raises(ClusterError, match="127.0.0.1:1"):
        Client("tcp://127.0.0.1:1")
    with pytest.raises(ValueError):
        Client("http://127.0.0.1:8786")


def test_several_together() -> None:
    x = da.ones((10, 10), chunks=5)
    a, b, c = phalanx.compute(x.sum(), {"mean": x.mean()}, 5)
    assert (a, b["mean"], c) == (100.0, 1.0, 5)
    assert _sum().compute(verify=True) == 10_000


@pytest.mark.alone
def test_a_program_ends_although_its_client_is_open_and_jobs_run() -> None:
    code = (
        "import time\nimport phalanx.array as da\nfrom phalanx.distributed import Client\n"
        "client = Client(n_workers=1, memory_limit='1GiB', allow_python=True)\n"
        "print(*client.cluster.workers)\n"
        "x = da.random.random((20_000, 20_000), chunks=1000)\n"
        "jobs = client.compute((x @ x).sum()), client.submit(time.sleep, 60)\n"
        "time.sleep(0.2)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    end = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{pid}") for pid in ended.stdout.split()):
        assert time.monotonic() < end, "a worker outlives its program"
        time.sleep(0.02)
