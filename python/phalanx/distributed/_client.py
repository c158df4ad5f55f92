"""The client: where lazy work runs, and futures of it."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

from phalanx import _client, _phalanx
from phalanx.distributed._base import Cluster
from phalanx.distributed._cluster import LocalCluster
from phalanx.distributed._connecting import connect, in_process, is_here
from phalanx.distributed._futures import Future, futures_of, seconds
from phalanx.distributed._options import CALL_OPTIONS, ELSEWHERE, refuse
from phalanx.distributed._overview import Overview
from phalanx.distributed._threads import JobThreads

__all__ = ["Client", "default_client", "get_client", "replay"]

#: Workers that a client starts must be there within this time, in seconds.
_START_TIMEOUT = 30.0


class Client(Overview):
    """Where lazy arrays and frames are computed from now on, until it is closed.

    Parameters
    ----------
    address : str, LocalCluster, or None
        The scheduler's address (``"tcp://127.0.0.1:8786"``), a cluster, or None for this process. None with any of
        the arguments of :class:`LocalCluster` (``n_workers=2``) starts a cluster that ends with the client.
    timeout : float or str, optional
        Seconds (or ``"30s"``) to wait for the workers of a cluster that this client starts, and for a scheduler to
        answer. By default 30, and no wait for a scheduler on ``127.0.0.1``: it is there, or it is not.
    set_as_default : bool, default True
        Whether ``x.compute()`` uses this client.
    asynchronous : bool, default False
        Whether ``gather``, ``scatter``, ``close`` and ``Future.result`` return something to await.
    credentials : path, optional
        The folder that ``phalanx credentials new`` made, or its file ``client.pem``; by default what the variable
        ``PHALANX_CREDENTIALS`` names, or, for a scheduler on another machine, ``~/.phalanx/credentials``. Such a one
        needs them.
    retries : int, default 0
        How often a job is submitted again when its scheduler was lost and has come back; without, it is an error.
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
        timeout: float | str | None = None,
        *,
        set_as_default: bool = True,
        asynchronous: bool = False,
        name: str | None = None,
        credentials: str | os.PathLike[str] | None = None,
        retries: int = 0,
        **cluster: Any,
    ) -> None:
        self._own_cluster: LocalCluster | None = None
        self._asynchronous = asynchronous
        self.name = name or f"Client-{os.getpid()}"
        self.status = "closed"  # until everything is in its place
        if retries and address is None and (not cluster or cluster.get("processes") is False):
            raise TypeError("retries is for a cluster: in this process there is no scheduler that could be lost")
        if address is None and cluster.get("processes") is False:
            self._native = in_process(**cluster)
        elif address is None and not cluster:
            self._native = _phalanx.Client.local()
        else:
            if address is None:
                address = self._own_cluster = LocalCluster(**cluster)
            elif cluster:
                raise TypeError(f"{next(iter(cluster))!r} is for a new cluster, and an address was given")
            self.cluster = address if isinstance(address, Cluster) else None
            url = address if isinstance(address, str) else address.scheduler_address
            url = url if "://" in url else f"tcp://{url}"
            if credentials is None and isinstance(address, Cluster):
                credentials = address.credentials
            folder = None if credentials is None else os.path.expanduser(credentials)
            own = isinstance(address, LocalCluster)
            patience = seconds(timeout)
            if patience is None:
                patience = 0.0 if is_here(url) else _START_TIMEOUT
            self._native = connect(url, folder, own, patience, retries)
            if isinstance(address, LocalCluster):
                self._wait_for_workers(len(address.workers), seconds(timeout) or _START_TIMEOUT)
        self._is_cluster = self._describe()["kind"] == "cluster"
        self._jobs = JobThreads(asynchronous)
        self._numbers = itertools.count()
        self._runs: dict[str, str] = {}
        self.status = "running"
        if set_as_default:
            _client.push(self)

    cluster: Cluster | None = None

    # Lazy work.

    def compute(self, collections: Any, sync: bool = False, traverse: bool = True, **options: Any) -> Any:
        """Starts computing lazy objects; returns a future for each (or the values, with ``sync=True``).

        ``verify=True`` runs once more on an adverse engine of this process and compares the bits.
        """
        from phalanx._compute import compute

        verify = options.pop("verify", False)
        refuse("compute", options)
        many = isinstance(collections, (list, tuple, set, frozenset))
        values = list(collections) if many else [collections]
        if sync:
            results = list(compute(*values, client=self, verify=verify, traverse=traverse))
            return results if many else results[0]

        def start(value: Any) -> Future:
            def work(token: Any) -> Any:
                return compute(value, client=self._native, verify=verify, traverse=traverse, token=token)[0]

            return self._jobs.start(work, self._key("compute"))

        futures = [start(value) for value in values]
        return futures if many else futures[0]

    def persist(self, collections: Any, **options: Any) -> Any:
        """Computes lazy objects and keeps them on the workers; returns lazy objects that read them there.

        It returns when they are there.
        """
        from phalanx._compute import persist

        refuse("persist", options)
        many = isinstance(collections, (list, tuple, set, frozenset))
        values = persist(*(collections if many else [collections]), client=self)
        return list(values) if many else values[0]

    def gather(self, futures: Any, errors: str = "raise", **options: Any) -> Any:
        """The values of futures and scattered data, in whatever collection they come.

        ``errors="skip"`` leaves out those that failed.
        """
        refuse("gather", options)
        if errors not in ("raise", "skip"):
            raise ValueError(f"errors must be 'raise' or 'skip', not {errors!r}")
        return self._answer(lambda: self._values(futures, errors))

    def _values(self, value: Any, errors: str = "raise") -> Any:
        if isinstance(value, Future):
            return value._future.result()
        if getattr(value, "_phalanx_kind", None) is not None:
            return value.compute(client=self._native)
        if isinstance(value, dict):
            return {key: self._values(item, errors) for key, item in value.items()}
        if type(value) in (list, tuple, set, frozenset):
            failed = errors == "skip"
            kept = [v for v in value if not (failed and isinstance(v, Future) and v.exception() is not None)]
            return type(value)(self._values(item, errors) for item in kept)
        return value

    def scatter(self, data: Any, **options: Any) -> Any:
        """Hands data to the workers; returns what stands for it.

        NumPy arrays, pandas and Arrow frames become lazy objects that read them there. A list, tuple, set or dict is
        scattered item by item. Anything else becomes a future that has ended: the value goes with each call that
        uses it.
        """
        refuse("scatter", options)
        return self._answer(lambda: self._scattered(data))

    def _scattered(self, data: Any) -> Any:
        from phalanx._lazy import np

        if isinstance(data, (list, tuple, set, frozenset)):
            return type(data)(self._scattered(item) for item in data)
        if isinstance(data, dict):
            return {key: self._scattered(item) for key, item in data.items()}
        if isinstance(data, np.ndarray) and data.dtype.kind in "biufc":
            from phalanx.array import from_array

            return from_array(data, client=self)
        if hasattr(data, "__arrow_c_stream__"):
            from phalanx import dataframe

            is_pandas = type(data).__module__.partition(".")[0] == "pandas"
            return dataframe.from_pandas(data, client=self) if is_pandas else dataframe.from_arrow(data, client=self)
        future = Future(self._key("scatter"), _phalanx.CancelToken(), self._asynchronous)
        future._finish(data)
        return future

    # Python functions.

    def submit(
        self, func: Callable[..., Any], *args: Any, key: str | None = None, retries: int | None = None, **kwargs: Any
    ) -> Future:
        """Calls ``func(*args, **kwargs)`` on a worker that allows Python (in a thread, without a cluster).

        The call waits for futures among the arguments, also inside of lists, tuples, sets and dicts, and gets their
        values, as it gets those of lazy objects. Values go by way of this client.

        Parameters
        ----------
        func : callable
            On a cluster it is packed with cloudpickle, with everything that it refers to.
        key : str, optional
            The name of the future.
        retries : int, optional
            How often the call is repeated if it raises.
        """
        options = {name: kwargs.pop(name) for name in CALL_OPTIONS if name in kwargs}
        refuse("submit", options)
        if not callable(func):
            raise TypeError("First input to submit must be a callable function")
        remote = self._is_cluster

        def work(token: Any) -> Any:
            values, named = self._values(list(args)), self._values(kwargs)
            for left in range(retries or 0, -1, -1):
                try:
                    if remote:
                        return call_on_worker(self._native, func, values, named, token)
                    return func(*values, **named)
                except Exception as error:
                    if left == 0 or isinstance(error, CancelledError):
                        raise
            raise AssertionError("the last try returns or raises")

        from phalanx._host import call_on_worker, function_name
        from phalanx.exceptions import CancelledError

        return self._jobs.start(work, key or self._key(function_name(func)), futures_of([args, kwargs]))

    def map(self, func: Callable[..., Any], *iterables: Any, key: Any = None, **kwargs: Any) -> list[Future]:
        """:meth:`submit` for each element; ``key`` begins their names, or is a list of them."""
        kwargs.pop("batch_size", None)
        calls = list(zip(*iterables))
        keys = list(key) if isinstance(key, (list, tuple)) else [f"{key}-{at}" if key else None for at in range(len(calls))]
        if len(keys) != len(calls):
            raise ValueError(f"{len(keys)} keys for {len(calls)} calls")
        return [self.submit(func, *args, key=name, **kwargs) for name, args in zip(keys, calls)]

    def cancel(self, futures: Any, **options: Any) -> None:
        """Ends the work of futures."""
        refuse("cancel", options)
        for future in futures_of(futures):
            future.cancel()

    def _key(self, name: str) -> str:
        return f"{name}-{next(self._numbers)}"

    def _answer(self, work: Callable[[], Any]) -> Any:
        """What ``work`` returns; for an asynchronous client, something to await that gives it."""
        if self._asynchronous:
            import asyncio

            return asyncio.to_thread(work)
        return work()

    def close(self, timeout: Any = None) -> Any:
        """Gives everything back: jobs end, persisted data is freed, a cluster that this client started is stopped."""
        return self._answer(self._close)

    def _close(self) -> None:
        if self.status == "closed":
            return
        self.status = "closed"
        _client.pop(self)
        self._jobs.close()
        self._native.close()
        if self._own_cluster is not None:
            self._own_cluster.close()

    def shutdown(self) -> Any:
        """Closes the client, and stops its cluster if it was given one."""
        return self._answer(self._shutdown)

    def _shutdown(self) -> None:
        cluster = self.cluster
        self._close()
        if cluster is not None:
            cluster.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        import asyncio

        await asyncio.to_thread(self._close)

    def __await__(self) -> Any:
        async def ready() -> Client:
            return self

        return ready().__await__()

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        # With the interpreter everything ends by itself, and what closing needs may be gone.
        if not is_finalizing() and self.__dict__.get("status", "closed") != "closed":
            self._close()

    def __getattr__(self, name: str) -> Any:
        if name in ELSEWHERE:
            raise AttributeError(f"Client.{name} is not covered by Phalanx: {ELSEWHERE[name]}")
        raise AttributeError(f"'Client' object has no attribute {name!r}")


def default_client() -> Client:
    """The current client.

    Raises
    ------
    ValueError
        There is none.
    """
    client: Client | None = _client.current()
    if client is None:
        raise ValueError("no client found; make one: Client()")
    return client


get_client = default_client


def replay(path: str | os.PathLike[str]) -> Any:
    """Runs a job that :meth:`Client.save_job` saved, in this process, where a debugger can follow it.

    Returns
    -------
    pyarrow.Table
        The rows that the job's last stage wrote: a frame's rows, an array's chunks.

    Notes
    -----
    Replay only what you saved yourself: the file holds the Python functions of its job, and they are run.
    """
    from phalanx._lazy import pa

    return pa.table(_phalanx.Client.replay(path))
