"""Dask on a scheduler and two workers of one thread, as processes of their own."""

import logging
import sys

import dask
import dask.array as da
import xgboost.dask
from boosting_works import boosting_works
from common import measure
from dask_works import PACKAGES, WORKS, ready

# One training after the other: two on the same workers would wait for each other.
WORKS |= boosting_works(da, xgboost.dask, lambda arrays: [ready(each) for each in arrays], lambda calls: [call() for call in calls])
PACKAGES = [*PACKAGES, "xgboost-cpu"]

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
