"""How many workers a cluster needs: a rule that follows the queue and never thrashes."""

from __future__ import annotations

import math
import threading
from typing import Any

__all__ = ["Adaptive", "Rule", "needed"]


def needed(jobs: list[dict[str, Any]], workers: list[dict[str, Any]]) -> int:
    """Workers that have something to do: tasks that run or could, over what a worker runs at once.

    Stages that wait for others count only when they can begin: a stage without a running or finished task has no tasks
    to give as long as another stage of its job has some left.
    """
    tasks = 0
    for job in jobs:
        left = [stage["tasks"] - stage["tasks_done"] for stage in job["stages"]]
        begun = [
            rest for rest, stage in zip(left, job["stages"]) if stage["tasks_running"] or (stage["tasks_done"] and rest)
        ]
        tasks += sum(begun) if begun else max(left, default=1)
    cores = [worker["cores"] for worker in workers] or [1]
    return math.ceil(tasks / max(1, min(cores)))


class Rule:
    """Grows at once, and shrinks to what was the most that was needed at the latest looks.

    So a pause between two jobs that is shorter than ``patience`` looks stops nobody, and a cluster that was just scaled
    up is not scaled down before that.
    """

    def __init__(self, minimum: int, maximum: int, patience: int) -> None:
        if not 0 <= minimum <= maximum or maximum < 1 or patience < 1:
            raise ValueError(f"adapt from {minimum} to {maximum} workers with a patience of {patience} looks")
        self._minimum, self._maximum, self._patience = minimum, maximum, patience
        self._seen: list[int] = []

    def target(self, there: int, wanted: int) -> int:
        """How many workers there should be, where ``there`` are and ``wanted`` have something to do."""
        self._seen = [*self._seen[-self._patience + 1 :], wanted] if self._patience > 1 else [wanted]
        most = max(self._seen)
        target = wanted if wanted > there else there if len(self._seen) < self._patience else min(there, most)
        return min(self._maximum, max(self._minimum, target))


class Adaptive:
    """A thread that looks at a cluster and scales it, until it is stopped."""

    def __init__(self, cluster: Any, minimum: int, maximum: int, interval: float, patience: int) -> None:
        self._rule = Rule(minimum, maximum, patience)
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
        described = self._cluster._looking()._describe()
        there = len(self._cluster.workers)
        target = self._rule.target(there, needed(described["jobs"], described["workers"]))
        if target != there and not self._end.is_set():
            self._cluster.scale(target)

    def stop(self) -> None:
        """Ends the thread, and waits for a look that is under way."""
        self._end.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()
