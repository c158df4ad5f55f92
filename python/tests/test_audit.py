"""Who cancelled and released on the dashboard is in the audit log."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest

from phalanx import array as da
from phalanx import dataframe as dd
from phalanx.distributed import CancelledError, Client

PHALANX = [sys.executable, "-m", "phalanx"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """The scheduler's address, its pages, and its audit log; with a worker that runs Python."""
    audit = tmp_path / "audit.jsonl"
    command = [*PHALANX, "scheduler", "--bind", "127.0.0.1:0", "--dashboard", "127.0.0.1:0", "--audit-log", str(audit)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True)]
    try:
        assert processes[0].stdout is not None
        words = processes[0].stdout.readline().replace(",", "").split()
        address, pages = (next(word for word in words if word.startswith(scheme)) for scheme in ("tcp://", "http://"))
        worker = [*PHALANX, "worker", address, "--cores", "1", "--memory", "512MiB", "--allow-python"]
        processes.append(subprocess.Popen(worker, stdout=subprocess.PIPE, text=True))
        yield address, pages.removesuffix("status"), audit
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)


def lines(audit: Path, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, audit.read_text().splitlines()) if line["event"] == event]


def test_what_is_done_on_the_dashboard_is_written_down(served: tuple[str, str, Path]) -> None:
    address, pages, audit = served

    def asked(path: str, change: bool = False) -> Any:
        origin = {"Origin": pages.rstrip("/")} if change else {}
        request = urllib.request.Request(f"{pages}api/v1/{path}", headers=origin, method="POST" if change else "GET")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def eventually(look: Any) -> Any:
        end = time.monotonic() + 60
        while not (found := look()):
            assert time.monotonic() < end
            time.sleep(0.05)
        return found

    def slow(part: Any) -> Any:
        import time

        time.sleep(0.5)
        return part

    with Client(address) as client:
        client.wait_for_workers(1, timeout=60)
        frame = pandas.DataFrame({"x": range(200)})
        future = client.compute(dd.from_pandas(frame, npartitions=200).map_partitions(slow, meta=frame))
        job = eventually(lambda: asked("overview")["running"])[0]["summary"]["job"]
        before = len(lines(audit, "cancel"))
        asked(f"jobs/{job}/cancel", change=True)
        with pytest.raises(CancelledError):
            future.result(timeout=60)
        [line] = [line for line in lines(audit, "cancel")[before:] if line.get("job") == job and line.get("what")]
        assert "somebody on this machine, on the dashboard" in line["what"]

        kept = da.ones((100, 100), chunks=50).persist()
        data = eventually(lambda: asked("data"))[0]["data"]
        asked(f"data/{data}/release", change=True)
        [line] = [line for line in lines(audit, "release") if line.get("job") == data and line.get("what")]
        assert "on the dashboard" in line["what"]
        assert float(kept.sum().compute()) == 10_000.0
