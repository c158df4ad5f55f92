"""A line that shows how far futures are: in a terminal, and in a notebook."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from phalanx import _client
from phalanx.distributed._futures import futures_of

__all__ = ["progress"]

_WIDTH = 40  # of the bar, in characters


def _line(done: int, count: int, tasks: tuple[int, int], start: float) -> str:
    filled = _WIDTH * done // max(1, count)
    also = f" | tasks {tasks[0]}/{tasks[1]}" if tasks[1] else ""
    return f"[{'#' * filled}{' ' * (_WIDTH - filled)}] {done}/{count}{also} | {time.monotonic() - start:5.1f} s"


def _tasks() -> tuple[int, int]:
    """Tasks that are done, and all, of the jobs that the current client's cluster runs now."""
    client = _client.current()
    stages = [stage for job in client._describe()["jobs"] for stage in job["stages"]] if client else []
    return sum(stage["tasks_done"] for stage in stages), sum(stage["tasks"] for stage in stages)


def _shower(notebook: bool | None) -> Callable[[str], None] | None:
    """Where lines are shown: None if nobody would see them."""
    if notebook is None:
        shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
        notebook = type(shell).__name__ == "ZMQInteractiveShell"
    if notebook:
        import importlib

        display = importlib.import_module("IPython.display")
        handle = display.display(display.HTML(""), display_id=True)
        return lambda line: handle.update(display.HTML(f"<pre>{line}</pre>")) if handle is not None else None
    if sys.stderr.isatty():
        return lambda line: print(f"\r{line}", end="", file=sys.stderr, flush=True)
    return None


def progress(*futures: Any, notebook: bool | None = None, interval: float = 0.1) -> None:
    """Shows how many of the futures have ended, and tasks of their jobs, until all have.

    Nothing is shown where the output is neither a terminal nor a notebook. Persisted objects have ended already.
    """
    waited = futures_of(list(futures))
    show = _shower(notebook) if waited else None
    start = time.monotonic()
    while True:
        done = sum(future.done() for future in waited)
        if show is not None:
            show(_line(done, len(waited), (0, 0) if done == len(waited) else _tasks(), start))
        if done == len(waited):
            break
        time.sleep(interval)
    if show is not None and sys.stderr.isatty():
        print(file=sys.stderr)
