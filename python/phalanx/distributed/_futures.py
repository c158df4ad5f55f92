"""Results that are still to come."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Generator, Iterable
from typing import Any, NamedTuple

__all__ = ["ALL_COMPLETED", "FIRST_COMPLETED", "Future", "TimeoutError", "fire_and_forget", "futures_of", "wait"]

ALL_COMPLETED = "ALL_COMPLETED"
FIRST_COMPLETED = "FIRST_COMPLETED"
TimeoutError = TimeoutError  # the name that Dask's programs import


def seconds(timeout: Any) -> float | None:
    """Seconds of a number, or of text such as ``"500ms"``, ``"30s"`` and ``"2 min"``."""
    if timeout is None or isinstance(timeout, (int, float)):
        return timeout
    text = str(timeout).strip()
    number = text.rstrip("abcdefghijklmnopqrstuvwxyz ")
    units = {"": 1.0, "ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0, "minutes": 60.0, "h": 3600.0}
    unit = text[len(number) :].strip()
    if unit not in units:
        raise ValueError(f"{timeout!r} is no span of time: give seconds, or text such as '30s'")
    return float(number) * units[unit]


class Future:
    """A result that is still to come. ``await`` it, or ask for :meth:`result`."""

    __slots__ = ("__weakref__", "_asynchronous", "_future", "_token", "key")

    def __init__(self, key: str, token: Any, asynchronous: bool = False) -> None:
        self._future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._token = token
        self._asynchronous = asynchronous
        self.key = key

    # What the thread that does the work says; a future that was cancelled meanwhile stays cancelled.

    def _finish(self, value: Any) -> None:
        try:
            self._future.set_result(value)
        except concurrent.futures.InvalidStateError:
            pass

    def _fail(self, error: BaseException) -> None:
        try:
            self._future.set_exception(error)
        except concurrent.futures.InvalidStateError:
            pass

    @property
    def status(self) -> str:
        """``pending``, ``finished``, ``error`` or ``cancelled``."""
        from phalanx.exceptions import CancelledError

        if not self._future.done():
            return "pending"
        error = self._future.exception()
        if error is None:
            return "finished"
        return "cancelled" if isinstance(error, CancelledError) else "error"

    def done(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self._future.done()

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status == "cancelled"

    def result(self, timeout: Any = None) -> Any:
        """Waits for the value; raises what the work raised, or TimeoutError after ``timeout`` seconds."""
        return self if self._asynchronous else self._future.result(seconds(timeout))

    def exception(self, timeout: Any = None) -> BaseException | None:
        """Waits, and returns what the work raised, or None."""
        return self._future.exception(seconds(timeout))

    def traceback(self, timeout: Any = None) -> Any:
        """The traceback of what the work raised, or None; what a worker raised has the worker's in its notes."""
        error = self.exception(timeout)
        return None if error is None else error.__traceback__

    def cancel(self, *_: Any, **__: Any) -> None:
        """Ends the work, if it has not ended. A Python function that runs in this process runs on, unheard."""
        from phalanx.exceptions import CancelledError

        self._token.cancel()
        self._fail(CancelledError(f"{self.key} was cancelled"))

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

    def _repr_html_(self) -> str:
        from html import escape

        return f"<b>Future</b> {escape(self.key)} <code>{self.status}</code>"


class DoneAndNotDone(NamedTuple):
    """What :func:`wait` returns."""

    done: set[Future]
    not_done: set[Future]


def futures_of(value: Any) -> list[Future]:
    """The futures inside of a value or collections of values; lazy objects that are persisted have none."""
    if isinstance(value, Future):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, (list, tuple, set, frozenset, Generator)):
        return []
    return [future for item in value for future in futures_of(item)]


def wait(fs: Any, timeout: Any = None, return_when: str = ALL_COMPLETED) -> Any:
    """Waits until futures have ended; persisted objects have already.

    Returns
    -------
    DoneAndNotDone
        Two sets. Futures of an asynchronous client: something to await that gives it.

    Raises
    ------
    TimeoutError
        They have not after ``timeout`` seconds.
    """
    if return_when not in (ALL_COMPLETED, FIRST_COMPLETED):
        raise NotImplementedError(f"return_when={return_when!r}: ALL_COMPLETED and FIRST_COMPLETED are there")
    futures = futures_of(fs)
    if any(future._asynchronous for future in futures):
        import asyncio

        return asyncio.to_thread(_wait, futures, seconds(timeout), return_when)
    return _wait(futures, seconds(timeout), return_when)


def _wait(futures: list[Future], timeout: float | None, return_when: str) -> DoneAndNotDone:
    done, not_done = concurrent.futures.wait([future._future for future in futures], timeout, return_when)
    if not_done and (return_when == ALL_COMPLETED or not done):
        raise TimeoutError(f"{len(not_done)} of {len(futures)} futures have not ended after {timeout} s")
    return DoneAndNotDone(
        {future for future in futures if future._future in done},
        {future for future in futures if future._future in not_done},
    )


def wait_briefly(futures: list[Future]) -> None:
    """Waits until they have ended, or for a twentieth of a second."""
    concurrent.futures.wait([future._future for future in futures], 0.05)


def fire_and_forget(obj: Any) -> None:
    """Lets futures run to their end: they do, whether anybody holds them or not."""
    futures_of(obj)
