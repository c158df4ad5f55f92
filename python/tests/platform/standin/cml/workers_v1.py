"""A stand-in for the platform's module: it behaves as that is documented to, also where that is unpleasant.

Each worker is a machine of :mod:`network`. Launching takes a while, in which its address is ``"unknown"``; a launch that
fails has no ``id``; ``stop_workers()`` without ids stops everybody's workers; two ports of a worker's loopback are seen
by browsers, under names that are made of its id and the domain. What was called is in the file ``STANDIN_CALLS``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from network import Machine, Network

DOMAIN = "ml.example.test"
PORTS = {"CDSW_APP_PORT": "8100", "CDSW_READONLY_PORT": "8090"}
#: Seconds from the launch to a running worker.
SLOW = float(os.environ.get("STANDIN_SLOW", "1.5"))
#: Launches that fail, counted from 0.
FAILING = [int(each) for each in os.environ.get("STANDIN_FAILING", "").split()]

_network = Network()
#: Somebody else's worker is there already.
_workers: dict[str, dict[str, Any]] = {
    "somebodyelses000": {"id": "somebodyelses000", "ip_address": "10.99.0.250", "app_url": "", "status": "running"}
}
_machines: dict[str, Machine] = {}
_processes: dict[str, subprocess.Popen[Any]] = {}


def _next() -> int:
    """The number of the next worker, among all processes of the session."""
    number = 0
    while True:
        try:
            os.close(os.open(f"{os.environ['STANDIN_CALLS']}.number{number}", os.O_CREAT | os.O_EXCL))
            return number
        except FileExistsError:
            number += 1


def _note(name: str, **what: Any) -> None:
    with open(os.environ["STANDIN_CALLS"], "a", encoding="utf-8") as calls:
        calls.write(json.dumps({"call": name, **what}) + "\n")


def launch_workers(
    n: int,
    cpu: float,
    memory: float,
    nvidia_gpu: int = 0,
    kernel: str = "python3",
    script: str = "",
    code: str = "",
    env: dict[str, str] = {},  # noqa: B006, as it is documented
) -> list[dict[str, Any]]:
    given = {"cpu": cpu, "memory": memory, "nvidia_gpu": nvidia_gpu, "kernel": kernel, "script": script}
    _note("launch", n=n, code=code, env=env, **given)
    described = []
    for _ in range(n):
        number = _next()
        if number in FAILING:
            described.append({"error": {"message": "no node has so many resources"}, "status": 500})
            continue
        name = f"worker{number:010d}"
        worker = {"id": name, "ip_address": "unknown", "status": "scheduling", "app_url": f"https://{name}.{DOMAIN}/"}
        _workers[name] = worker
        threading.Thread(target=_start, args=(worker, script, code, env), daemon=True).start()
        described.append(dict(worker))
    return described


def _start(worker: dict[str, Any], script: str, code: str, env: dict[str, str]) -> None:
    time.sleep(SLOW)
    if worker["status"] == "stopped":
        return
    machine = _machines[worker["id"]] = _network.machine()
    command = [sys.executable, script] if script else [sys.executable, "-c", code]
    if not script and code.startswith("!"):
        command = ["sh", "-c", code[1:]]
    variables = {
        "CDSW_ENGINE_ID": worker["id"],
        "CDSW_DOMAIN": DOMAIN,
        "CDSW_IP_ADDRESS": machine.address,
        "CDSW_MASTER_ID": os.environ.get("CDSW_ENGINE_ID", ""),
        **PORTS,
    }
    with open(f"{os.environ['STANDIN_CALLS']}.{worker['id']}", "wb") as output:
        process = machine.popen(
            *command,
            env={**os.environ, **variables, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _processes[worker["id"]] = process
    worker |= {"ip_address": machine.address, "status": "running"}
    code_ = process.wait()
    if worker["status"] == "running":
        worker["status"] = "succeeded" if code_ == 0 else "failed"


def list_workers() -> list[dict[str, Any]]:
    return [dict(worker) for worker in _workers.values()]


def await_workers(
    ids: Any = None, wait_for_completion: bool = True, timeout_seconds: float = 60
) -> dict[str, list[dict[str, Any]]]:
    wanted = [each["id"] if isinstance(each, dict) else each for each in ids]
    good = ("succeeded",) if wait_for_completion else ("running", "succeeded")
    end = time.monotonic() + timeout_seconds if timeout_seconds else float("inf")
    pending = ("scheduling", "running") if wait_for_completion else ("scheduling",)
    while any(_workers[each]["status"] in pending for each in wanted) and time.monotonic() < end:
        time.sleep(0.1)
    described = [dict(_workers[each]) for each in wanted]
    return {
        "workers": [each for each in described if each["status"] in good],
        "failures": [each for each in described if each["status"] not in good],
    }


def stop_workers(*worker_id: str) -> list[str]:
    _note("stop", ids=list(worker_id))
    for each in worker_id or list(_workers):
        worker = _workers[each]
        if worker["status"] in ("running", "scheduling"):
            worker["status"] = "stopped"
        if each in _processes:
            try:
                os.killpg(_processes[each].pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
    return ["<Response [204]>" for _ in worker_id]


def browse(url: str) -> tuple[int, str]:
    """What a browser sees at a worker's URL: the platform's proxy knows who asks, and where what is served."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    assert host.endswith(f".{DOMAIN}"), url
    name = host.removesuffix(f".{DOMAIN}")
    port = PORTS["CDSW_READONLY_PORT"] if name.startswith("read-only-") else PORTS["CDSW_APP_PORT"]
    ask = (
        "import http.client, sys\n"
        "connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))\n"
        "connection.request('GET', sys.argv[2], headers={'Host': sys.argv[3]})\n"
        "answer = connection.getresponse()\n"
        "print(answer.status)\nprint(answer.read().decode())\n"
    )
    machine = _machines[name.removeprefix("read-only-")]
    command = machine.command(sys.executable, "-c", ask, port, parts.path or "/", host)
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    status, _, text = said.stdout.partition("\n")
    return int(status), text
