"""What a client sees of its cluster, and asks of it: workers, logs, trainings, jobs that failed."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

from phalanx.distributed._futures import seconds

__all__ = ["Overview"]


class Overview:
    """The part of a client that looks at where its work runs."""

    _native: Any
    _is_cluster: bool
    _runs: dict[str, str]
    _answer: Callable[[Callable[[], Any]], Any]
    status: str

    # Who looks on.

    def report(
        self, name: str, iteration: int, metrics: dict[str, float], *, iterations_max: int | None = None, end: bool = False
    ) -> None:
        """Shows a step of a training on the dashboard's page *Training*: its number, and metrics by name.

        It does not wait, and never fails the training. Without a cluster nobody looks, and nothing happens.

        Parameters
        ----------
        name : str
            What is being trained. Steps of one name are one run, until ``end``.
        iteration : int
            The step that has ended, counted from 1.
        metrics : dict of str to float
            What to draw, a line a name.
        iterations_max : int, optional
            Steps that there will be at most.
        end : bool, default False
            Whether this is the last step.

        Examples
        --------
        >>> from phalanx.distributed import Client
        >>> with Client() as client:
        ...     client.report("my training", 1, {"loss": 0.5})
        """
        run = self._runs.setdefault(name, uuid.uuid4().hex)
        numbers = [(str(key), float(value)) for key, value in metrics.items()]
        self._native.report(run, name, int(iteration), numbers, iterations_max, end)
        if end:
            del self._runs[name]

    # Jobs that failed.

    def failed_jobs(self) -> list[dict[str, str]]:
        """The latest jobs that failed on the cluster, whoever ran them, the oldest first: job, label, error."""
        return [dict(zip(("job", "label", "error"), failed)) for failed in self._native.failed_jobs()]

    def save_job(self, path: str | os.PathLike[str], job: str | None = None) -> None:
        """Writes the plan of a job that failed (by default the latest) into a file: :func:`replay` runs it here.

        Data that was persisted on the cluster is not in it; a plan that reads some says so when it is replayed.
        """
        if job is None:
            failed = self.failed_jobs()
            if not failed:
                raise ValueError("no job failed lately on this cluster")
            job = failed[-1]["job"]
        self._native.save_job(job, path)

    # The cluster.

    def _describe(self) -> dict[str, Any]:
        return dict(json.loads(self._native.describe()))

    def scheduler_info(self) -> dict[str, Any]:
        """Address, workers (threads, memory, GPUs, tasks, persisted bytes) and running jobs."""
        found = self._describe()
        return {
            "type": "Scheduler" if found["kind"] == "cluster" else "InProcess",
            "address": found["address"],
            "workers": {
                worker["address"] or worker["id"]: {
                    "id": worker["id"],
                    "nthreads": worker["cores"],
                    "memory_limit": worker["memory_bytes"],
                    "gpus": worker["gpus"],
                    "metrics": {
                        "memory": worker["memory_used_bytes"],
                        "executing": worker["tasks_running"],
                        "managed_bytes": worker["persisted_bytes"],
                    },
                }
                for worker in found["workers"]
            },
            "jobs": found["jobs"],
        }

    def get_worker_logs(self, n: int | None = None, workers: Any = None) -> dict[str, list[tuple[str, str]]]:
        """What workers wrote to their logs lately: level and text, the latest first, by address.

        The latest lines come within two seconds. Levels are ``"INFO"``, ``"WARN"`` and ``"ERROR"``.

        Parameters
        ----------
        n : int, optional
            The latest so many lines of each; by default all of the (at most 500) that the scheduler keeps.
        workers : str or list of str, optional
            Addresses or names of workers, also of those that are gone; by default all that are here.

        Raises
        ------
        ValueError
            There is no such worker.
        """
        there = self.scheduler_info()["workers"]
        names = _names_by_address(there, list(there) if workers is None else workers)
        return {address: self._log(name, n) for address, name in names.items()}

    def get_scheduler_logs(self, n: int | None = None) -> list[tuple[str, str]]:
        """What the scheduler wrote to its log lately: level and text, the latest first."""
        return self._log("scheduler", n)

    def _log(self, process: str, n: int | None) -> list[tuple[str, str]]:
        text = self._native.log(process)
        if text is None:
            raise ValueError(f"there is no worker {process}")
        lines = [(line["level"].upper(), line["text"]) for line in reversed(json.loads(text)["lines"])]
        return lines if n is None else lines[:n]

    def nthreads(self) -> dict[str, int]:
        """Threads of each worker."""
        return {address: worker["nthreads"] for address, worker in self.scheduler_info()["workers"].items()}

    ncores = nthreads

    def wait_for_workers(self, n_workers: int, timeout: float | str | None = None) -> Any:
        """Waits until ``n_workers`` workers are there.

        Raises
        ------
        TimeoutError
            They are not after ``timeout`` seconds.
        """
        return self._answer(lambda: self._wait_for_workers(n_workers, seconds(timeout)))

    def _wait_for_workers(self, n_workers: int, timeout: float | None) -> None:
        end = None if timeout is None else time.monotonic() + timeout
        while (there := len(self._describe()["workers"])) < n_workers:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"{there} of {n_workers} workers are there after {timeout} s")
            time.sleep(0.02)

    def retire_workers(self, workers: Any = None, close_workers: bool = True) -> dict[str, Any]:
        """Lets workers go: they finish their tasks, hand over what is persisted on them, and end.

        Parameters
        ----------
        workers : str or list of str
            Addresses or names, as :meth:`scheduler_info` has them.
        close_workers : bool, default True
            Workers that are retired end; those that stay, and do nothing, are not supported.

        Returns
        -------
        dict
            What :meth:`scheduler_info` says of each of them. They may still be there for a while.

        Raises
        ------
        ValueError
            There is no such worker; then none is let go.
        """
        from phalanx.exceptions import UnsupportedError

        if workers is None:
            raise UnsupportedError("retire_workers() without workers", "name some of scheduler_info()['workers']")
        if not close_workers:
            raise UnsupportedError("retire_workers(close_workers=False)", "workers that are retired end")
        there = self.scheduler_info()["workers"]
        names = _names_by_address(there, workers)
        self._native.retire_workers(list(names.values()))
        return {address: there[address] for address in names}

    @property
    def scheduler_address(self) -> str:
        """The scheduler's address, or ``in process``."""
        return str(self._describe()["address"])

    @property
    def dashboard_link(self) -> str | None:
        """The address of the status page, as the scheduler says it; None without a cluster."""
        page: str | None = self._describe()["page"]
        return page

    def get_versions(self, check: bool = False) -> dict[str, Any]:
        """The versions of this package and of what it stands on; a cluster of another version is refused at once."""
        import platform
        from importlib.metadata import version

        from phalanx import __version__

        packages = {"numpy": version("numpy"), "pyarrow": version("pyarrow"), "phalanx": __version__}
        return {"client": {"host": {"python": platform.python_version()}, "packages": packages}}

    def __repr__(self) -> str:
        if self.status == "closed":
            return "<Client: closed>"
        info = self.scheduler_info()
        threads = sum(worker["nthreads"] for worker in info["workers"].values())
        if not self._is_cluster:
            return f"<Client: in this process, {threads} threads>"
        return f"<Client: {info['address']}, {len(info['workers'])} workers, {threads} threads>"

    def _repr_html_(self) -> str:
        from phalanx.array._html import readable_bytes

        info = self.scheduler_info()
        rows = "".join(
            f"<tr><td>{address}</td><td>{worker['nthreads']}</td><td>{readable_bytes(worker['memory_limit'])}</td></tr>"
            for address, worker in info["workers"].items()
        )
        link = self.dashboard_link
        page = f'<a href="{link}">{link}</a>' if link else "none"
        place = f"of <code>{info['address']}</code>, dashboard: {page}" if self._is_cluster else "of this process"
        return (
            f"<b>Client</b> {place}"
            f"<table><tr><th>Worker</th><th>Threads</th><th>Memory</th></tr>{rows}</table>"
        )


def _names_by_address(there: dict[str, Any], workers: Any) -> dict[str, str]:
    """The names of workers, which are given by name or address, by their addresses; one that is not there is both."""
    named = {found["id"]: address for address, found in there.items()}
    plain = [str(worker).removeprefix("tcp://") for worker in ([workers] if isinstance(workers, str) else workers)]
    addresses = [named.get(worker, worker) for worker in plain]
    return {address: there[address]["id"] if address in there else address for address in addresses}
