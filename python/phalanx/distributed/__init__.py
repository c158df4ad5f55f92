"""A cluster and its client, with the names of ``dask.distributed``."""

from __future__ import annotations

from typing import Any

from phalanx.distributed._as_completed import as_completed
from phalanx.distributed._client import Client, default_client, get_client, replay
from phalanx.distributed._cluster import LocalCluster
from phalanx.distributed._futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    Future,
    TimeoutError,
    fire_and_forget,
    futures_of,
    wait,
)
from phalanx.distributed._options import ABSENT
from phalanx.distributed._performance import performance_report
from phalanx.distributed._progress import progress
from phalanx.distributed._ssh import SSHCluster
from phalanx.exceptions import CancelledError

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "CancelledError",
    "Client",
    "Future",
    "LocalCluster",
    "SSHCluster",
    "TimeoutError",
    "as_completed",
    "default_client",
    "fire_and_forget",
    "futures_of",
    "get_client",
    "performance_report",
    "progress",
    "replay",
    "wait",
]


def __getattr__(name: str) -> Any:
    if name in ABSENT:
        from phalanx._absent import refuse

        refuse("phalanx.distributed", name, ABSENT[name])
    raise AttributeError(f"module 'phalanx.distributed' has no attribute {name!r}")
