"""Dask in one process, on a thread a core."""

import dask
from common import measure
from dask_works import PACKAGES, WORKS

dask.config.set(scheduler="threads")
measure(WORKS, PACKAGES)
