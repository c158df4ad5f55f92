"""dask-ml, with Dask's threads."""

from importlib import import_module

import dask
import dask.array as da
from common import measure
from learn_works import CHUNK, learn_works

dask.config.set(scheduler="threads")


def ready(values):
    return da.from_array(values, chunks=(CHUNK, *values.shape[1:])).persist()


if __name__ == "__main__":
    works = learn_works(lambda name: import_module(f"dask_ml.{name}"), ready)
    measure(works, ["dask-ml", "dask-glm", "dask", "scikit-learn"])
