"""The four functions, over the platform's module or over processes of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Any

from phalanx.workers import _local, _platform
from phalanx.workers._commands import ours
from phalanx.workers._credentials import minted

__all__ = ["await_workers", "is_there", "launch_workers", "list_workers", "stop_workers"]

#: What a worker's address is until it has one.
UNKNOWN = ("", "unknown", None)
#: What a worker's status is when it will run no more.
ENDED = ("failed", "stopped", "succeeded", "timedout")
#: Seconds within which a launched worker must have its address.
ADDRESS_TIMEOUT = 120.0
#: Seconds between two looks at the platform.
PERIOD = 0.5

#: Ids of what this program launched, the oldest first: `stop_workers()` stops these and nobody else's.
_launched: list[Any] = []


def launch_workers(
    n: int,
    cpu: float,
    memory: float,
    nvidia_gpu: int = 0,
    kernel: str = "python3",
    script: str = "",
    code: str = "",
    env: Mapping[str, str] | None = None,
    **platform: Any,
) -> list[dict[str, Any]]:
    """Launches ``n`` workers that run a script or code.

    Parameters
    ----------
    n : int
        How many.
    cpu : float
        Cores of each.
    memory : float
        Gigabytes of each.
    nvidia_gpu : int
        GPUs of each.
    kernel : str
        The platform's kernel, for projects of legacy engines.
    script : str
        A file of Python to run.
    code : str
        Python to run, if there is no script. A line that begins with ``!`` is a command of the shell: ``!phalanx
        scheduler --host 0.0.0.0``, ``!phalanx worker tcp://HOST:8786``. Dask's commands (``!dask-scheduler``,
        ``!dask-worker``, ``!dask scheduler``, ``!dask worker``) start ours.
    env : dict of str
        Variables for the workers.
    **platform
        What else the platform's function takes, as ``resource_profile_id``; refused elsewhere.

    Returns
    -------
    list of dict
        A description of each: ``id``, ``ip_address`` (``"unknown"`` until it has one), ``app_url``, ``status``. One that
        could not be launched has no ``id``; :func:`await_workers` counts it as a failure.

    Raises
    ------
    ValueError
        Numbers that are no resources, neither script nor code, or a scheduler's address that is not known yet.

    Notes
    -----
    On this machine, each worker has an address of its own below 127.0.0.0/8, which stands for ``0.0.0.0`` and
    ``127.0.0.1`` in the command of a scheduler, and ends with this program. What it prints goes to the file ``log`` of
    its description.
    """
    if int(n) != n or n < 0 or cpu <= 0 or memory <= 0 or nvidia_gpu < 0:
        raise ValueError(f"{n} workers of {cpu} cores, {memory} GB and {nvidia_gpu} GPUs: name what each is to have")
    if not script and not code:
        raise ValueError("launch_workers needs a script or code for the workers to run")
    if "tcp://unknown:" in code:
        raise ValueError(
            "the scheduler's address is not known yet (tcp://unknown): ask list_workers() again when it runs"
        )
    given: dict[str, Any] = {"n": int(n), "cpu": cpu, "memory": memory, "nvidia_gpu": nvidia_gpu, "kernel": kernel}
    given |= {"script": script, "code": ours(code), "env": dict(env or {})}
    module = _platform.module()
    if module is None:
        described = _local.launch(**given, platform=platform)
    else:
        said = os.environ.get("PHALANX_CREDENTIALS")
        if said:
            given["env"].setdefault("PHALANX_CREDENTIALS", os.path.abspath(os.path.expanduser(said)))
        else:
            minted()
        described = list(module.launch_workers(**given, **platform))
    _launched.extend(worker["id"] for worker in described if is_there(worker))
    return described


def list_workers() -> list[dict[str, Any]]:
    """Describes the workers of this session, those that ended too.

    It waits, two minutes at most, until those that this program launched have their addresses.
    """
    module = _platform.module()
    if module is None:
        return _local.describe()
    end = time.monotonic() + ADDRESS_TIMEOUT
    while True:
        described = list(module.list_workers())
        if time.monotonic() > end or not any(_starts(worker) for worker in described):
            return described
        time.sleep(PERIOD)


def _starts(worker: Mapping[str, Any]) -> bool:
    """Whether it is ours, and has no address yet but may get one."""
    return (
        worker.get("id") in _launched
        and worker.get("ip_address") in UNKNOWN
        and worker.get("status") not in ENDED
    )


def await_workers(
    ids: Any = None, wait_for_completion: bool = True, timeout_seconds: float = 60
) -> dict[str, list[dict[str, Any]]]:
    """Waits until workers have run to their end, or, with ``wait_for_completion=False``, until they run.

    Parameters
    ----------
    ids : id, or list of ids or descriptions, optional
        Which; by default all that this program launched.
    wait_for_completion : bool
        Whether to wait for their success.
    timeout_seconds : float
        How long; 0 waits for ever.

    Returns
    -------
    dict
        ``workers``: descriptions of those that are there; ``failures``: of those that are not, and of launches that
        failed.
    """
    asked = _each(_launched if ids is None else ids)
    failed = [dict(worker) for worker in asked if isinstance(worker, Mapping) and not is_there(worker)]
    wanted = [_id(worker) for worker in asked if not isinstance(worker, Mapping) or is_there(worker)]
    answer: dict[str, list[dict[str, Any]]] = {"workers": [], "failures": []}
    if wanted:
        module = _platform.module()
        if module is None:
            answer = _local.wait(wanted, wait_for_completion, timeout_seconds)
        else:
            said = module.await_workers(
                wanted, wait_for_completion=wait_for_completion, timeout_seconds=timeout_seconds
            )
            answer = {key: list(said.get(key, [])) for key in answer}
    answer["failures"] += failed
    return answer


def stop_workers(*worker_id: Any) -> list[Any]:
    """Stops workers, by ids or descriptions; without any, those that this program launched, and nobody else's.

    Returns
    -------
    list
        What the platform answers for each.
    """
    wanted = [_id(worker) for worker in worker_id if not isinstance(worker, Mapping) or is_there(worker)]
    if not worker_id:
        module = _platform.module()
        described = _local.describe() if module is None else module.list_workers()
        ended = [worker.get("id") for worker in described if worker.get("status") in ENDED]
        wanted = [each for each in _launched if each not in ended]
    if not wanted:
        return []  # the platform's function without ids would stop everybody's
    module = _platform.module()
    answers = _local.stop(wanted) if module is None else list(module.stop_workers(*wanted) or [])
    _launched[:] = [each for each in _launched if each not in wanted]
    return answers


def is_there(worker: Mapping[str, Any]) -> bool:
    """Whether a description is that of a worker, not of a launch that failed."""
    return worker.get("id") not in (None, "")


def _each(ids: Any) -> list[Any]:
    alone = isinstance(ids, (str, Mapping)) or not isinstance(ids, Iterable)
    return [ids] if alone else list(ids)


def _id(worker: Any) -> Any:
    return worker["id"] if isinstance(worker, Mapping) else worker
