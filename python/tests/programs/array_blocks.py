"""An image pipeline: tiles, functions over tiles and their surroundings, a histogram."""

import dask.array as da
import numpy as np


def contrast(tile, low, high):
    return np.clip((tile - low) / (high - low), 0, 1)


def blur(tile):
    padded = tile.copy()
    padded[1:-1, 1:-1] = (
        tile[1:-1, 1:-1] + tile[:-2, 1:-1] + tile[2:, 1:-1] + tile[1:-1, :-2] + tile[1:-1, 2:]
    ) / 5
    return padded


row, column = np.mgrid[0:240, 0:320]
image = da.from_array(np.sin(row / 15.0) * np.cos(column / 20.0) + row / 240, chunks=(80, 80))

stretched = image.map_blocks(contrast, 0.0, 1.5, dtype=image.dtype)
smooth = stretched.map_overlap(blur, depth=1, boundary="reflect", dtype=image.dtype)
print("blurred", smooth.shape, smooth.sum().compute(), smooth[120, 160].compute())

edges = abs(smooth[1:, :] - smooth[:-1, :])
counts, borders = da.histogram(edges, bins=5, range=(0, 0.2))
print("histogram", *counts.compute(), *np.asarray(borders))

tall = stretched.rechunk((240, 40))
print("rechunked", tall.numblocks, tall.max(axis=0).mean().compute())
halves = da.concatenate([tall[:, :160], tall[:, 160:]], axis=0)
stack = da.stack([halves, halves[::-1]])
print("stacked", stack.shape, stack.std(axis=(0, 1))[:3].compute().round(9))
small = da.coarsen(np.mean, image, {0: 4, 1: 4})
print("small", small.shape, small.sum().compute())
