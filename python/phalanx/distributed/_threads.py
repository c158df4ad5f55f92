"""The threads that wait for jobs: they end with their client, and with the program."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from phalanx import _phalanx
from phalanx.distributed._futures import Future

__all__ = ["JobThreads"]

#: Jobs of one client that run at once; more wait in a queue.
JOBS_AT_ONCE = 32


class JobThreads:
    """Runs what futures stand for, each in a thread, when the futures that it needs have ended.

    Not a ThreadPoolExecutor: the interpreter waits for its threads before anybody can know that the program has ended.
    """

    def __init__(self, asynchronous: bool) -> None:
        self._asynchronous = asynchronous
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[tuple[Future, Callable[[Any], Any]] | None] = queue.SimpleQueue()
        self._threads = 0
        self._idle = 0
        self._open: set[Future] = set()
        self._closed = False
        _at_exit(self)

    def start(self, work: Callable[[Any], Any], key: str, needs: Iterable[Future] = ()) -> Future:
        """``work(token)``, as a future; ``token`` tells native calls to give up."""
        future = Future(key, _phalanx.CancelToken(), self._asynchronous)
        with self._lock:
            if self._closed:
                raise ValueError("this client is closed: make a new one")
            self._open.add(future)
        future.add_done_callback(self._open.discard)
        waited = [need for need in needs if not need.done()]
        left = _Countdown(len(waited) + 1, lambda: self._begin(future, work))
        for need in waited:
            need.add_done_callback(lambda _: left.one_less())
        left.one_less()
        return future

    def _begin(self, future: Future, work: Callable[[Any], Any]) -> None:
        with self._lock:
            if future.done():
                return
            self._waiting.put((future, work))
            if self._idle >= self._waiting.qsize() or self._threads == JOBS_AT_ONCE:
                return
            self._threads += 1
        # It holds this object, so what closes threads at the end finds it.
        threading.Thread(target=self._serve, name=f"phalanx-future-{self._threads}").start()

    def _serve(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            taken = self._waiting.get()
            with self._lock:
                self._idle -= 1
            if taken is None:
                self._waiting.put(None)  # for the next thread
                return
            _run(*taken)

    def close(self) -> None:
        """Cancels what has not ended."""
        with self._lock:
            self._closed = True
            pending = list(self._open)
        for future in pending:
            future.cancel()
        self._waiting.put(None)


class _Countdown:
    """Calls a function when so many have called it."""

    def __init__(self, count: int, at_zero: Callable[[], None]) -> None:
        self._count, self._at_zero, self._lock = count, at_zero, threading.Lock()

    def one_less(self) -> None:
        with self._lock:
            self._count -= 1
            is_zero = self._count == 0
        if is_zero:
            self._at_zero()


def _run(future: Future, work: Callable[[Any], Any]) -> None:
    if future.done():  # cancelled while it waited for a thread
        return
    try:
        value = work(future._token)
    except BaseException as error:  # whatever it is, it belongs to who waits
        future._fail(error)
    else:
        future._finish(value)


_all: weakref.WeakSet[JobThreads] = weakref.WeakSet()
_watcher: threading.Thread | None = None


def _at_exit(threads: JobThreads) -> None:
    """Ends ``threads`` with the main thread. Else the interpreter would wait for jobs that nobody waits for."""
    global _watcher
    _all.add(threads)
    if _watcher is None or not _watcher.is_alive():  # after a fork it is not
        _watcher = threading.Thread(target=_close_after_main_thread, name="phalanx-exit", daemon=True)
        _watcher.start()


def _close_after_main_thread() -> None:
    threading.main_thread().join()
    for threads in list(_all):
        threads.close()
