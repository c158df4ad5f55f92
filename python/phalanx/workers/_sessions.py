"""Sessions that run one process of a cluster each: launched, found, let go in order, stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phalanx.exceptions import ClusterError, PhalanxError, ResourcesError
from phalanx.workers import _api

__all__ = ["Session", "launched", "retire"]

#: Seconds that a worker which is let go may take to finish its tasks and to hand over what it holds.
RETIRE_TIMEOUT = 75.0


def launched(
    n: int, cpu: float, memory: float, nvidia_gpu: int, code: str, env: Mapping[str, str]
) -> tuple[list[Any], list[dict[str, Any]]]:
    """The ids of the sessions that were launched, and what the platform says of the others."""
    described = _api.launch_workers(n, cpu, memory, nvidia_gpu=nvidia_gpu, code=code, env=env)
    ids = [worker["id"] for worker in described if _api.is_there(worker)]
    return ids, [worker for worker in described if not _api.is_there(worker)]


def worker_code(scheduler: str, allow_python: bool) -> str:
    """What the session of a worker runs."""
    return f"!phalanx worker {scheduler}{' --allow-python' if allow_python else ''}"


@dataclass
class Session:
    """A session that was launched."""

    id: Any

    @classmethod
    def of_worker(
        cls, scheduler: str, cpu: float, memory: float, nvidia_gpu: int, env: Mapping[str, str], allow_python: bool
    ) -> Session:
        """Launches one that runs a worker.

        Raises
        ------
        ResourcesError
            It is not launched.
        """
        ids, failed = launched(1, cpu, memory, nvidia_gpu, worker_code(scheduler, allow_python), env)
        if failed:
            raise ResourcesError(f"a session is not launched: {failed[0]}")
        return cls(ids[0])

    def address(self, timeout: float) -> str:
        """Its address, waited for.

        Raises
        ------
        ClusterError
            It ended before, or has none after so many seconds.
        """
        end = time.monotonic() + timeout
        while True:
            described: dict[str, Any] = next((each for each in _api.list_workers() if each.get("id") == self.id), {})
            address, status = described.get("ip_address"), described.get("status")
            if status in _api.ENDED:
                raise ClusterError(f"the session {self.id} is {status}: {described.get('output', '')}")
            if address not in _api.UNKNOWN:
                return str(address)
            if time.monotonic() > end:
                raise ClusterError(f"the session {self.id} has no address after {timeout:.0f} s")
            time.sleep(_api.PERIOD)

    def stop(self) -> None:
        """Stops it."""
        _api.stop_workers(self.id)


def retire(scheduler: Any, hosts: Sequence[str], client: Any = None) -> None:
    """Lets the workers on these addresses go: they finish their tasks and hand over what is persisted on them.

    It returns when they are gone, or at once if there is no scheduler any more.
    """
    from phalanx.distributed import Client

    try:
        own = client if client is not None else Client(scheduler, set_as_default=False)
    except (PhalanxError, ValueError):
        return
    try:
        there = [at for at in own.scheduler_info()["workers"] if at.rpartition(":")[0] in hosts]
        if there:
            own.retire_workers(there)
        end = time.monotonic() + RETIRE_TIMEOUT
        while set(there) & set(own.scheduler_info()["workers"]) and time.monotonic() < end:
            time.sleep(0.1)
    except (PhalanxError, ValueError):
        pass  # the scheduler is gone, or a worker is already
    finally:
        if client is None:
            own.close()
