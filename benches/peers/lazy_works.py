"""Works for lazy arrays and frames: one text for Dask and for Phalanx, which differ in what they import."""

from data import folder


def lazy_works(da, dd, wait):
    """`da`, `dd`: modules of arrays and of frames. `wait`: waits for what was persisted."""

    def array_mean():
        def work():
            x = da.random.random((20_000, 20_000), chunks=(2000, 2000))
            (x + x.T).mean(axis=0).compute()

        return work

    def chain():
        def work():
            x = da.random.random(100_000_000, chunks=2_000_000)
            y = da.random.random(100_000_000, chunks=2_000_000)
            (da.sin(x) * 2 + y**2).sum().compute()

        return work

    def matmul():
        import numpy as np

        rng = np.random.default_rng(0)
        x = da.from_array(rng.random((4000, 4000)), chunks=(2000, 2000))
        y = da.from_array(rng.random((4000, 4000)), chunks=(2000, 2000))
        return lambda: (x @ y).compute()

    def uniform():
        return lambda: da.random.random(100_000_000, chunks=2_000_000).sum().compute()

    def normal():
        return lambda: da.random.normal(size=100_000_000, chunks=2_000_000).sum().compute()

    def rechunk():
        x = da.random.random((20_000, 20_000), chunks=(1000, 20_000)).persist()
        wait(x)
        return lambda: x.rechunk((20_000, 1000)).sum(axis=0).compute()

    def to_numpy():
        x = da.random.random(100_000_000, chunks=10_000_000).persist()
        wait(x)
        return lambda: x.compute()

    def scalar():
        x = da.ones(10, chunks=10)
        return lambda: x.sum().compute()

    def thousand_operations():
        def work():
            x = da.ones(1000, chunks=1000)
            for _ in range(1000):
                x = x + 1

        return work

    def csv_groupby():
        place = folder("rows")
        return lambda: dd.read_csv(f"{place}/*.csv").groupby("name")[["x", "y"]].mean().compute()

    def parquet_groupby():
        place = folder("rows")
        return lambda: dd.read_parquet(f"{place}/*.parquet").groupby("name")[["x", "y"]].mean().compute()

    def merge():
        facts, keys = folder("facts"), folder("keys")

        def work():
            rows = dd.read_parquet(f"{facts}/*.parquet").merge(dd.read_parquet(f"{keys}/*.parquet"), on="key")
            (rows["x"] * rows["y"]).sum().compute()

        return work

    def to_pandas():
        rows = dd.read_parquet(f"{folder('facts')}/part.0[0-4].parquet").persist()
        wait(rows)
        return lambda: rows.compute()

    return {
        "py-array-mean": (0, 1, array_mean),
        "py-chain": (0, 1, chain),
        "py-matmul": (1, 3, matmul),
        "py-uniform": (0, 1, uniform),
        "py-normal": (0, 1, normal),
        "py-rechunk": (0, 1, rechunk),
        "py-to-numpy": (1, 3, to_numpy),
        "py-scalar": (20, 100, scalar),
        "py-thousand-operations": (1, 5, thousand_operations),
        "py-csv-groupby": (1, 2, csv_groupby),
        "py-parquet-groupby": (1, 3, parquet_groupby),
        "py-merge": (0, 1, merge),
        "py-to-pandas": (1, 3, to_pandas),
    }
