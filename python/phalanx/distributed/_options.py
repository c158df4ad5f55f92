"""What Dask's client takes and ours need not, or can't."""

from __future__ import annotations

from typing import Any

__all__ = ["CALL_OPTIONS", "ELSEWHERE", "refuse"]

#: Arguments that Dask's schedulers take as hints; there is nothing that they would change here.
_HINTS = {
    "allow_other_workers",
    "broadcast",
    "direct",
    "fifo_timeout",
    "force",
    "hash",
    "optimize_graph",
    "priority",
    "pure",
    "retries",
    "timeout",
}
#: Arguments that Dask takes to choose workers, and ours chooses itself.
_PLACES = {
    "actor": "keep state in persisted data",
    "actors": "keep state in persisted data",
    "resources": "start a cluster of workers that all have them",
    "workers": "the scheduler chooses workers by where the data is",
}
#: What `submit` takes for itself and does not pass on.
CALL_OPTIONS = (*sorted(_HINTS - {"timeout", "hash", "force", "direct", "broadcast"}), *_PLACES)
#: What Dask's client has and ours has not, and what to do.
ELSEWHERE = {
    "get_executor": "submit and map take functions",
    "publish_dataset": "write it to Parquet, or share the client",
    "register_plugin": "start the workers from an environment that is set up",
    "restart": "close this client and its cluster, and make new ones",
    "run": "submit and map take functions; workers are alike",
    "run_on_scheduler": "the scheduler runs no Python",
    "upload_file": "functions are packed with what they refer to; packages must be installed where workers run",
}


def refuse(what: str, options: dict[str, Any]) -> None:
    """Refuses what can't be done; takes hints."""
    from phalanx.exceptions import UnsupportedError

    for name, value in options.items():
        if name in _PLACES:
            if value not in (None, False, {}):
                raise UnsupportedError(f"Client.{what}({name}=...)", _PLACES[name])
        elif name not in _HINTS:
            raise TypeError(f"Client.{what}() got an unexpected keyword argument {name!r}")
