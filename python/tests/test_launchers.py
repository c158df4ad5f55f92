"""What all launchers have in common, on this machine; the rule by which a cluster adapts; the prototype."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import network
import pytest

import phalanx.array as da
from phalanx.distributed import Client, LocalCluster
from phalanx.distributed._adaptive import Rule, needed

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


def stage(tasks: int, done: int = 0, running: int = 0) -> dict[str, int]:
    return {"tasks": tasks, "tasks_done": done, "tasks_running": running}


@pytest.mark.parametrize(
    ("stages", "cores", "workers"),
    [
        ([], 1, 1),  # it is being planned
        ([stage(8)], 1, 8),
        ([stage(8)], 4, 2),
        ([stage(8, done=6, running=2), stage(100)], 1, 2),  # the second waits for the first
        ([stage(8, done=8), stage(5, running=1)], 2, 3),
        ([stage(8, done=8), stage(5, done=5)], 1, 0),
    ],
)
def test_what_is_needed(stages: list[dict[str, int]], cores: int, workers: int) -> None:
    assert needed([{"stages": stages}], [{"cores": cores}]) == workers
    assert needed([], [{"cores": cores}]) == 0


def test_the_rule_follows_the_queue() -> None:
    rule = Rule(1, 6, patience=3)
    there, targets = 1, []
    for wanted in [0, 4, 9, 0, 2, 0, 0, 0, 0]:
        there = rule.target(there, wanted)
        targets.append(there)
    assert targets == [1, 4, 6, 6, 6, 2, 2, 1, 1]
    for bounds in [(-1, 2, 1), (3, 2, 1), (0, 0, 1), (0, 1, 0)]:
        with pytest.raises(ValueError, match="adapt from"):
            Rule(*bounds)


def test_the_rule_never_thrashes() -> None:
    seed = random.randrange(1 << 30)
    draw, patience = random.Random(seed), 5
    for _ in range(200):
        rule, there, grown, history = Rule(0, 8, patience), 0, -patience, []
        for look in range(60):
            wanted = draw.choice([0, 0, 1, 3, 8, 12])
            history.append(wanted)
            target = rule.target(there, wanted)
            assert 0 <= target <= 8, seed
            assert target >= min(8, wanted), f"seed {seed}: work waits for a worker that may be launched"
            if target > there:
                grown = look
            if target < there:
                assert look - grown >= patience - 1, f"seed {seed}: what was launched {look - grown} looks ago is stopped"
                assert target == min(8, max(history[-patience:])), f"seed {seed}: a worker goes that was needed"
            there = target


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
    for program in (cells(), (AMP / "scripts" / "check.py").read_text()):
        command = [sys.executable, "-c", program]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=200, check=False, env=environment, cwd=tmp_path
        )
        assert ended.returncode == 0, ended.stderr
        lines = ended.stdout.splitlines()
        assert lines[1:] == SAID or lines[1:] == ["sum: 1000000.0"]


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
        assert task["type"] == "run_session" and task["kernel"] == "python3" and task["cpu"] and task["memory"]
        compile((AMP / task["script"]).read_text(), task["script"], "exec")
