"""A scheduler and workers as processes of this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from phalanx import _phalanx
from phalanx.array._chunks import parse_bytes
from phalanx.distributed._base import Cluster

__all__ = ["LocalCluster"]

#: Whether workers run Python functions where nobody says it; ``phalanx run --allow-python`` sets it.
ALLOW_PYTHON = False


def _memory_of_machine() -> int:
    """Bytes of memory that this machine, or the container that we are in, has."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            text = limit.read().strip()
        return total if text == "max" else min(total, int(text))
    except (OSError, ValueError):
        return total


class LocalCluster(Cluster):
    """A scheduler and workers as processes of this machine, stopped with it.

    Parameters
    ----------
    n_workers : int, optional
        How many workers; by default as many as the machine has cores, divided by ``threads_per_worker``.
    threads_per_worker : int, optional
        Tasks that a worker runs at once; 1 by default.
    memory_limit : int, float, str or None, default "auto"
        Bytes for each worker's tasks: a number, ``"4GiB"``, a fraction of the machine's memory, or ``"auto"`` for an
        equal share of it.
    allow_python : bool, optional
        Whether workers run Python functions (``map_blocks``, ``map_partitions``, ``Client.submit``): then everybody
        who reaches the scheduler can run any code as you. False by default; ``phalanx run --allow-python`` turns it.
    silence_logs : optional
        Taken as Dask takes it; workers log errors only.

    Examples
    --------
    >>> from phalanx.distributed import Client, LocalCluster
    >>> with LocalCluster(n_workers=2) as cluster, Client(cluster) as client:  # doctest: +SKIP
    ...     client.scheduler_info()["workers"]
    """

    def __init__(
        self,
        n_workers: int | None = None,
        threads_per_worker: int | None = None,
        memory_limit: Any = "auto",
        *,
        processes: bool = True,
        dashboard_address: Any = None,
        allow_python: bool | None = None,
        silence_logs: Any = None,
    ) -> None:
        from phalanx.exceptions import UnsupportedError

        if not processes:
            raise UnsupportedError("LocalCluster(processes=False)", "Client() without a cluster runs in this process")
        if dashboard_address not in (None, ":0", "127.0.0.1:0", "localhost:0"):
            raise UnsupportedError(
                "LocalCluster(dashboard_address=...)",
                "the dashboard takes a free port, see Client.dashboard_link; `phalanx scheduler --dashboard` chooses",
            )
        super().__init__()
        self.status = "closed"  # until everything is in its place
        threads_per_worker = 1 if threads_per_worker is None else int(threads_per_worker)
        if threads_per_worker < 1 or (n_workers is not None and n_workers < 0):
            raise ValueError(f"{n_workers} workers of {threads_per_worker} threads: name at least one thread")
        if n_workers is None:
            n_workers = max(1, len(os.sched_getaffinity(0)) // threads_per_worker)
        self._threads = threads_per_worker
        program = [sys.executable, "-m", "phalanx"]
        limit = bytes_of_limit(memory_limit, max(1, n_workers))
        allow = ALLOW_PYTHON if allow_python is None else allow_python
        self._native = _phalanx.LocalCluster.start(program, n_workers, threads_per_worker, limit, allow)
        self.scheduler_address: str = self._native.address
        self.status = "running"

    @property
    def dashboard_link(self) -> str | None:
        """The address of the status page."""
        link: str | None = self._native.dashboard
        return link

    @property
    def workers(self) -> list[int]:
        """Process ids of the workers."""
        return list(self._native.workers)

    def launch(
        self,
        n: int = 1,
        cores: int | None = None,
        memory: int | str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[int]:
        """Starts ``n`` more workers, by default like the others; returns their process ids.

        Parameters
        ----------
        n : int
            How many.
        cores : int, optional
            Tasks that each runs at once.
        memory : int or str, optional
            Bytes for the tasks of each.
        env : dict of str, optional
            Variables of their processes.
        """
        limit = parse_bytes(memory) if isinstance(memory, str) else memory
        return [self._native.launch(cores, limit, list((env or {}).items())) for _ in range(n)]

    def stop(self, *workers: int) -> None:
        """Lets workers go, by process id: each finishes its tasks first, and hands over what is persisted on it."""
        self._native.let_go(list(workers))

    def logs(self) -> dict[str, str]:
        """The latest lines that each process wrote to standard error, where they also are."""
        return dict(self._native.logs())

    def scale(self, n: int) -> None:
        """Starts workers, or lets the youngest go, until there are ``n``. One that leaves finishes its tasks first."""
        self._native.scale(int(n))

    def _close(self) -> None:
        self._native.stop()

    def __repr__(self) -> str:
        if self.status == "closed":
            return "LocalCluster(closed)"
        return f"LocalCluster({self.scheduler_address!r}, workers={len(self.workers)}, threads={self._threads})"


def bytes_of_limit(memory_limit: Any, workers: int) -> int:
    """Bytes for the tasks of each of so many workers."""
    if memory_limit is None or memory_limit == "auto":
        return max(256 << 20, int(_memory_of_machine() * 0.8) // workers)
    if isinstance(memory_limit, str):
        return parse_bytes(memory_limit)
    if isinstance(memory_limit, float) and memory_limit <= 1.0:
        return int(_memory_of_machine() * memory_limit)
    return int(memory_limit)
