"""Which engine runs what: the current client's, or one of this process if there is none."""

from __future__ import annotations

import os
import threading
from typing import Any

from phalanx import _phalanx

__all__ = ["current", "native", "pop", "push"]

_lock = threading.Lock()
_clients: list[Any] = []
_local: _phalanx.Client | None = None


def push(client: Any) -> None:
    """Makes ``client`` the current one."""
    with _lock:
        _clients.append(client)


def pop(client: Any) -> None:
    """Takes ``client`` out; the one before it is current again."""
    with _lock:
        if client in _clients:
            _clients.remove(client)


def current() -> Any | None:
    """The client that was made last and is not closed, or None."""
    return _clients[-1] if _clients else None


def native(client: Any | None = None) -> _phalanx.Client:
    """The native client of ``client``, of the current one, or of this process."""
    chosen = client if client is not None else current()
    if chosen is not None:
        return chosen if isinstance(chosen, _phalanx.Client) else chosen._native
    return local()


def local() -> _phalanx.Client:
    """The native client of this process."""
    global _local
    with _lock:
        if _local is None:
            _local = _phalanx.Client.local()
        return _local


#: Schedulers of Dask's that compute on this machine; here that is this process.
_LOCAL_SCHEDULERS = (
    "processes",
    "multiprocessing",
    "single-threaded",
    "sync",
    "synchronous",
    "threaded",
    "threading",
    "threads",
)


def of_scheduler(scheduler: Any, client: Any | None = None) -> Any:
    """What ``scheduler=`` of a call means: a client, or the native one of this process.

    Raises
    ------
    TypeError
        A client was given too.
    ValueError
        The name is unknown, or means a cluster and there is no client.
    """
    if client is not None:
        raise TypeError("give client= or scheduler=, not both")
    if not isinstance(scheduler, str):
        return scheduler
    if scheduler.lower() in _LOCAL_SCHEDULERS:
        return local()
    if scheduler.lower() in ("distributed", "dask.distributed"):
        if (found := current()) is None:
            raise ValueError("scheduler='distributed' needs a client, and there is none: Client()")
        return found
    raise ValueError(f"unknown scheduler {scheduler!r}: 'threads' (this process), 'distributed', or a client")


def _after_fork() -> None:
    """A forked child has none of its parent's threads: it starts with an engine of its own."""
    global _local
    _local = None
    _clients.clear()


os.register_at_fork(after_in_child=_after_fork)
