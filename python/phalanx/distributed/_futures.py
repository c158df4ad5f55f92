"""Results that are still to come."""

from __future__ import annotations

import concurrent.futures
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["ALL_COMPLETED", "FIRST_COMPLETED", "Future", "TimeoutError", "as_completed", "fire_and_forget", "wait"]

ALL_COMPLETED = "ALL_COMPLETED"
FIRST_COMPLETED = "FIRST_COMPLETED"
TimeoutError = TimeoutError  # the name that Dask's programs import


class Future:
    """A result that is still to come. ``await`` it, or ask for :meth:`result`."""

    __slots__ = ("_future", "_token", "key")

    def __init__(self, future: concurrent.futures.Future[Any], token: Any, key: str) -> None:
        self._future = future
        self._token = token
        self.key = key

    @property
    def status(self) -> str:
        """``pending``, ``finished``, ``error`` or ``cancelled``."""
        from phalanx.exceptions import CancelledError

        if not self._future.done():
            return "pending"
        if self._future.cancelled() or isinstance(self._future.exception(), CancelledError):
            return "cancelled"
        return "error" if self._future.exception() is not None else "finished"

    def done(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self._future.done()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status == "cancelled"

    def result(self, timeout: float | None = None) -> Any:
        """Waits for the value; raises what the work raised, or TimeoutError after ``timeout`` seconds."""
        return self._future.result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Waits, and returns what the work raised, or None."""
        return self._future.exception(timeout)

    def traceback(self, timeout: float | None = None) -> Any:
        """The traceback of what the work raised, or None."""
        error = self.exception(timeout)
        return None if error is None else error.__traceback__

    def cancel(self, *_: Any, **__: Any) -> None:
        """Ends the work, if it has not ended."""
        self._future.cancel()
        self._token.cancel()

    def release(self) -> None:
        """Forgets the value: nothing to do, since it is freed with the last reference to it."""

    def add_done_callback(self, fn: Callable[[Future], Any]) -> None:
        """Calls ``fn`` with this future when it has ended."""
        self._future.add_done_callback(lambda _: fn(self))

    def __await__(self) -> Generator[Any, None, Any]:
        import asyncio

        return asyncio.wrap_future(self._future).__await__()

    def __repr__(self) -> str:
        return f"<Future: {self.status}, key: {self.key}>"


class DoneAndNotDone(NamedTuple):
    """What :func:`wait` returns."""

    done: set[Future]
    not_done: set[Future]


def _futures_of(value: Any) -> list[Future]:
    if isinstance(value, Future):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return []  # lazy objects that are persisted are there already
    return [future for item in value for future in _futures_of(item)]


def wait(fs: Any, timeout: float | None = None, return_when: str = ALL_COMPLETED) -> DoneAndNotDone:
    """Waits until futures have ended; persisted objects have already.

    Raises
    ------
    TimeoutError
        They have not after ``timeout`` seconds.
    """
    futures = _futures_of(fs)
    done, not_done = concurrent.futures.wait([future._future for future in futures], timeout, return_when)
    if not_done and return_when == ALL_COMPLETED:
        raise TimeoutError(f"{len(not_done)} of {len(futures)} futures have not ended after {timeout} s")
    return DoneAndNotDone(
        {future for future in futures if future._future in done},
        {future for future in futures if future._future in not_done},
    )


class as_completed:
    """Futures in the order in which they end.

    Parameters
    ----------
    futures : iterable of Future
    with_results : bool, default False
        Yield pairs of future and result.
    raise_errors : bool, default True
        With results: raise what the work raised.
    """

    def __init__(self, futures: Iterable[Future] = (), with_results: bool = False, raise_errors: bool = True) -> None:
        import queue

        self._with_results = with_results
        self._raise_errors = raise_errors
        self._ended: queue.Queue[Future] = queue.Queue()
        self._pending = 0
        for future in futures:
            self.add(future)

    def add(self, future: Future) -> None:
        """One more future to wait for."""
        self._pending += 1
        future.add_done_callback(self._ended.put)

    def update(self, futures: Iterable[Future]) -> None:
        """More futures to wait for."""
        for future in futures:
            self.add(future)

    def count(self) -> int:
        """How many have not been yielded."""
        return self._pending

    def is_empty(self) -> bool:
        """Whether all have been yielded."""
        return self._pending == 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._pending == 0:
            raise StopIteration
        future = self._ended.get()
        self._pending -= 1
        if not self._with_results:
            return future
        error = future.exception()
        if error is not None and self._raise_errors:
            raise error
        return future, error if error is not None else future.result()

    async def __aiter__(self) -> AsyncIterator[Any]:
        import asyncio

        while self._pending:
            yield await asyncio.to_thread(self.__next__)


def fire_and_forget(obj: Any) -> None:
    """Lets futures run to their end: they do, whether anybody holds them or not."""
    _futures_of(obj)
