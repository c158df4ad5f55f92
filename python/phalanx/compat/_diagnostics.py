"""``dask.diagnostics``: the bar that tells when a computation has ended."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from phalanx import _compute

__all__ = ["ProgressBar"]


class ProgressBar:
    """Shows how long a computation has run, and that it has ended; of stages the status page tells.

    Parameters
    ----------
    minimum : float
        Seconds; what takes less is not shown.
    width : int
        Characters of the bar.
    dt : float
        Seconds between updates.
    out : file, optional
        Where to write; standard output by default.
    """

    def __init__(self, minimum: float = 0, width: int = 40, dt: float = 0.1, out: Any = None) -> None:
        self._minimum, self._width, self._dt, self._out = minimum, width, dt, out

    @contextlib.contextmanager
    def _watch(self) -> Iterator[None]:
        out, start, ended = self._out or sys.stdout, time.monotonic(), threading.Event()

        def show(filled: int, what: str) -> None:
            bar = "#" * filled + " " * (self._width - filled)
            out.write(f"\r[{bar}] | {what} | {time.monotonic() - start:.2f} s")
            out.flush()

        def tick() -> None:
            while not ended.wait(self._dt):
                if time.monotonic() - start >= self._minimum:
                    show(0, "running")

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if time.monotonic() - start >= self._minimum:
            show(self._width, "100% Completed")
            out.write("\n")

    def register(self) -> None:
        """From here on, for all computations."""
        _compute.watchers.append(self._watch)

    def unregister(self) -> None:
        """No longer."""
        _compute.watchers.remove(self._watch)

    def __enter__(self) -> ProgressBar:
        self.register()
        return self

    def __exit__(self, *_: object) -> None:
        self.unregister()
