"""Phalanx from Python: in this process, or with `--workers 2` on two workers of one core."""

import sys

import phalanx.array as da
import phalanx.dataframe as dd
from common import measure
from lazy_works import lazy_works
from phalanx.distributed import Client

WORKS = lazy_works(da, dd, wait=lambda _: None)  # persist() waits by itself

if __name__ == "__main__":
    if sys.argv[1:3] == ["--workers", "2"]:
        del sys.argv[1:3]
        with Client(n_workers=2, threads_per_worker=1):
            measure(WORKS, [])
    else:
        measure(WORKS, [])
