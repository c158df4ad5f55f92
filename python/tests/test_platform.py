"""Cloudera AI: the blog post's road, on this machine and on a stand-in of the platform in a network of its own."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import network
import pytest

HERE = Path(__file__).parent / "platform"
SESSION = HERE / "session.py"
needs_network = pytest.mark.skipif(network.why_not() is not None, reason=str(network.why_not()))

SAID = ["singular values: (10,)", "names: 26", "columns: ['x', 'y']"]


class Platform:
    """A project on the platform, and what happened in its sessions."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.calls_file = home / "calls"

    def run(self, program: Path, how: str = "python", **env: str) -> list[str]:
        """Runs a program in a session; the lines that it prints."""
        given = {"HOME": str(self.home), "STANDIN_CALLS": str(self.calls_file), **env}
        ended = network.run(SESSION, how, str(program), env=given)
        assert ended.returncode == 0, ended.stdout + ended.stderr + self.logs()
        return ended.stdout.splitlines()

    def calls(self, name: str) -> list[dict[str, object]]:
        lines = self.calls_file.read_text().splitlines()
        return [call for call in map(json.loads, lines) if call["call"] == name]

    def logs(self) -> str:
        """What the workers printed."""
        return "".join(log.read_text(errors="replace") for log in sorted(self.home.glob("calls.worker*")))

    def check_secrets(self) -> None:
        """Credentials are files of their owner, and nowhere else."""
        folder = self.home / ".phalanx" / "credentials"
        keys = sorted(folder.glob("*.pem"))
        assert {key.name for key in keys} >= {"scheduler.pem", "worker.pem", "client.pem"}
        assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        told = self.calls_file.read_text() + self.logs()
        for key in keys:
            for line in key.read_text().splitlines():
                assert len(line) < 40 or line not in told, f"{key.name} is told"
        assert "PRIVATE" not in told


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(tmp_path)


@needs_network
def test_the_blogs_program_on_the_platform(platform: Platform) -> None:
    lines = platform.run(HERE / "blog.py", how="run")
    scheduler = "https://worker0000000000.ml.example.test/status"
    assert lines[:3] == ["workers: 3", f"page: {scheduler}", f"link: {scheduler}"]
    assert lines[3:] == [*SAID, "left: ['stopped']"]
    launched = platform.calls("launch")
    assert [call["n"] for call in launched] == [1, 3]
    assert [len(call["ids"]) for call in platform.calls("stop")] == [4]  # type: ignore[arg-type]
    platform.check_secrets()


@needs_network
def test_the_blogs_program_with_changed_imports_on_the_platform(platform: Platform, tmp_path: Path) -> None:
    source = (HERE / "blog.py").read_text().replace("import cdsw", "from phalanx import workers as cdsw")
    source = source.replace("!dask-scheduler", "!phalanx scheduler").replace("!dask-worker", "!phalanx worker")
    source = source.replace("import dask.", "import phalanx.").replace("from dask", "from phalanx")
    program = tmp_path / "changed.py"
    program.write_text(source)
    assert platform.run(program)[3:6] == SAID
    platform.check_secrets()


def test_the_blogs_program_on_this_machine(tmp_path: Path) -> None:
    path = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": path}
    command = [sys.executable, "-m", "phalanx", "run", str(HERE / "blog.py")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[3:] == [*SAID, "left: ['stopped']"]
    assert not (tmp_path / ".phalanx").exists(), "loopback needs no credentials"


CLOUD = """\
import os
from phalanx import workers
from phalanx.distributed import Client
from phalanx.workers import CloudCluster
from cml import workers_v1 as theirs
import phalanx.array as da

with CloudCluster(2, worker_cpu=1, worker_memory=2, nvidia_gpu=0) as cluster:
    client = cluster.get_client()
    print(len(client.nthreads()), da.ones((100, 100), chunks=50).sum().compute())
    print(cluster.dashboard_link, theirs.browse(cluster.dashboard_link)[0])
    print("Phalanx" in theirs.browse(cluster.dashboard_link)[1])
    cluster.scale(3)
    client.wait_for_workers(3, timeout=60)
    cluster.scale(1)
    print(len(cluster.workers), da.ones((100, 100), chunks=50).sum().compute())
    print(sorted("joined" in text for text in cluster.logs().values()))
    scheduler = theirs._machines[cluster.describe()[0]["id"]]
    print(sorted(place.rsplit(":")[0] for place in scheduler.listening()))
    home = os.environ.pop("HOME")
    try:
        Client(cluster.scheduler_address)
    except ValueError as error:
        print("without credentials:", "only loopback" in str(error))
    os.environ["HOME"] = home
    client.close()
print([worker["status"] for worker in theirs.list_workers()])
print(workers.stop_workers())
"""


@needs_network
def test_a_cluster_in_one_call(platform: Platform, tmp_path: Path) -> None:
    program = tmp_path / "cloud.py"
    program.write_text(CLOUD)
    link = "https://read-only-worker0000000000.ml.example.test/status"
    assert platform.run(program) == [
        "2 10000.0",
        f"{link} 200",
        "True",
        "1 10000.0",
        "[True, True]",
        "['0.0.0.0', '127.0.0.1']",
        "without credentials: True",
        # Somebody else's runs on; those that were let go ended by themselves.
        "['running', 'stopped', 'stopped', 'succeeded', 'succeeded']",
        "[]",
    ]
    assert all(call["ids"] for call in platform.calls("stop")), "without ids, everybody's workers would be stopped"
    platform.check_secrets()


FAILING = """\
from phalanx import workers
from phalanx.exceptions import ResourcesError
from phalanx.workers import CloudCluster
from cml import workers_v1 as theirs

try:
    CloudCluster(3, 1, 2)
except ResourcesError as error:
    print(error)
print([worker["status"] for worker in theirs.list_workers()])
launched = workers.launch_workers(2, 1, 1, code="!exit 3")
answer = workers.await_workers(launched, wait_for_completion=True, timeout_seconds=20)
print([worker["status"] for worker in answer["failures"]], answer["workers"])
print(workers.stop_workers(*launched), workers.stop_workers())
launched = workers.launch_workers(1, 1, 1, code="print('ran')")
print([worker["status"] for worker in workers.await_workers(launched)["workers"]])
try:
    workers.launch_workers(1, 1, 1, code="!phalanx worker tcp://unknown:8786")
except ValueError as error:
    print(error)
"""


@needs_network
def test_launches_that_fail(platform: Platform, tmp_path: Path) -> None:
    program = tmp_path / "failing.py"
    program.write_text(FAILING)
    lines = platform.run(program, STANDIN_FAILING="2 4", STANDIN_SLOW="0.2")
    assert lines[0].startswith("1 of 3 sessions are not launched") and "no node has" in lines[0]
    assert lines[1] == "['running', 'stopped', 'stopped', 'stopped']"
    assert lines[2] == "[500, 'failed'] []" or lines[2] == "['failed', 500] []"
    assert lines[3] == "['<Response [204]>'] []"
    assert lines[4] == "['succeeded']"
    assert "address is not known yet" in lines[5]
    assert all(call["ids"] for call in platform.calls("stop"))
