"""Phalanx from Python: in this process, or with `--workers 2` on two workers of one core."""

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pandas as pd
import phalanx.array as da
import phalanx.dataframe as dd
import phalanx.xgboost as pxgb
from boosting_works import boosting_works
from common import measure
from lazy_works import lazy_works
from learn_works import CHUNK, learn_works
from phalanx.distributed import Client


def side_by_side(calls):
    """As many at once as there are cores; gangs that find no free core wait."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda call: call(), calls))


def ready(values):
    return da.from_array(values, chunks=(CHUNK, *values.shape[1:])).persist()


def frame(columns):
    return dd.from_pandas(pd.DataFrame(columns), npartitions=16).persist()


WORKS = {
    **lazy_works(da, dd, wait=lambda _: None),  # persist() waits by itself
    **boosting_works(da, pxgb, lambda _: None, side_by_side),
    **learn_works(lambda name: import_module(f"phalanx.ml.{name}"), ready, frame),
}

if __name__ == "__main__":
    if sys.argv[1:3] == ["--workers", "2"]:
        del sys.argv[1:3]
        with Client(n_workers=2, threads_per_worker=1):
            measure(WORKS, [])
    else:
        measure(WORKS, [])
