"""Polars, lazy, with as many threads as it takes."""

import polars as pl
from common import measure
from data import folder


def groupby(scan):
    return lambda: scan().group_by("name").agg(pl.col("x").mean(), pl.col("y").mean()).collect()


def csv_groupby():
    place = folder("rows")
    return groupby(lambda: pl.scan_csv(f"{place}/*.csv"))


def parquet_groupby():
    place = folder("rows")
    return groupby(lambda: pl.scan_parquet(f"{place}/*.parquet"))


def merge():
    facts, keys = folder("facts"), folder("keys")

    def work():
        rows = pl.scan_parquet(f"{facts}/*.parquet").join(pl.scan_parquet(f"{keys}/*.parquet"), on="key")
        rows.select((pl.col("x") * pl.col("y")).sum()).collect()

    return work


measure(
    {
        "py-csv-groupby": (1, 2, csv_groupby),
        "py-parquet-groupby": (1, 3, parquet_groupby),
        "py-merge": (0, 1, merge),
    },
    ["polars"],
)
