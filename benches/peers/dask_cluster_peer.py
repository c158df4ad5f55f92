"""What Dask's cluster of two processes takes to start, and to exchange rows by P2P.

Run by `cargo run --release -p phalanx-tests --bin load`, which compares. `cluster-start` is what the constructors take,
`cluster-first-result` ends with the first result; `exchange` moves EXCHANGED_BYTES of rows of 32 bytes in
EXCHANGED_PARTITIONS partitions, which are in the workers' memory before and after.
"""

import logging
import os

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
from common import measure
from dask.distributed import Client, LocalCluster, wait

#: A cluster ends with the process, or before the next work: its end is not timed.
CLIENTS = []


def start():
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR)
    CLIENTS.append(Client(cluster))


def first_result():
    start()
    assert CLIENTS[-1].submit(sum, range(10)).result() == 45


def rows(number, count):
    """The rows of one partition: keys that are spread over all numbers."""
    row = np.arange(number * count, (number + 1) * count)
    keys = row * np.int64(-7046029254386353131)
    return pd.DataFrame({"key": keys, "a": row * 0.1 % 1, "b": row * 0.01 % 1, "c": row * 0.001 % 1})


def exchange():
    size, partitions = int(os.environ["EXCHANGED_BYTES"]), int(os.environ["EXCHANGED_PARTITIONS"])
    dask.config.set({"distributed.worker.memory.terminate": False})
    start()
    count = size // 32 // partitions
    frame = dd.from_map(rows, range(partitions), count=count).persist()
    wait(frame)

    def work():
        moved = frame.shuffle("key", npartitions=partitions, shuffle_method="p2p").persist()
        wait(moved)
        assert all(future.status == "finished" for future in CLIENTS[-1].futures_of(moved))

    return work


def alone(prepare):
    """Ends what an earlier work has left before the next one is timed."""

    def prepared():
        while CLIENTS:
            client = CLIENTS.pop()
            client.cluster.close()
            client.close()
        return prepare()

    return prepared


WORKS = {
    "cluster-start": (0, 1, alone(lambda: start)),
    "cluster-first-result": (0, 1, alone(lambda: first_result)),
    "exchange": (0, 2, alone(exchange)),
}

if __name__ == "__main__":
    measure(WORKS, ["dask", "distributed", "pandas"])
