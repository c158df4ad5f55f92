"""Processes of a cluster, launched from a session, with the names of Cloudera AI's workers API.

In a session of Cloudera AI these functions drive the platform's own module (``cml.workers_v1``, or ``cdsw``); anywhere
else they start processes of this machine, so that the same notebook runs on a laptop. ``from phalanx import workers as
cdsw`` is all that a program needs; :class:`CloudCluster` does the whole road in one call.

Nothing that is launched is open to others: on the platform, credentials are made once in the project's folder
(``~/.phalanx/credentials``, readable by its owner alone), where ``phalanx scheduler``, ``phalanx worker`` and
:class:`phalanx.distributed.Client` find them; on this machine all stay on loopback.
"""

from __future__ import annotations

from phalanx.workers._api import await_workers, launch_workers, list_workers, stop_workers
from phalanx.workers._cluster import CloudCluster

__all__ = ["CloudCluster", "await_workers", "launch_workers", "list_workers", "stop_workers"]
