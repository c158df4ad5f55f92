"""Dask on a scheduler and two workers of one thread, as processes of their own."""

import logging
import sys

import dask
from common import measure
from dask_works import PACKAGES, WORKS

if __name__ == "__main__":
    if sys.argv[1:] == ["--versions"]:
        measure(WORKS, PACKAGES)
    else:
        from dask.distributed import LocalCluster, Client

        dask.config.set({"distributed.worker.memory.terminate": False})
        with LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.ERROR
        ) as cluster, Client(cluster):
            measure(WORKS, PACKAGES)
