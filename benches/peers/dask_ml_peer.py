"""dask-ml, with Dask's threads."""

from importlib import import_module

import dask
import dask.array as da
import dask.dataframe as dd
import pandas as pd
from common import measure
from learn_works import CHUNK, learn_works

dask.config.set(scheduler="threads")

#: They can take minutes each: once is enough.
ONCE = ("py-logistic-lbfgs", "py-logistic-newton", "py-logistic-admm", "py-linear-regression")


def ready(values):
    return da.from_array(values, chunks=(CHUNK, *values.shape[1:])).persist()


def frame(columns):
    return dd.from_pandas(pd.DataFrame(columns), npartitions=16).persist()


if __name__ == "__main__":
    works = learn_works(lambda name: import_module(f"dask_ml.{name}"), ready, frame)
    for name in ONCE:
        works[name] = (0, 1, works[name][2])
    measure(works, ["dask-ml", "dask-glm", "dask", "scikit-learn"])
