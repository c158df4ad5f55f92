"""How a client gets its engine: of a scheduler at an address, or of this process."""

from __future__ import annotations

import time
from typing import Any

from phalanx import _phalanx
from phalanx.distributed._cluster import bytes_of_limit
from phalanx.exceptions import ClusterError

__all__ = ["connect", "in_process", "is_here"]


def is_here(url: str) -> bool:
    """Whether a scheduler's address is this machine's usual one.

    Other addresses of loopback stand for other machines: those of sessions that `phalanx.workers` starts here.
    """
    return url.partition("://")[2].rpartition(":")[0] in ("localhost", "127.0.0.1", "[::1]")


def connect(url: str, credentials: str | None, own: bool, patience: float, retries: int) -> Any:
    """The native client of a scheduler, which may take so many seconds to answer."""
    end = time.monotonic() + patience
    while True:
        try:
            return _phalanx.Client.connect(url, credentials, own=own, retries=retries)
        except ClusterError:
            if time.monotonic() >= end:
                raise
        time.sleep(0.25)


def in_process(
    processes: bool,
    n_workers: int | None = None,
    threads_per_worker: int | None = None,
    memory_limit: Any = None,
    dashboard_address: Any = None,
    silence_logs: Any = None,
) -> Any:
    """The engine of this process, with as many threads and as much memory as such a cluster would have."""
    threads = None if n_workers is None and threads_per_worker is None else (n_workers or 1) * (threads_per_worker or 1)
    limit = None if memory_limit in (None, "auto") else bytes_of_limit(memory_limit, 1) * (n_workers or 1)
    return _phalanx.Client.local(threads, limit)
