"""A scheduler and workers in sessions of Cloudera AI, or in processes of this machine, in one call."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from phalanx.distributed._base import Cluster
from phalanx.exceptions import ClusterError, ResourcesError
from phalanx.workers import _api, _local, _sessions

__all__ = ["CloudCluster"]

#: Where schedulers listen.
PORT = 8786
#: Seconds within which all of a cluster must be there.
START_TIMEOUT = 300.0
#: Seconds within which a session ends whose worker has left.
END_TIMEOUT = 10.0


class CloudCluster(Cluster):
    """A scheduler and workers, launched by :func:`phalanx.workers.launch_workers`, and stopped when this is closed.

    It launches a session for the scheduler, waits for its address, launches sessions for the workers, waits until they
    have joined, and knows a client and the address of the status page. Where something does not start, what did is
    stopped again.

    Parameters
    ----------
    n_workers : int
        How many workers.
    worker_cpu, worker_memory : float
        Cores and gigabytes of each.
    nvidia_gpu : int
        GPUs of each.
    scheduler_cpu, scheduler_memory : float
        Cores and gigabytes of the scheduler's session.
    dashboard_port : int, optional
        The port of the status page; by default the platform's port for pages that only show (``CDSW_READONLY_PORT``).
    env : dict of str, optional
        Variables for all sessions.
    allow_python : bool
        Whether workers run Python functions: then everybody who may use the cluster runs any code as you.
    timeout : float
        Seconds within which all must be there.

    Raises
    ------
    ResourcesError
        A session is not launched.
    ClusterError
        A session is there, and its process is not.

    Examples
    --------
    >>> from phalanx.workers import CloudCluster
    >>> with CloudCluster(n_workers=2, worker_cpu=1, worker_memory=2) as cluster:  # doctest: +SKIP
    ...     cluster.get_client().scheduler_info()["workers"]
    """

    def __init__(
        self,
        n_workers: int = 2,
        worker_cpu: float = 1,
        worker_memory: float = 2,
        *,
        nvidia_gpu: int = 0,
        scheduler_cpu: float = 1,
        scheduler_memory: float = 2,
        dashboard_port: int | None = None,
        env: Mapping[str, str] | None = None,
        allow_python: bool | None = None,
        timeout: float = START_TIMEOUT,
    ) -> None:
        from phalanx.distributed import _cluster

        super().__init__()
        self._cpu, self._memory, self._gpus, self._env = worker_cpu, worker_memory, nvidia_gpu, dict(env or {})
        self._python = bool(_cluster.ALLOW_PYTHON if allow_python is None else allow_python)
        self._timeout = timeout
        self._ids: list[Any] = []
        port = dashboard_port or int(os.environ.get("CDSW_READONLY_PORT", _local.READ_ONLY_PORT))
        command = f"!phalanx scheduler --host 0.0.0.0 --port {PORT} --dashboard-address 127.0.0.1:{port}"
        self._scheduler: Any = None
        try:
            self._scheduler = self._launched(1, scheduler_cpu, scheduler_memory, 0, command, {})[0]
            self.scheduler_address = f"tcp://{_sessions.Session(self._scheduler).address(timeout)}:{PORT}"
            self._connected()
            self.launch(n_workers)
            self.wait_for_workers(n_workers, timeout)
        except BaseException:
            self.close()
            raise

    def _launched(
        self, n: int, cpu: float, memory: float, nvidia_gpu: int, code: str, env: Mapping[str, str]
    ) -> list[Any]:
        """The ids of ``n`` sessions that run ``code``."""
        ids, failed = _sessions.launched(n, cpu, memory, nvidia_gpu, code, {**self._env, **env}) if n else ([], [])
        self._ids += ids
        if failed:
            raise ResourcesError(f"{len(failed)} of {n} sessions are not launched: {failed[0]}")
        return ids

    def _connected(self) -> None:
        """Waits until the scheduler answers; what it says is taken for the cluster's."""
        from phalanx.distributed import Client

        end = time.monotonic() + self._timeout
        while True:
            try:
                self._client = Client(self, set_as_default=False)
                return
            except ClusterError as error:
                described = self._described().get(self._scheduler, {})
                if described.get("status") in _api.ENDED or time.monotonic() > end:
                    error.add_note(f"the scheduler's session: {described}")
                    raise
                time.sleep(_api.PERIOD)

    def _described(self) -> dict[Any, dict[str, Any]]:
        """What the platform says of our sessions, by id."""
        return {each["id"]: each for each in _api.list_workers() if each.get("id") in self._ids}

    def launch(
        self,
        n: int = 1,
        cores: float | None = None,
        memory: float | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[Any]:
        """Launches ``n`` more workers of so many cores and gigabytes (those of the others, by default); returns ids."""
        code = _sessions.worker_code(self.scheduler_address, self._python)
        return self._launched(n, cores or self._cpu, memory or self._memory, self._gpus, code, env or {})

    @property
    def workers(self) -> list[Any]:
        """Ids of the sessions of workers that have not ended, the oldest first."""
        described = self._described()
        return [
            each
            for each in self._ids
            if each != self._scheduler and described.get(each, {}).get("status") not in _api.ENDED
        ]

    def describe(self) -> list[dict[str, Any]]:
        """Descriptions of all sessions of this cluster, the scheduler's first."""
        described = self._described()
        return [described[each] for each in self._ids if each in described]

    def logs(self) -> dict[str, str]:
        """What each session printed; on the platform, which shows that in its console and not to programs, what its
        process wrote to its log lately.
        """
        told: dict[str, list[tuple[str, str]]] = {}
        found = {}
        for described in self.describe():
            name, path, address = str(described["id"]), described.get("log"), described.get("ip_address")
            if path is not None:
                with open(path, encoding="utf-8", errors="replace") as log:
                    found[name] = log.read()
                continue
            if described["id"] == self._scheduler:
                lines = self._looking().get_scheduler_logs()
            else:
                told = told or self._looking().get_worker_logs()
                lines = [line for at, of in told.items() if at.rpartition(":")[0] == address for line in of]
            found[name] = "".join(f"{level} {text}\n" for level, text in reversed(lines))
        return found

    def stop(self, *workers: Any) -> None:
        """Lets workers of this cluster go, by the ids of their sessions: each finishes its tasks, and hands over what is
        persisted on it, before its session is stopped.
        """
        for each in workers:
            if each not in self._ids:
                raise ValueError(f"{each!r} is not a session of this cluster")
        going = [each for each in self.describe() if each["id"] in workers and each.get("status") not in _api.ENDED]
        if going and self._scheduler not in workers:
            _sessions.retire(None, [str(each.get("ip_address")) for each in going], client=self._looking())
            # What has left ends by itself in a moment; only what does not is stopped.
            _api.await_workers([each["id"] for each in going], timeout_seconds=END_TIMEOUT)
        self._stop(workers)

    def _stop(self, sessions: Sequence[Any]) -> None:
        if sessions:
            _api.stop_workers(*sessions)
            self._ids = [each for each in self._ids if each not in sessions]

    def _close(self) -> None:
        self._stop(list(self._ids))
