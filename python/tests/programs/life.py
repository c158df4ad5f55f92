"""Conway's game of life on a torus, a generation a step, kept in memory between steps."""

import dask.array as da
import numpy as np


def step(cells):
    neighbours = sum(
        np.roll(np.roll(cells, down, 0), right, 1)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if (down, right) != (0, 0)
    )
    return ((neighbours == 3) | ((cells == 1) & (neighbours == 2))).astype(cells.dtype)


start = (np.random.default_rng(3).random((96, 96)) < 0.3).astype("int64")
world = da.from_array(start, chunks=(32, 48))
for generation in range(4):
    world = world.map_overlap(step, depth=1, boundary="periodic", dtype=world.dtype).persist()
    print("generation", generation + 1, "alive", int(world.sum().compute()))
print("rows with most", np.argsort(world.sum(axis=1).compute(), kind="stable")[-3:])
