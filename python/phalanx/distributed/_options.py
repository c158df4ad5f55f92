"""What Dask's client takes and ours need not, or can't."""

from __future__ import annotations

from typing import Any

__all__ = ["ABSENT", "CALL_OPTIONS", "ELSEWHERE", "refuse"]

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
    "amm": "data that is needed is where it is needed; persist keeps it",
    "call_stack": "the dashboard shows what runs",
    "get_dataset": "read it from Parquet, or share the client",
    "get_events": "the dashboard and `phalanx logs` show what happened",
    "get_metadata": "keep it in the program",
    "get_task_stream": "performance_report writes it, and the dashboard shows it",
    "has_what": "the dashboard shows what workers hold",
    "list_datasets": "list the files in Parquet, or share the client",
    "log_event": "print, or logging, in a function: `phalanx logs` has its lines",
    "nbytes": "the dashboard shows what workers hold",
    "processing": "scheduler_info() and the dashboard show what runs",
    "profile": "performance_report, or the dashboard",
    "rebalance": "persist() what the next steps need in partitions of one size: repartition or rechunk before",
    "recreate_error_locally": "`phalanx job save ID` and `phalanx replay FILE` run a failed job in one process",
    "replicate": "a lost worker's data is computed again; there is nothing to replicate",
    "set_metadata": "keep it in the program",
    "who_has": "the dashboard shows what workers hold",
    "upload_file": "functions are packed with what they refer to; packages must be installed where workers run",
}
_NO_WAITING = (
    "calls on workers do not wait for each other, so that a lost one can be run again: wait for futures in the program "
    "(as_completed, wait), which decides what is next"
)
_NO_STATE = "calls on workers have no state in common: return values, and give futures to the calls that need them"
_NO_PROCESSES = "processes are started by `phalanx scheduler` and `phalanx worker`, LocalCluster or phalanx.workers"
_NO_WORKER = "a call on a worker is a plain function: give it what it needs, and submit further calls from the program"
#: What `dask.distributed` has and ours has not, and what to do.
ABSENT = {
    **dict.fromkeys(("Event", "Lock", "MultiLock", "Semaphore"), _NO_WAITING),
    **dict.fromkeys(("Actor", "ActorFuture", "BaseActorFuture", "Pub", "Queue", "Sub", "Variable"), _NO_STATE),
    **dict.fromkeys(("Nanny", "Scheduler", "Worker", "SubprocessCluster", "SpecCluster"), _NO_PROCESSES),
    **dict.fromkeys(("get_worker", "rejoin", "secede", "worker_client"), _NO_WORKER),
    **dict.fromkeys(
        ("NannyPlugin", "SchedulerPlugin", "WorkerPlugin", "InstallPlugin", "PipInstall", "CondaInstall", "UploadDirectory"),
        "start the workers from an environment that is set up",
    ),
    "Security": "`phalanx credentials` mints them, and PHALANX_CREDENTIALS or Client(security=…) names their folder",
    "get_task_stream": "performance_report writes it, and the dashboard shows it",
    "print": "Python's print in a function: `phalanx logs` has its lines",
    "warn": "Python's warnings in a function: `phalanx logs` has its lines",
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
