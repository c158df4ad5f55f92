"""A line that shows how far futures are."""

from __future__ import annotations

import sys
import time
from typing import Any

from phalanx.distributed._futures import _futures_of

__all__ = ["progress"]


def progress(*futures: Any, notebook: bool | None = None, interval: float = 0.1) -> None:
    """Shows how many of the futures have ended, until all have. Nothing is shown where the output is no terminal."""
    waited = _futures_of(futures)
    shows = sys.stderr.isatty() if notebook is None else bool(notebook)
    start = time.monotonic()
    while True:
        done = sum(future.done() for future in waited)
        if shows:
            filled = 40 * done // max(1, len(waited))
            bar = "#" * filled + " " * (40 - filled)
            print(
                f"\r[{bar}] {done}/{len(waited)} | {time.monotonic() - start:5.1f} s",
                end="",
                file=sys.stderr,
                flush=True,
            )
        if done == len(waited):
            break
        time.sleep(interval)
    if shows:
        print(file=sys.stderr)
