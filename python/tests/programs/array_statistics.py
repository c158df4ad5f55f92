"""Statistics of a matrix that is too large to look at: reductions, slices, conditions, several answers at once."""

import dask
import dask.array as da
import numpy as np

values = np.random.default_rng(0).normal(10.0, 2.0, size=(600, 800))
x = da.from_array(values, chunks=(200, 200))

print("shape", x.shape, "chunks", x.numblocks, x.dtype)
print("mean", x.mean().compute(), "std", x.std(ddof=1).compute())
print("largest of the first column sums", x.sum(axis=0)[:5].max().compute())

y = (x - x.mean(axis=0)) / x.std(axis=0)
low, high, outliers = dask.compute(y.min(), y.max(), (abs(y) > 3).sum())
print("standardised", low, high, "outliers", outliers)

even = x[::2, 1::2]
print("even rows", even.shape, even.mean(axis=1)[-1].compute())
print("clipped", da.where(x > 12, 12, x).mean().compute())
print("where", int(da.argmax(x.max(axis=1)).compute()), float(np.sqrt(x).sum().compute()))

z = (x[:, :600] + x[:, :600].T)[100:110, ::100].sum(axis=1)
print("symmetric", *np.round(z.compute(), 6))
print("cumulative", x.ravel()[:10_000].cumsum(axis=0)[-1].compute())
