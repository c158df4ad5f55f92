"""The blog post's program, as it was written for Dask."""

import dask.array as da
from dask import datasets
from dask.distributed import Client

client = Client()

x = da.random.random((10000, 10, 10000), chunks=1000)
y = da.reshape(x, (10000, 100000)).T[:10, :1000]
u, s, v = da.linalg.svd(y)
print("singular values:", s.compute().shape)

frame = datasets.timeseries()
print("names:", len(frame.name.unique().compute()))
oliver = frame[frame.name == "Oliver"]
sums = oliver[["x", "y"]].cumsum().compute()
print("columns:", list(sums.columns))
client.close()
