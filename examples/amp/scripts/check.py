"""Starts a cluster of one worker, asks it for a sum, and stops it: the project is ready."""

import phalanx.array as da
from phalanx.workers import CloudCluster

with CloudCluster(n_workers=1, worker_cpu=1, worker_memory=2) as cluster, cluster.get_client() as client:
    print(client.scheduler_info()["workers"])
    print("sum:", da.ones((1000, 1000), chunks=250).sum().compute())
