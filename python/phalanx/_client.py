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
    global _local
    chosen = client if client is not None else current()
    if chosen is not None:
        return chosen if isinstance(chosen, _phalanx.Client) else chosen._native
    with _lock:
        if _local is None:
            _local = _phalanx.Client.local()
        return _local


def _after_fork() -> None:
    """A forked child has none of its parent's threads: it starts with an engine of its own."""
    global _local
    _local = None
    _clients.clear()


os.register_at_fork(after_in_child=_after_fork)
