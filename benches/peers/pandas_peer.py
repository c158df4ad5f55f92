"""pandas, over the rows of Dask's time series, which are in memory before the clock starts."""

import pandas as pd
from common import measure
from data import folder
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


def copy():
    files = sorted(folder("facts").glob("part.0[0-4].parquet"))
    frame = pd.concat([pd.read_parquet(file) for file in files])
    return lambda: frame.copy(deep=True)


measure(
    {
        "frame-unique": (1, 3, frame_unique),
        "frame-cumsum": (1, 3, frame_cumsum),
        "frame-groupby": (1, 3, frame_groupby),
        "py-to-pandas": (1, 3, copy),
    },
    ["pandas", "numpy"],
)
