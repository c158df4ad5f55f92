"""pandas, over the rows of Dask's time series, which are in memory before the clock starts."""

from common import measure
from dask_works import frame


def timeseries():
    return frame(["name", "x", "y"]).compute(scheduler="threads")


def frame_unique():
    frame = timeseries()
    return lambda: frame["name"].unique()


def frame_cumsum():
    frame = timeseries()
    return lambda: frame[frame["name"] == "Oliver"][["x", "y"]].cumsum()


def frame_groupby():
    frame = timeseries()
    return lambda: frame.groupby("name")[["x", "y"]].agg(["mean", "std", "count"])


measure(
    {
        "frame-unique": (1, 3, frame_unique),
        "frame-cumsum": (1, 3, frame_cumsum),
        "frame-groupby": (1, 3, frame_groupby),
    },
    ["pandas", "numpy"],
)
