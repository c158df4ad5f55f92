"""The client: where lazy work runs, and futures of it."""

from __future__ import annotations

import concurrent.futures
import itertools
import json
import os
import time
from collections.abc import Callable
from typing import Any

from phalanx import _client, _phalanx
from phalanx.distributed._cluster import LocalCluster
from phalanx.distributed._futures import Future

__all__ = ["Client", "default_client", "get_client"]

#: Workers that a client starts must be there within this time, in seconds.
_START_TIMEOUT = 30.0
#: Jobs of one client that run at once; more wait in a queue.
_JOBS_AT_ONCE = 32


class Client:
    """Where lazy arrays and frames are computed from now on, until it is closed.

    Parameters
    ----------
    address : str, LocalCluster, or None
        The scheduler's address (``"tcp://127.0.0.1:8786"``), a cluster, or None for this process. None with any of
        the arguments of :class:`LocalCluster` (``n_workers=2``) starts a cluster that ends with the client.
    timeout : float, optional
        Seconds to wait for the cluster's workers that this call starts; 30 by default.
    set_as_default : bool, default True
        Whether ``x.compute()`` uses this client.
    credentials : path, optional
        The folder that ``phalanx credentials new`` made, or its file ``client.pem``; by default what the variable
        ``PHALANX_CREDENTIALS`` names. A scheduler on another machine needs them.
    **cluster
        Arguments of :class:`LocalCluster`.

    Examples
    --------
    >>> from phalanx.distributed import Client
    >>> import phalanx.array as da
    >>> with Client() as client:
    ...     int(da.ones((10, 10), chunks=5).sum().compute())
    100
    """

    def __init__(
        self,
        address: Any = None,
        timeout: float | None = None,
        *,
        set_as_default: bool = True,
        asynchronous: bool = False,
        name: str | None = None,
        credentials: str | os.PathLike[str] | None = None,
        **cluster: Any,
    ) -> None:
        self._own_cluster: LocalCluster | None = None
        self._asynchronous = asynchronous
        self.name = name or f"Client-{os.getpid()}"
        self.status = "closed"  # until everything is in its place
        if address is None and cluster.get("processes") is False:
            threads = cluster.pop("threads_per_worker", None)
            del cluster["processes"]
            if cluster:
                raise TypeError(f"a client of this process has no {next(iter(cluster))!r}")
            self._native = _phalanx.Client.local(threads)
        elif address is None and not cluster:
            self._native = _phalanx.Client.local()
        else:
            if address is None:
                address = self._own_cluster = LocalCluster(**cluster)
            elif cluster:
                raise TypeError(f"{next(iter(cluster))!r} is for a new cluster, and an address was given")
            self.cluster = address if isinstance(address, LocalCluster) else None
            url = address if isinstance(address, str) else address.scheduler_address
            url = url if "://" in url else f"tcp://{url}"
            self._native = _phalanx.Client.connect(url, credentials, own=self.cluster is not None)
            if self.cluster is not None:
                self.wait_for_workers(len(self.cluster.workers), timeout or _START_TIMEOUT)
        self._threads = concurrent.futures.ThreadPoolExecutor(_JOBS_AT_ONCE, thread_name_prefix="phalanx-future")
        self._numbers = itertools.count()
        self.status = "running"
        if set_as_default:
            _client.push(self)

    cluster: LocalCluster | None = None

    # Lazy work.

    def compute(self, collections: Any, sync: bool = False, **kwargs: Any) -> Any:
        """Starts computing lazy objects; returns a future for each (or the values, with ``sync=True``)."""
        from phalanx._compute import compute

        many = isinstance(collections, (list, tuple, set, frozenset))
        values = list(collections) if many else [collections]
        if sync:
            results = list(compute(*values, client=self, **kwargs))
            return results if many else results[0]
        futures = [self._start(_compute_one, value, self._native, kwargs) for value in values]
        return futures if many else futures[0]

    def persist(self, collections: Any, **kwargs: Any) -> Any:
        """Computes lazy objects and keeps them on the workers; returns lazy objects that read them there."""
        from phalanx._compute import persist

        many = isinstance(collections, (list, tuple, set, frozenset))
        values = persist(*(collections if many else [collections]), client=self, **kwargs)
        return list(values) if many else values[0]

    def gather(self, futures: Any, errors: str = "raise", **_: Any) -> Any:
        """The values of futures, in whatever collection they come; ``errors="skip"`` leaves out those that failed."""
        if errors not in ("raise", "skip"):
            raise ValueError(f"errors must be 'raise' or 'skip', not {errors!r}")
        if isinstance(futures, Future):
            return futures.result()
        if isinstance(futures, dict):
            return {key: self.gather(value, errors) for key, value in futures.items()}
        if isinstance(futures, (list, tuple, set, frozenset)):
            kept = [
                f for f in futures if not (errors == "skip" and isinstance(f, Future) and f.exception() is not None)
            ]
            return type(futures)(self.gather(value, errors) for value in kept)
        return futures

    def scatter(self, data: Any, **_: Any) -> Any:
        """Hands NumPy arrays and pandas or Arrow frames to the workers; returns lazy objects that read them there."""
        from phalanx._lazy import np

        if isinstance(data, (list, tuple)):
            return type(data)(self.scatter(item) for item in data)
        if isinstance(data, dict):
            return {key: self.scatter(item) for key, item in data.items()}
        if isinstance(data, np.ndarray):
            from phalanx.array import from_array

            return from_array(data, client=self)
        from phalanx import dataframe

        if hasattr(data, "__arrow_c_stream__"):
            return dataframe.from_arrow(data)
        raise TypeError(f"arrays and frames can be scattered, and this is a {type(data).__name__}")

    # Python functions.

    def submit(self, func: Callable[..., Any], *args: Any, key: str | None = None, **kwargs: Any) -> Future:
        """Calls ``func(*args, **kwargs)`` on a worker that allows Python (in a thread, without a cluster).

        Futures among the arguments are waited for, and their values passed.
        """
        return self._start(self._call, func, args, kwargs, key=key or f"{getattr(func, '__name__', 'call')}")

    def map(self, func: Callable[..., Any], *iterables: Any, key: str | None = None, **kwargs: Any) -> list[Future]:
        """:meth:`submit` for each element."""
        return [self.submit(func, *args, key=key, **kwargs) for args in zip(*iterables)]

    def _call(self, func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        args, kwargs = self.gather(list(args)), self.gather(kwargs)
        if self._describe()["kind"] != "cluster":
            return func(*args, **kwargs)
        from phalanx._host import call_on_worker

        return call_on_worker(self._native, func, args, kwargs)

    def _start(self, work: Callable[..., Any], *args: Any, key: str | None = None) -> Future:
        token = _phalanx.CancelToken()
        if work is _compute_one:
            args = (*args, token)
        future = self._threads.submit(work, *args)
        return Future(future, token, f"{key or work.__name__.strip('_')}-{next(self._numbers)}")

    def cancel(self, futures: Any, **_: Any) -> None:
        """Ends the work of futures."""
        from phalanx.distributed._futures import _futures_of

        for future in _futures_of(futures):
            future.cancel()

    # The cluster.

    def _describe(self) -> dict[str, Any]:
        return dict(json.loads(self._native.describe()))

    def scheduler_info(self) -> dict[str, Any]:
        """Address, workers (threads, memory, tasks, persisted bytes) and running jobs."""
        found = self._describe()
        return {
            "type": "Scheduler" if found["kind"] == "cluster" else "InProcess",
            "address": found["address"],
            "workers": {
                worker["address"] or worker["id"]: {
                    "id": worker["id"],
                    "nthreads": worker["cores"],
                    "memory_limit": worker["memory_bytes"],
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

    def nthreads(self) -> dict[str, int]:
        """Threads of each worker."""
        return {address: worker["nthreads"] for address, worker in self.scheduler_info()["workers"].items()}

    ncores = nthreads

    def wait_for_workers(self, n_workers: int, timeout: float | None = None) -> None:
        """Waits until ``n_workers`` workers are there.

        Raises
        ------
        TimeoutError
            They are not after ``timeout`` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (there := len(self._describe()["workers"])) < n_workers:
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"{there} of {n_workers} workers are there after {timeout} s")
            time.sleep(0.02)

    @property
    def scheduler_address(self) -> str:
        """The scheduler's address, or ``in process``."""
        return str(self._describe()["address"])

    @property
    def dashboard_link(self) -> str | None:
        """The address of the status page; None without a cluster that this process started."""
        return None if self.cluster is None else self.cluster.dashboard_link

    def get_versions(self, check: bool = False) -> dict[str, Any]:
        """The versions of this package and of what it stands on; a cluster of another version is refused at once."""
        import platform
        from importlib.metadata import version

        from phalanx import __version__

        packages = {"numpy": version("numpy"), "pyarrow": version("pyarrow"), "phalanx": __version__}
        return {"client": {"host": {"python": platform.python_version()}, "packages": packages}}

    def close(self, timeout: Any = None) -> None:
        """Gives everything back: jobs end, persisted data is freed, a cluster that this client started is stopped."""
        if self.status == "closed":
            return
        self.status = "closed"
        _client.pop(self)
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._native.close()
        if self._own_cluster is not None:
            self._own_cluster.close()

    def shutdown(self) -> None:
        """Closes the client, and stops its cluster if it was given one."""
        cluster = self.cluster
        self.close()
        if cluster is not None:
            cluster.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def __await__(self) -> Any:
        async def ready() -> Client:
            return self

        return ready().__await__()

    def __del__(self) -> None:
        if getattr(self, "status", "closed") != "closed":
            self.close()

    def __repr__(self) -> str:
        if self.status == "closed":
            return "<Client: closed>"
        info = self.scheduler_info()
        threads = sum(worker["nthreads"] for worker in info["workers"].values())
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
        return (
            f"<b>Client</b> of {info['address']}, status page: {page}"
            f"<table><tr><th>Worker</th><th>Threads</th><th>Memory</th></tr>{rows}</table>"
        )


def _compute_one(value: Any, native: Any, kwargs: dict[str, Any], token: Any) -> Any:
    from phalanx._compute import compute

    return compute(value, client=native, token=token, **kwargs)[0]


def default_client() -> Client:
    """The current client.

    Raises
    ------
    ValueError
        There is none.
    """
    client = _client.current()
    if client is None:
        raise ValueError("no client found; make one: Client()")
    return client


get_client = default_client
