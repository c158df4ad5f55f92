"""``dask.config``: settings are taken and given back; those that change something here do, others say that they don't.

What Dask tunes about its own graphs, workers and conversions has no meaning here and is only remembered.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["config", "get", "refresh", "set"]

config: dict[str, Any] = {}
_lock = threading.Lock()
#: Settings of how Dask does things: whatever they say, results are the same here.
_MEANINGLESS = ("admin.", "array.slicing.", "dataframe.", "distributed.", "optimization.", "tokenize.", "logging.")
_KNOWN = ("scheduler", "num_workers", "pool", "temporary-directory", "temporary_directory", "array.chunk-size")


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        name = f"{prefix}{str(key).replace('_', '-') if prefix else key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, value


class set:
    """Settings from here on, or as a context manager as long as it lasts: ``set({"a.b": 1})``, ``set(scheduler=...)``."""

    def __init__(self, arg: Mapping[str, Any] | None = None, lock: Any = None, **kwargs: Any) -> None:
        from phalanx import _client

        settings = dict(_flat(arg or {}))
        settings.update((key.replace("__", "."), value) for key, value in kwargs.items())
        for key, value in settings.items():
            if key == "scheduler" and value is not None:
                _client.of_scheduler(value)
            elif key == "array.chunk-size":
                raise NotImplementedError("dask.config array.chunk-size: give chunks= where arrays are made")
            elif key not in _KNOWN and not key.startswith(_MEANINGLESS):
                raise NotImplementedError(f"dask.config {key!r} is not covered by Phalanx: leave it out")
        with _lock:
            self._before = {key: config.get(key, _MISSING) for key in settings}
            config.update(settings)

    def __enter__(self) -> dict[str, Any]:
        return config

    def __exit__(self, *_: object) -> None:
        with _lock:
            for key, value in self._before.items():
                if value is _MISSING:
                    config.pop(key, None)
                else:
                    config[key] = value


_MISSING = object()


def get(key: str, default: Any = _MISSING, **_: Any) -> Any:
    """What was set for ``key``."""
    value = config.get(key, default)
    if value is _MISSING:
        raise KeyError(f"{key}: it was not set, and Dask's defaults have no meaning here; get(key, default) takes one")
    return value


def refresh(**_: Any) -> None:
    """Forgets what was set."""
    config.clear()
