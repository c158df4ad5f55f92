"""Calls that run later: odd files that are read one by one, a tree of merges, and answers together."""

import json
import os
import tempfile

import dask
import numpy as np
import pandas as pd
from dask import delayed


@delayed
def read(path):
    with open(path) as file:
        return pd.DataFrame(json.load(file)["rows"])


@delayed
def clean(frame, least):
    return frame[frame["value"] >= least]


@delayed
def merge(left, right):
    return pd.concat([left, right], ignore_index=True)


with tempfile.TemporaryDirectory() as folder:
    paths = []
    for number in range(8):
        rows = [{"id": i, "value": float(v)} for i, v in enumerate(np.random.default_rng(number).integers(0, 100, 50))]
        paths.append(os.path.join(folder, f"{number}.json"))
        with open(paths[-1], "w") as file:
            json.dump({"rows": rows}, file)

    parts = [clean(read(path), least=10) for path in paths]
    while len(parts) > 1:
        parts = [merge(*parts[at : at + 2]) for at in range(0, len(parts), 2)]
    whole = parts[0]
    count = delayed(len)(whole)
    mean = whole["value"].mean()
    count, mean, largest = dask.compute(count, mean, whole.value.max())
    print("rows", count, "mean", mean, "largest", largest)

    counts = {os.path.basename(path): delayed(len)(read(path)) for path in paths[:2]}
    (answer,) = dask.compute(counts)
    print("counts", answer)

total = delayed(sum)([delayed(pow)(i, 2) for i in range(10)])
print("total", total.compute(), "plus", (total + 15).compute(), (total * 2 > 500).compute())
low, high = delayed(lambda values: (min(values), max(values)), nout=2)([3, 1, 2])
print("pair", low.compute(), high.compute())
