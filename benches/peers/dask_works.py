"""The works in Dask, for whichever scheduler is set."""

import dask
import dask.array as da
import dask.dataframe as dd
from dask.datasets import timeseries
from dask.distributed import wait
from lazy_works import lazy_works


def ready(persisted):
    """Dask's threads persist at once, its cluster in the background."""
    if dask.config.get("scheduler", None) != "threads":
        wait(persisted)


def round_trip():
    @dask.delayed
    def first():
        return 1

    @dask.delayed
    def second(value):
        return value + 1

    # Two tasks, one after the other: the least that a scheduler can be asked.
    return lambda: second(first()).compute()


def array_svd():
    def work():
        x = da.random.random((10_000, 10, 10_000), chunks=(1000, 10, 1000))
        y = x.reshape((10_000, 100_000)).T[:10, :1000]
        dask.compute(*da.linalg.svd(y.rechunk((10, 1000))))

    return work


def array_tall_svd():
    a = da.random.random((1_000_000, 100), chunks=(50_000, 100)).persist()
    ready(a)

    def work():
        u, s, v = da.linalg.svd(a)
        dask.compute(s, v, u.sum())

    return work


def array_mean():
    def work():
        x = da.random.random((10_000, 10_000), chunks=(1000, 1000))
        (x + x.T).mean(axis=0).compute()

    return work


def ten_thousand_chunks():
    return lambda: da.random.random(10_000, chunks=1).sum().compute()


def frame(columns):
    return timeseries(start="2000-01-01", end="2000-01-31", freq="1s", partition_freq="1D", seed=0)[columns]


def frame_unique():
    return lambda: frame(["name"])["name"].unique().compute()


def frame_cumsum():
    def work():
        rows = frame(["name", "x", "y"])
        rows[rows["name"] == "Oliver"][["x", "y"]].cumsum().compute()

    return work


def frame_groupby():
    def work():
        rows = frame(["name", "x", "y"])
        rows.groupby("name")[["x", "y"]].agg(["mean", "std", "count"]).compute()

    return work


WORKS = {
    "job-two-stages": (20, 100, round_trip),
    "array-svd": (1, 3, array_svd),
    "array-tall-svd": (0, 1, array_tall_svd),
    "array-mean": (0, 1, array_mean),
    "ten-thousand-chunks": (0, 1, ten_thousand_chunks),
    "frame-unique": (1, 3, frame_unique),
    "frame-cumsum": (1, 3, frame_cumsum),
    "frame-groupby": (1, 3, frame_groupby),
    **lazy_works(da, dd, ready),
}
PACKAGES = ["dask", "distributed", "numpy", "pandas", "pyarrow"]
