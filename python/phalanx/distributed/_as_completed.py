"""Futures in the order in which they end."""

from __future__ import annotations

import queue
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from phalanx.distributed._futures import Future, seconds

__all__ = ["as_completed"]


class as_completed:
    """Futures in the order in which they end.

    Parameters
    ----------
    futures : iterable of Future
    with_results : bool, default False
        Yield pairs of future and result.
    raise_errors : bool, default True
        With results: raise what the work raised.
    timeout : float or str, optional
        Seconds from now after which iterating raises TimeoutError.
    """

    def __init__(
        self,
        futures: Iterable[Future] = (),
        loop: Any = None,
        with_results: bool = False,
        raise_errors: bool = True,
        *,
        timeout: Any = None,
    ) -> None:
        if loop is not None:
            raise NotImplementedError("as_completed(loop=...): iterate with `async for` in a loop of your own")
        self._with_results = with_results
        self._raise_errors = raise_errors
        limit = seconds(timeout)
        self._end = None if limit is None else time.monotonic() + limit
        self._ended: queue.Queue[Future] = queue.Queue()
        self._pending = 0
        self.update(futures)

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

    def has_ready(self) -> bool:
        """Whether one has ended that was not yielded."""
        return not self._ended.empty()

    def next_batch(self, block: bool = True) -> list[Any]:
        """All that have ended and were not yielded; at least one, unless ``block`` is False."""
        batch = [next(self)] if block else []
        while self.has_ready():
            batch.append(next(self))
        return batch

    def batches(self) -> Iterator[list[Any]]:
        """All futures, each time as many as have ended."""
        while self._pending:
            yield self.next_batch()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._pending == 0:
            raise StopIteration
        left = None if self._end is None else max(0.0, self._end - time.monotonic())
        try:
            future = self._ended.get(timeout=left)
        except queue.Empty:
            raise TimeoutError(f"{self._pending} futures have not ended in time") from None
        self._pending -= 1
        if not self._with_results:
            return future
        error = future.exception()
        if error is not None and self._raise_errors:
            raise error
        return future, error if error is not None else future._future.result()

    async def __aiter__(self) -> AsyncIterator[Any]:
        import asyncio

        while self._pending:
            yield await asyncio.to_thread(self.__next__)
