"""Futures: calls that depend on each other, answers as they come, errors, and lazy work beside them."""

import dask.array as da
from dask.distributed import Client, LocalCluster, as_completed, wait


def square(x):
    return x**2


def fragile(x):
    if x == 3:
        raise ValueError(f"no {x} here")
    return x


def main():
    with LocalCluster(n_workers=2, threads_per_worker=1, memory_limit="1GiB", dashboard_address=":0") as cluster:
        with Client(cluster) as client:
            client.wait_for_workers(2)
            squares = client.map(square, range(10))
            total = client.submit(sum, squares)
            print("total", total.result())
            print("gathered", client.gather(squares))

            print("ended", sorted(future.result() for future in as_completed(client.map(square, [3, 1, 2]))))
            futures = client.map(fragile, range(5))
            done, not_done = wait(futures)
            print("done", len(done), len(not_done), [future.status for future in futures])
            try:
                client.gather(futures)
            except ValueError as error:
                print("raised", error)
            print("skipped", client.gather(futures, errors="skip"))

            numbers = client.scatter([1, 2, 3])
            print("scattered", client.submit(sum, numbers).result())

            x = da.arange(1_000_000, chunks=100_000)
            persisted = client.persist(x * 2)
            wait(persisted)
            print("persisted", persisted.sum().compute(), client.compute(persisted.max()).result())
            print("workers", len(client.scheduler_info()["workers"]), sum(client.nthreads().values()))


if __name__ == "__main__":
    main()
