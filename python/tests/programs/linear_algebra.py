"""Linear algebra: products, decompositions, least squares."""

import dask
import dask.array as da
import numpy as np

generator = np.random.default_rng(42)
a = da.from_array(generator.normal(size=(1200, 30)), chunks=(300, 30))
weights = np.linspace(-1, 1, 30)
b = a @ weights

q, r = da.linalg.qr(a)
print("orthogonal", float(abs(q.T @ q - da.eye(30, chunks=30)).max().compute()) < 1e-12)
print("triangular", np.allclose(np.tril(r.compute(), -1), 0))

u, s, v = da.linalg.svd(a)
print("singular values", *s[:4].compute())
error = abs(a - (u * s) @ v).max()
print("rebuilt", float(error.compute()) < 1e-12)

solution, residuals, rank, _ = da.linalg.lstsq(a, b)
print("least squares", rank if isinstance(rank, int) else int(rank.compute()), np.allclose(solution.compute(), weights))

gram = (a.T @ a).rechunk((30, 30))
inverse = da.linalg.inv(gram)
norm, trace = dask.compute(da.linalg.norm(gram), da.trace(inverse))
print("norm", norm, "trace", trace)
print("tensordot", da.tensordot(a, a, axes=([0], [0])).sum().compute())
print("einsum", da.einsum("ij,ij->j", a, a)[:3].compute().round(9))
