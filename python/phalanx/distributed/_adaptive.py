"""A thread that gives a cluster as many workers as it needs, by the rule that the command line goes by too."""

from __future__ import annotations

import threading
from typing import Any

from phalanx import _phalanx

__all__ = ["Adaptive"]


class Adaptive:
    """A thread that looks at a cluster and scales it, until it is stopped."""

    def __init__(self, cluster: Any, minimum: int, maximum: int, interval: float, patience: int) -> None:
        self._rule = _phalanx.AdaptRule(minimum, maximum, patience)
        self._cluster, self._interval = cluster, interval
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="phalanx-adapt", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        from phalanx.exceptions import PhalanxError

        while not self._end.wait(self._interval):
            try:
                self._look()
            except PhalanxError:
                # The scheduler is away, or a launch failed: the next look tries again.
                continue

    def _look(self) -> None:
        described = self._cluster._looking()._native.describe()
        there = len(self._cluster.workers)
        target = self._rule.target(there, described)
        if target != there and not self._end.is_set():
            self._cluster.scale(target)

    def stop(self) -> None:
        """Ends the thread, and waits for a look that is under way."""
        self._end.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
