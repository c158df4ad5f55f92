"""What all launchers have in common, on this machine; the rule by which a cluster adapts; the prototype."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import network
import pytest

import phalanx.array as da
from phalanx.distributed import Client, LocalCluster

AMP = Path(__file__).parents[2] / "examples" / "amp"


def soon(condition: Any, seconds: float = 20.0) -> bool:
    """Whether a condition holds within some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_launch_list_logs_and_stop() -> None:
    with LocalCluster(n_workers=1, memory_limit="512MiB") as cluster, Client(cluster) as client:
        first = cluster.workers
        launched = cluster.launch(2, cores=2, memory="256MiB", env={"GREETING": "hello"})
        cluster.wait_for_workers(3, timeout=20)
        assert cluster.workers == [*first, *launched]
        assert sorted(client.nthreads().values()) == [1, 2, 2]
        assert b"GREETING=hello" in Path(f"/proc/{launched[0]}/environ").read_bytes()
        assert len(cluster.logs()) == 4 and "scheduler" in cluster.logs()
        with pytest.raises(ValueError, match="no worker of this cluster"):
            cluster.stop(os.getpid())
        cluster.stop(launched[0])
        assert cluster.workers == [*first, launched[1]]
        assert soon(lambda: len(client.nthreads()) == 2)
        assert da.ones((100, 100), chunks=50).sum().compute() == 10_000
        assert "status page" in cluster._repr_html_()
    assert cluster.status == "closed" and not any(os.path.exists(f"/proc/{pid}") for pid in [*first, *launched])
    cluster.close()


def test_a_cluster_adapts() -> None:
    with LocalCluster(n_workers=1, memory_limit="512MiB", allow_python=True) as cluster, Client(cluster) as client:
        cluster.adapt(1, 3, interval=0.1, patience=8)
        work = client.map(lambda _: time.sleep(0.8), range(6))
        assert soon(lambda: len(cluster.workers) == 3), "the queue is not followed"
        assert [future.result(timeout=60) for future in work] == [None] * 6
        assert soon(lambda: len(cluster.workers) == 1), "idle workers stay"
        time.sleep(0.5)
        assert len(cluster.workers) == 1
        cluster.adapt(2, 2, interval=0.1)
        assert soon(lambda: len(cluster.workers) == 2)
        for bounds in [(-1, 2), (3, 2), (0, 0)]:
            with pytest.raises(ValueError, match="adapt from"):
                cluster.adapt(*bounds)
        with pytest.raises(ValueError, match="patience of 0"):
            cluster.adapt(0, 1, patience=0)


def phalanx(home: Path, *words: str) -> str:
    """What ``phalanx cluster`` prints, with a home folder of its own."""
    path = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "HOME": str(home), "PYTHONPATH": path}
    command = [sys.executable, "-m", "phalanx", "cluster", *words]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("launcher", ["local", "cloudera"])
def test_a_cluster_of_the_command(launcher: str, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"workers": 2, "cores": 1, "memory_bytes": 1 << 29, "cloudera": {"worker_cpu": 1}}))
    try:
        said = phalanx(tmp_path, "up", "--launcher", launcher, "--config", str(config))
        assert f"cluster default ({launcher}): scheduler tcp://127." in said and said.count("  worker ") == 2
        address = said.split("scheduler ")[1].split(",")[0].strip()
        with Client(address) as client:
            client.wait_for_workers(2, timeout=60)
            kept = da.ones((100, 100), chunks=50).persist()
            assert kept.sum().compute() == 10_000
            assert phalanx(tmp_path, "scale", "3").count("  worker ") == 3
            client.wait_for_workers(3, timeout=60)
            assert ": 3 workers, 3 cores" in phalanx(tmp_path, "status")
            assert soon(lambda: phalanx(tmp_path, "logs").count(" has joined") == 3)
            assert "worker joined" in phalanx(tmp_path, "logs")
            # Those that go hand over what they hold.
            assert phalanx(tmp_path, "scale", "1").count("  worker ") == 1
            assert soon(lambda: len(client.nthreads()) == 1, 60)
            assert kept.sum().compute() == 10_000
            assert "from 2 to 2 workers" in phalanx(tmp_path, "adapt", "2", "2")
            assert soon(lambda: len(client.nthreads()) == 2, 60), "the queue is not followed"
    finally:
        assert phalanx(tmp_path, "down") == "cluster default is down\n"
    left = lambda: [path for path in Path("/proc").glob("[0-9]*/environ") if is_of(path, tmp_path)]  # noqa: E731
    assert soon(lambda: not left()), f"{left()} are left"


def is_of(environ: Path, home: Path) -> bool:
    """Whether a process has this home folder."""
    try:
        return f"HOME={home}\0".encode() in environ.read_bytes()
    except OSError:
        return False


KEPT = """\
import json, os, subprocess, sys, time
from pathlib import Path
from phalanx.distributed import Client
import phalanx.array as da

def phalanx(*words):
    ended = subprocess.run([sys.executable, "-m", "phalanx", "cluster", *words], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout

config = Path(os.environ["HOME"]) / "config.json"
config.write_text(json.dumps({"workers": 2, "cloudera": {"worker_cpu": 1, "worker_memory": 1, "env": {"SECRET": "hunter2"}}}))
said = phalanx("up", "--launcher", "cloudera", "--config", str(config))
print(said.splitlines()[0].split(",")[0].rpartition(":")[0], said.count("  worker "))
credentials = said.split("credentials for clients: ")[1].splitlines()[0]
with Client(said.split("scheduler ")[1].split(",")[0], credentials=credentials) as client:
    client.wait_for_workers(2, timeout=60)
    print(da.ones((100, 100), chunks=50).sum().compute())
end = time.monotonic() + 30
while phalanx("logs").count(" has joined") < 2:
    assert time.monotonic() < end, phalanx("logs")
print(": 2 workers, " in phalanx("status"))
commands = b"".join(path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline"))
print(b"hunter2" in commands, b"_held" in commands)
print(phalanx("down").strip())
"""


@pytest.mark.skipif(network.why_not() is not None, reason=str(network.why_not()))
def test_a_cluster_of_the_command_on_the_platform(tmp_path: Path) -> None:
    program = tmp_path / "kept.py"
    program.write_text(KEPT)
    given = {"HOME": str(tmp_path), "STANDIN_CALLS": str(tmp_path / "calls"), "STANDIN_SLOW": "0.5"}
    ended = network.run(Path(__file__).parent / "platform" / "session.py", "python", str(program), env=given)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines() == [
        "cluster default (cloudera): scheduler tcp://10.99.0.2 2",
        "10000.0",
        "True",
        "False True",
        "cluster default is down",
    ]
    calls = [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
    launched = [call for call in calls if call["call"] == "launch"]
    assert [call["n"] for call in launched] == [1, 1, 1] and all(call["env"]["SECRET"] == "hunter2" for call in launched)
    assert all(call["ids"] for call in calls if call["call"] == "stop"), "everybody's sessions would be stopped"


def cells() -> str:
    notebook = json.loads((AMP / "notebooks" / "fraud.ipynb").read_text(encoding="utf-8"))
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


SAID = [
    "(10,) 50.855", "2592000 26", "2 True", "(1, 20) rate of frauds: 0.043", "finds more than chance: True True",
    "trees, in 2 ranks: True", "served: True", 'refused: did you mean "V20" by "v20"?',
]  # fmt: skip


def test_the_prototype_on_this_machine(tmp_path: Path) -> None:
    path = os.pathsep.join(each for each in sys.path if each)
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": path}
    said = []
    for program in (cells(), (AMP / "scripts" / "check.py").read_text(), (AMP / "scripts" / "train.py").read_text()):
        command = [sys.executable, "-c", program]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=200, check=False, env=environment, cwd=tmp_path
        )
        assert ended.returncode == 0, ended.stderr
        said.append(ended.stdout.splitlines())
    assert [said[0][1:], said[1][1:], said[2]] == [SAID, ["sum: 1000000.0"], ["rounds: 40"]]
    # The application answers at the platform's port.
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    serving = subprocess.Popen(
        [sys.executable, "-c", (AMP / "scripts" / "serve.py").read_text()],
        stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**environment, "CDSW_APP_PORT": str(port), "CDSW_DOMAIN": "example.test"},
        start_new_session=True,
    )  # fmt: skip
    try:
        assert serving.stdout is not None and f"at http://127.0.0.1:{port}/predict" in serving.stdout.readline()
        body = json.dumps({f"V{number}": 3.0 if number <= 4 else 0.0 for number in range(1, 21)}).encode()
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}/predict", body, {"Content-Type": "application/json", "Host": "find-frauds.example.test"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            assert json.load(answer)["prediction"] > 0.5
    finally:
        os.killpg(serving.pid, signal.SIGTERM)
        serving.wait(20)


@pytest.mark.skipif(network.why_not() is not None, reason=str(network.why_not()))
def test_the_prototype_on_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "notebook.py"
    program.write_text(cells())
    monkeypatch.chdir(tmp_path)
    given = {"HOME": str(tmp_path), "STANDIN_CALLS": str(tmp_path / "calls")}
    ended = network.run(Path(__file__).parent / "platform" / "session.py", "python", str(program), env=given)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    link, *said = ended.stdout.splitlines()
    assert link == "https://read-only-worker0000000000.ml.example.test/status" and said == SAID


def test_the_prototype_is_as_the_platform_wants_it() -> None:
    yaml = pytest.importorskip("yaml")
    metadata = yaml.safe_load((AMP / ".project-metadata.yaml").read_text(encoding="utf-8"))
    lengths = {"name": 200, "description": 2048, "author": 64, "specification_version": 16, "prototype_version": 16}
    for field, length in lengths.items():
        assert isinstance(metadata[field], str) and 0 < len(metadata[field]) <= length, field
    time.strptime(metadata["date"], "%Y-%m-%d")
    for runtime in metadata["runtimes"]:
        assert set(runtime) == {"editor", "kernel", "edition"}
    for variable in metadata["environment_variables"].values():
        assert set(variable) <= {"default", "description", "required"}
    for task in metadata["tasks"]:
        assert task["type"] in ("run_session", "start_application") and task["kernel"] == "python3" and task["cpu"] and task["memory"]
        assert ("subdomain" in task) == (task["type"] == "start_application")
        compile((AMP / task["script"]).read_text(), task["script"], "exec")
