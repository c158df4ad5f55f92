"""Workers as processes of this machine, each with a loopback address of its own. They end with this program."""

from __future__ import annotations

import atexit
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phalanx.workers._commands import at_address

__all__ = ["describe", "launch", "stop", "wait"]

#: As on the platform: which ports of a session browsers see.
APP_PORT, READ_ONLY_PORT = 8100, 8090
#: How long a worker may take to end after it was asked, in seconds.
STOP_TIMEOUT = 5.0
#: The part of a worker's memory that is for its tasks; the rest is for the process itself.
TASKS_SHARE = 0.7
_DASHBOARD = re.compile(r"--dashboard(?:-address)?[ =]+(\S+:\d+)")


@dataclass
class _Worker:
    """A process group: the one that runs the code, and what it started."""

    id: str
    address: str
    url: str
    log: Path
    process: subprocess.Popen[str]
    is_stopped: bool = field(default=False)

    @property
    def status(self) -> str:
        code = self.process.poll()
        if code is None:
            return "running"
        return "stopped" if self.is_stopped else "succeeded" if code == 0 else "failed"

    def described(self) -> dict[str, Any]:
        found = {"id": self.id, "ip_address": self.address, "app_url": self.url, "status": self.status}
        found["log"] = str(self.log)
        if found["status"] == "failed":
            found["output"] = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        return found


_workers: dict[str, _Worker] = {}
_lock = threading.Lock()
_folder: Path | None = None


def _logs() -> Path:
    """A folder of this program's own, gone when it ends."""
    global _folder
    with _lock:
        if _folder is None:
            _folder = Path(tempfile.mkdtemp(prefix="phalanx-workers-"))
            atexit.register(_end, os.getpid(), _folder)
        return _folder


def _end(process: int, folder: Path) -> None:
    if os.getpid() == process:  # not a fork of it
        stop([worker.id for worker in _workers.values()])
        shutil.rmtree(folder, ignore_errors=True)


def launch(
    n: int,
    cpu: float,
    memory: float,
    nvidia_gpu: int,
    kernel: str,
    script: str,
    code: str,
    env: dict[str, str],
    platform: dict[str, Any],
) -> list[dict[str, Any]]:
    """Starts ``n`` processes; see :func:`phalanx.workers.launch_workers`."""
    from phalanx.exceptions import UnsupportedError

    if kernel != "python3":
        raise UnsupportedError(f"launch_workers(kernel={kernel!r}) off the platform", "use python3")
    if asked := [name for name, value in platform.items() if value is not None]:
        raise UnsupportedError(f"launch_workers({asked[0]}=...) off the platform", "leave it out on this machine")
    there = len([name for name in os.listdir("/dev") if re.fullmatch(r"nvidia\d+", name)])
    if nvidia_gpu > there:
        raise ValueError(f"{nvidia_gpu} GPUs for each worker, and this machine has {there}")
    if script and not os.path.isfile(script):
        raise FileNotFoundError(f"launch_workers(script={script!r}): there is no such file")
    folder = _logs()
    return [_start(folder, cpu, memory, script, code, env).described() for _ in range(n)]


def _start(folder: Path, cpu: float, memory: float, script: str, code: str, env: dict[str, str]) -> _Worker:
    system = random.SystemRandom()
    name = "".join(system.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=16))
    address = f"127.{system.randrange(64, 128)}.{system.randrange(256)}.{system.randrange(1, 255)}"
    code = at_address(code, address)
    page = _DASHBOARD.search(code)
    variables = {
        "CDSW_IP_ADDRESS": address,
        "CDSW_APP_PORT": str(APP_PORT),
        "CDSW_READONLY_PORT": str(READ_ONLY_PORT),
        "PHALANX_CORES": str(max(1, int(cpu))),
        "PHALANX_MEMORY": str(int(memory * TASKS_SHARE * (1 << 30))),
    }
    path = os.pathsep.join(each for each in sys.path if each)
    log = folder / f"{name}.log"
    with open(log, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "phalanx.workers._engine"],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": path, **variables, **env},
            start_new_session=True,
        )
    assert process.stdin is not None
    # The pipe stays open: its end tells the worker that we are gone, however we ended.
    process.stdin.write(json.dumps({"script": script, "code": code}) + "\n")
    process.stdin.flush()
    url = f"http://{page[1] if page else f'{address}:{APP_PORT}'}/"
    worker = _workers[name] = _Worker(name, address, url, log, process)
    return worker


def describe() -> list[dict[str, Any]]:
    """All that this program launched."""
    return [worker.described() for worker in list(_workers.values())]


def wait(ids: list[Any], wait_for_completion: bool, timeout_seconds: float) -> dict[str, list[dict[str, Any]]]:
    """See :func:`phalanx.workers.await_workers`."""
    end = time.monotonic() + timeout_seconds if timeout_seconds else None
    waited = [_workers[each] for each in _known(ids)]
    good = ("succeeded",) if wait_for_completion else ("running", "succeeded")
    while wait_for_completion and any(worker.status == "running" for worker in waited):
        if end is not None and time.monotonic() > end:
            break
        time.sleep(0.05)
    described = [worker.described() for worker in waited]
    return {
        "workers": [each for each in described if each["status"] in good],
        "failures": [each for each in described if each["status"] not in good],
    }


def stop(ids: list[Any]) -> list[Any]:
    """Asks the processes of these workers to end, waits for that, and kills those that do not. Says what each is now."""
    going = [_workers[each] for each in _known(ids)]
    for worker in going:
        worker.is_stopped = worker.process.poll() is None
        _signal(worker, signal.SIGTERM)
    end = time.monotonic() + STOP_TIMEOUT
    while any(_is_there(worker) for worker in going) and time.monotonic() < end:
        time.sleep(0.02)
    for worker in going:
        _signal(worker, signal.SIGKILL)
        worker.process.wait()
        if worker.process.stdin is not None:
            worker.process.stdin.close()
    return [worker.status for worker in going]


def _known(ids: list[Any]) -> list[Any]:
    for each in ids:
        if each not in _workers:
            raise ValueError(f"{each!r} is not a worker that this program launched")
    return ids


def _signal(worker: _Worker, number: signal.Signals) -> None:
    try:
        # The group bears the first process's id as long as one of its processes lives.
        os.killpg(worker.process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def _is_there(worker: _Worker) -> bool:
    worker.process.poll()  # a zombie would count as there
    try:
        os.killpg(worker.process.pid, 0)
    except ProcessLookupError:
        return False
    return True
