"""What workers and the scheduler wrote lately, seen from a client: bounded, in order, without secrets."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from phalanx import array as da
from phalanx.distributed import Client, LocalCluster


def eventually(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """What ``look`` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < end, "it is not told"
        time.sleep(0.05)
    return found


def said(logs: dict[str, list[tuple[str, str]]], words: str) -> list[tuple[str, str]]:
    return [line for lines in logs.values() for line in lines if words in line[1]]


def test_workers_tell_what_they_wrote(python_client: Client) -> None:
    def fails(_: Any) -> Any:
        raise ValueError("the seventh row is odd")

    client = python_client
    addresses = sorted(client.nthreads())
    logs = eventually(lambda: (found := client.get_worker_logs()) and all(found.values()) and found)
    assert sorted(logs) == addresses
    assert all(said({address: lines}, f"at {address} has joined") for address, lines in logs.items())
    with pytest.raises(ValueError, match="seventh"):
        da.ones((4, 4), chunks=(1, 4)).map_blocks(fails, dtype="f8").compute()
    [level, text] = eventually(lambda: said(client.get_worker_logs(), "the seventh row is odd"))[0]
    assert level == "INFO" and text.startswith("task ") and " failed: " in text
    one = client.get_worker_logs(n=1, workers=addresses[0])
    assert list(one) == addresses[:1] and one[addresses[0]] == client.get_worker_logs(workers=addresses)[addresses[0]][:1]
    assert said({"scheduler": client.get_scheduler_logs()}, "worker joined")
    assert len(client.get_scheduler_logs(n=2)) == 2
    with pytest.raises(ValueError, match="no worker nobody"):
        client.get_worker_logs(workers="nobody")


def test_the_api_tells_logs(python_client: Client) -> None:
    pages = str(python_client.dashboard_link).removesuffix("status")

    def asked(path: str) -> Any:
        with urllib.request.urlopen(f"{pages}{path}", timeout=10) as answer:
            return answer.read().decode()

    worker = next(iter(python_client.scheduler_info()["workers"].values()))["id"]
    log = eventually(lambda: (found := json.loads(asked(f"api/v1/workers/{worker}/log")))["lines"] and found)
    numbers = [line["number"] for line in log["lines"]]
    assert log["process"] == worker and numbers == sorted(set(numbers))
    assert "has joined" in asked(f"workers/{worker}") and "worker joined" in asked("workers/scheduler")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        asked("api/v1/workers/nobody/log")


def test_the_log_of_a_worker_that_is_gone_stays() -> None:
    with LocalCluster(n_workers=2, memory_limit="512MiB") as cluster, Client(cluster) as client:
        names = {found["id"] for found in client.scheduler_info()["workers"].values()}
        eventually(lambda: all(client.get_worker_logs().values()))
        cluster.scale(1)
        eventually(lambda: len(client.nthreads()) == 1)
        [gone] = names - {found["id"] for found in client.scheduler_info()["workers"].values()}
        texts = [text for _, text in client.get_worker_logs(workers=gone)[gone]]
        assert texts[0] == "leaving" and "has joined" in texts[-1]


def test_secrets_are_not_told() -> None:
    secret = "correct-horse-battery-staple"
    options = {"key": "somebody", "secret": secret, "endpoint_url": "http://127.0.0.1:9", "region": "x"}
    with LocalCluster(n_workers=1, memory_limit="512MiB") as cluster, Client(cluster) as client:
        from phalanx import dataframe as dd

        frame = dd.from_dict({"a": range(100)}, npartitions=2)
        with pytest.raises(Exception, match=r".") as error:
            frame.to_parquet("s3://data/out", storage_options=options)
        assert secret not in str(error.value)
        failed = eventually(lambda: said(client.get_worker_logs(), " failed: "))
        told = repr([failed, client.get_worker_logs(), client.get_scheduler_logs(), cluster.logs()])
        assert secret not in told


def test_a_worker_says_whether_it_has_a_gpu() -> None:
    with LocalCluster(n_workers=1, memory_limit="512MiB") as cluster, Client(cluster) as client:
        cluster.launch(1, env={"PHALANX_GPUS": "2"})
        cluster.wait_for_workers(2, timeout=30)
        gpus = sorted(found["gpus"] for found in client.scheduler_info()["workers"].values())
        assert gpus[-1] == 2 and len(gpus) == 2
