"""The joblib backend ``"phalanx"``: calls of scikit-learn's own parallel loops run on the workers of a client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from joblib.parallel import AutoBatchingMixin, ParallelBackendBase, register_parallel_backend

from phalanx import _client

__all__ = ["PhalanxBackend", "register"]


class PhalanxBackend(AutoBatchingMixin, ParallelBackendBase):
    """Each batch of calls is one :meth:`phalanx.distributed.Client.submit`; without a client, a thread's work.

    Workers must allow Python.
    """

    default_n_jobs = -1
    supports_retrieve_callback = False
    supports_inner_max_num_threads = False
    uses_threads = False

    def __init__(self, client: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self._client = client
        self._own: Any = None

    def _open(self) -> Any:
        if self._client is None:
            self._client = _client.current()
        if self._client is None:
            from phalanx.distributed import Client

            self._client = self._own = Client(set_as_default=False)
        return self._client

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """How many calls run at the same time: as many as there are cores, or as was asked."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        cores = max(1, sum(int(count) for count in self._open().ncores().values()))
        return cores if n_jobs is None or n_jobs < 0 else min(n_jobs, cores)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **options: Any) -> int:
        """Called by joblib before the first call."""
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Callable[[], Any], callback: Callable[[Any], None] | None = None) -> Any:
        """Starts a batch of calls."""
        future = self._open().submit(func)
        if callback is not None:
            future.add_done_callback(lambda done: callback(done))
        return _Result(future)

    apply_async = submit

    def terminate(self) -> None:
        """Closes the client, if it was made here."""
        if self._own is not None:
            self._own.close()
            self._own = self._client = None

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Called by joblib when a call has failed."""
        self.terminate()

    def get_nested_backend(self) -> tuple[Any, int | None]:
        """What calls within calls run on: one after the other."""
        from joblib._parallel_backends import SequentialBackend

        return SequentialBackend(nesting_level=(self.nesting_level or 0) + 1), None


class _Result:
    """A future as joblib asks for its value."""

    def __init__(self, future: Any) -> None:
        self._future = future

    def get(self, timeout: float | None = None) -> Any:
        return self._future.result(timeout)


def register() -> None:
    """Makes ``joblib.parallel_config(backend="phalanx")`` known; importing this module does it."""
    register_parallel_backend("phalanx", PhalanxBackend)


register()
