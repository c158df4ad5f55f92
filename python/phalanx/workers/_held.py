"""One session, held by this process: ``python -m phalanx.workers._held``, which ``phalanx cluster`` starts for each.

The variable ``PHALANX_HELD`` says, as JSON, what to launch. A line on standard output says that it is ready; the line
``leave`` on standard input lets a worker go in order; the end of standard input stops the session at once.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import Any

__all__ = ["main"]

#: Seconds within which a session must run.
START_TIMEOUT = 300.0


class _Parent:
    """What the process that started this one says."""

    def __init__(self) -> None:
        self.spoke = threading.Event()
        self.is_gone = False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            if line.strip() == "leave":
                break
        else:
            self.is_gone = True
        self.spoke.set()


def _scheduler(told: dict[str, Any], parent: _Parent) -> None:
    from phalanx.workers._cluster import CloudCluster

    cluster = CloudCluster(
        0,
        scheduler_cpu=told["cpu"],
        scheduler_memory=told["memory"],
        dashboard_port=told["dashboard_port"],
        env=told["env"],
        timeout=START_TIMEOUT,
    )
    with cluster:
        print(f"scheduler ready at {cluster.scheduler_address}, status page at {cluster.dashboard_link}", flush=True)
        parent.spoke.wait()


def _worker(told: dict[str, Any], parent: _Parent) -> None:
    from phalanx.workers import _sessions

    session = _sessions.Session.of_worker(
        told["scheduler"], told["cpu"], told["memory"], told["nvidia_gpu"], told["env"], told["allow_python"]
    )
    try:
        address = session.address(START_TIMEOUT)
        print(f"worker {session.id} ready at {address}", flush=True)
        parent.spoke.wait()
        if not parent.is_gone:
            _sessions.retire(told["scheduler"], [address])
    finally:
        session.stop()


def main() -> int:
    """Holds what it is told until it is let go; returns the exit code."""
    told = json.loads(os.environ.pop("PHALANX_HELD"))
    parent = _Parent()
    try:
        (_scheduler if told["role"] == "scheduler" else _worker)(told, parent)
    except (Exception, KeyboardInterrupt) as error:  # whoever started us shows the last line: no traceback
        print(f"error: {str(error) or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
