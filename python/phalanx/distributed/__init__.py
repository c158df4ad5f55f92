"""A cluster and its client, with the names of ``dask.distributed``."""

from __future__ import annotations

from phalanx.distributed._client import Client, default_client, get_client
from phalanx.distributed._cluster import LocalCluster
from phalanx.distributed._futures import (
    ALL_COMPLETED,
    FIRST_COMPLETED,
    Future,
    TimeoutError,
    as_completed,
    fire_and_forget,
    wait,
)
from phalanx.distributed._progress import progress

__all__ = [
    "ALL_COMPLETED",
    "FIRST_COMPLETED",
    "Client",
    "Future",
    "LocalCluster",
    "TimeoutError",
    "as_completed",
    "default_client",
    "fire_and_forget",
    "get_client",
    "progress",
    "wait",
]
