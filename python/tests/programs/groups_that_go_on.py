"""What was found of groups is merged back, joined, stacked, written and read: the second half of most notebooks."""

import tempfile

import numpy as np
import pandas as pd

import dask
import dask.dataframe as dd

rng = np.random.default_rng(11)
orders = pd.DataFrame(
    {
        "customer": rng.choice(["ann", "bo", "cy", "di"], 400),
        "item": rng.choice(["tea", "milk", "jam"], 400),
        "price": rng.gamma(2.0, 3.0, 400).round(2),
        "pieces": rng.integers(1, 6, 400),
    }
)
df = dd.from_pandas(orders, npartitions=4)

means = df.groupby("customer").price.mean()
print(means.name, means.npartitions, len(means))
above = df.merge(means.rename("mean").to_frame(), left_on="customer", right_index=True)
print(len(above[above.price > above["mean"]]))

of_item = df.groupby("item").agg({"price": "max", "pieces": "sum"})
of_item["each"] = of_item.price / of_item.pieces
print(of_item.compute().sort_index().round(4))
print(df.join(of_item[["each"]], on="item").each.sum().compute().round(6))

counts = df.customer.value_counts().to_frame("orders").reset_index()
print(dd.merge(counts, means.reset_index(), on="customer").compute().sort_values("customer").round(6).to_string(index=False))

folder = tempfile.mkdtemp()
of_item.to_parquet(folder)
print(dd.read_parquet(folder).compute().sort_index().round(4))
stacked = dd.concat([of_item, of_item])
print(len(stacked), stacked.map_partitions(lambda part: part.price * 2, meta=("price", "f8")).sum().compute().round(4))

low, high = dask.compute(df.price.min(), df.price.max())
scaled = ((df.price - low) / (high - low)).clip(upper=0.5)
print(scaled.sum().compute().round(6))
