"""Python functions on a cluster: calls, blocks, exceptions, values, and who refuses."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import cloudpickle
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import phalanx.array as da
from phalanx.distributed import Client, LocalCluster, as_completed, replay, wait
from phalanx.exceptions import CancelledError, ClusterError, UnsupportedError

cloudpickle.register_pickle_by_value(__import__(__name__))  # workers do not have this file


class Odd(ValueError):
    """An exception of the user's own, with a value of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(f"{number} is odd")
        self.number = number


def halved(number: int) -> int:
    if number % 2:
        raise Odd(number)
    return number // 2


def test_calls_run_on_workers(python_client: Client) -> None:
    pids = {future.result(20) for future in python_client.map(lambda _: os.getpid(), range(8))}
    assert pids <= set(python_client.cluster.workers) and os.getpid() not in pids
    total = python_client.submit(sum, python_client.map(lambda x, y=0: x + y, [1, 2, 3], y=10))
    assert total.result(20) == 36
    nested = python_client.submit(lambda d, flag: (d["a"][0], flag), {"a": [total]}, flag=True)
    assert nested.result(20) == (36, True)
    assert python_client.gather({"x": total, "y": [total]}) == {"x": 36, "y": [36]}


def test_the_workers_of_others_refuse_by_name() -> None:
    with LocalCluster(n_workers=1, memory_limit="1GiB") as cluster, Client(cluster) as client:
        (worker,) = [described["id"] for described in client.scheduler_info()["workers"].values()]
        with pytest.raises(NotImplementedError) as refused:
            client.submit(halved, 4).result(20)
        assert worker in str(refused.value) and "halved" in str(refused.value)
        assert "allow_python=True" in str(refused.value.hint)
        with pytest.raises(UnsupportedError, match="runs no functions"):
            da.ones((4, 4), chunks=2).map_blocks(halved, dtype=float).compute()


def test_an_exception_comes_back_as_itself(python_client: Client) -> None:
    with pytest.raises(Odd) as raised:
        python_client.submit(halved, 7).result(20)
    assert raised.value.number == 7 and type(raised.value) is Odd
    (note,) = raised.value.__notes__
    assert "partition 0" in note and "in halved" in note and "raise Odd(number)" in note
    worker = next(iter(python_client.scheduler_info()["workers"].values()))["id"]
    assert any(w["id"] in note for w in python_client.scheduler_info()["workers"].values()), (worker, note)


def test_the_partition_of_a_block_that_raised_is_told(python_client: Client) -> None:
    def picky(block: np.ndarray, block_id: tuple[int, ...] = ()) -> np.ndarray:
        if block_id == (3,):
            raise Odd(3)
        return block

    x = da.arange(40, chunks=10)
    with pytest.raises(Odd) as raised:
        x.map_blocks(picky, dtype=x.dtype).compute()
    assert 'block [3] of "' in raised.value.__notes__[0] and "partition" in raised.value.__notes__[0]
    assert "in picky" in raised.value.__notes__[0]


def test_blocks_are_mapped_on_workers(python_client: Client) -> None:
    x = da.arange(1000, chunks=100)
    pids = x.map_blocks(lambda block: np.full(block.shape, os.getpid()), dtype=np.int64).compute()
    assert set(pids) <= set(python_client.cluster.workers)
    assert (x.map_blocks(lambda block: block * 2).sum() == 999_000).compute()


def test_retries(python_client: Client, tmp_path: Path) -> None:
    def third_time_lucky(path: str) -> int:
        with open(path, "a") as file:
            file.write("x")
        if os.path.getsize(path) < 3:
            raise OSError("not yet")
        return os.path.getsize(path)

    assert python_client.submit(third_time_lucky, str(tmp_path / "a"), retries=2).result(20) == 3
    with pytest.raises(OSError, match="not yet"):
        python_client.submit(third_time_lucky, str(tmp_path / "b"), retries=1).result(20)


def test_scattered_data_goes_to_this_client(python_client: Client) -> None:
    values, frame = np.arange(300_000.0), pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")}, index=[5, 6, 7])
    with Client():  # another one is the current one
        array, rows, table, number = python_client.scatter([values, frame, pa.table({"q": [1, 2]}), 42])
        with pytest.raises(ClusterError, match="is gone from worker"):
            array.sum().compute()
        assert array.sum().compute(client=python_client) == values.sum()
        pd.testing.assert_frame_equal(rows.compute(client=python_client), frame)
        np.testing.assert_array_equal(python_client.gather(array), values)
        assert python_client.submit(lambda x, t, n: (x.sum(), list(t["q"]), n), array, table, number).result(20) == (
            values.sum(),
            [1, 2],
            42,
        )


@pytest.mark.alone
def test_a_call_is_cancelled(python_client: Client) -> None:
    future = python_client.submit(time.sleep, 3)
    after = python_client.submit(lambda _: 1, future)
    time.sleep(0.1)
    start = time.monotonic()
    python_client.cancel(future)
    with pytest.raises(CancelledError):
        future.result(5)
    with pytest.raises(CancelledError):
        after.result(5)
    assert time.monotonic() - start < 0.5 and future.status == "cancelled" == after.status


@pytest.mark.alone
def test_closing_ends_what_runs(python_cluster: LocalCluster) -> None:
    with Client(python_cluster, set_as_default=False) as client:
        future = client.submit(time.sleep, 2)
        time.sleep(0.05)
        start = time.monotonic()
    assert future.cancelled() and time.monotonic() - start < 0.5
    with pytest.raises(ValueError, match="closed"):
        client.submit(halved, 4)


def test_asynchronous(python_cluster: LocalCluster) -> None:
    async def program() -> tuple[int, list[int], int, int]:
        async with Client(python_cluster, asynchronous=True) as client:
            await client.wait_for_workers(2)
            futures = client.map(halved, [2, 4, 6])
            done = await wait(futures)
            first = await futures[0].result()
            gathered = await client.gather(futures)
            array = await client.scatter(np.ones(5))
            total = int(await client.compute(array.sum()))
            seen = [future async for future in as_completed(futures)]
            assert len(seen) == len(done.done) == 3
            return first, gathered, total, len(seen)

    assert asyncio.run(program()) == (1, [1, 2, 3], 5, 3)


@pytest.mark.alone
def test_ctrl_c_interrupts_a_job_of_a_cluster(python_client: Client) -> None:
    pressed = []

    def press() -> None:
        time.sleep(0.3)
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    for work in (
        lambda: da.random.random((4000, 4000), chunks=1000).map_blocks(_slowly, dtype=float).sum().compute(),
        lambda: python_client.submit(time.sleep, 3).result(),
    ):
        threading.Thread(target=press).start()
        with pytest.raises(KeyboardInterrupt):
            work()
        assert time.monotonic() - pressed.pop() < 0.5


def _slowly(block: np.ndarray) -> np.ndarray:
    time.sleep(0.2)
    return block


def test_a_failed_job_is_replayed_in_one_process(python_client: Client, tmp_path: Path) -> None:
    class Marker(Odd):
        """Named so that no other failed job is meant."""

    def fails(block: np.ndarray) -> np.ndarray:
        raise Marker(int(block[0]))

    x = da.arange(20, chunks=5)
    with pytest.raises(Odd):
        x.map_blocks(fails, dtype=x.dtype).compute()
    failed = python_client.failed_jobs()[-1]
    assert "is odd" in failed["error"]
    python_client.save_job(tmp_path / "job.plan")
    python_client.save_job(tmp_path / "same.plan", failed["job"])
    assert (tmp_path / "job.plan").read_bytes() == (tmp_path / "same.plan").read_bytes()
    with pytest.raises(ValueError, match="odd") as raised:
        replay(tmp_path / "job.plan")
    assert 'block [0] of "' in raised.value.__notes__[0] and "in fails" in raised.value.__notes__[0]
    with pytest.raises(ValueError, match="no job nobody"):
        python_client.save_job(tmp_path / "x.plan", "nobody")
    with pytest.raises(ValueError, match="can't be read"):
        replay(tmp_path / "nothing.plan")


def test_a_job_that_fails_on_workers_only_is_replayed_to_its_rows(python_client: Client, tmp_path: Path) -> None:
    here = os.getpid()

    def fails_elsewhere(block: np.ndarray) -> np.ndarray:
        if os.getpid() != here:
            raise OSError("no such device on this worker")
        return block + 1

    with pytest.raises(OSError, match="no such device"):
        da.ones(8, chunks=4).map_blocks(fails_elsewhere, dtype=float).compute()
    python_client.save_job(tmp_path / "job.plan")
    table = replay(tmp_path / "job.plan")
    assert isinstance(table, pa.Table) and table.num_rows >= 2


def test_verified_on_the_other_engine(python_client: Client) -> None:
    x = da.random.default_rng(1).normal(size=(500, 400), chunks=100)
    value = (x @ x.T).std().compute(verify=True)
    assert python_client.compute((x @ x.T).std(), verify=True).result(20) == value


def test_what_dask_takes_and_we_can_not(python_client: Client) -> None:
    with pytest.raises(NotImplementedError, match=r"submit\(workers"):
        python_client.submit(halved, 2, workers=["a"])
    assert python_client.submit(halved, 4, pure=False, priority=3).result(20) == 2
    with pytest.raises(TypeError, match="no_such"):
        python_client.compute(da.ones(3), no_such=1)
    with pytest.raises(AttributeError, match="upload_file is not covered"):
        python_client.upload_file("x.py")


def test_the_status_page_is_where_the_scheduler_says(python_client: Client, python_cluster: LocalCluster) -> None:
    from urllib.request import urlopen

    with Client(python_cluster.scheduler_address, set_as_default=False) as other:
        assert other.dashboard_link == python_client.dashboard_link == python_cluster.dashboard_link
        with urlopen(other.dashboard_link) as page:
            assert python_cluster.scheduler_address in page.read().decode()
