"""Lloyd's k-means by hand: distances block by block, centres from sums, data kept in memory between rounds."""

import dask
import dask.array as da
import numpy as np

dask.config.set(scheduler="threads")
generator = np.random.default_rng(5)
true = np.array([[0.0, 0.0], [5.0, 5.0], [0.0, 6.0]])
points = np.concatenate([generator.normal(centre, 0.7, size=(2000, 2)) for centre in true])
generator.shuffle(points)

x = da.from_array(points, chunks=(1000, 2)).persist()
centres = points[:3].copy()
for _ in range(12):
    distances = ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    nearest = distances.argmin(axis=1)
    sums = [x[nearest == k].sum(axis=0) for k in range(3)]
    counts = [(nearest == k).sum() for k in range(3)]
    sums, counts = dask.compute(sums, counts)
    centres = np.array([total / max(int(count), 1) for total, count in zip(sums, counts)])
print("centres", *np.round(centres[np.lexsort(centres.T)], 6).ravel())
print("sizes", *sorted(int(count) for count in counts))
print("inertia", distances.min(axis=1).sum().compute())
print("unique", *da.unique(nearest).compute())
