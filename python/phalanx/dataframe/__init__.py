"""Lazy dataframes with pandas' names, row order and semantics.

>>> import pandas as pd
>>> import phalanx.dataframe as dd
>>> frame = dd.from_pandas(pd.DataFrame({"name": ["a", "b", "a"], "x": [1, 2, 3]}), npartitions=2)
>>> frame.groupby("name").x.sum().compute()
name
a    4
b    2
Name: x, dtype: int64
"""

from __future__ import annotations

from phalanx.dataframe._core import DataFrame
from phalanx.dataframe._groups import Aggregation
from phalanx.dataframe.io import (
    from_arrow,
    from_dict,
    from_pandas,
    read_csv,
    read_parquet,
    to_datetime,
    to_numeric,
    to_timedelta,
)
from phalanx.dataframe.reshape import concat, get_dummies, melt, merge, merge_asof, pivot_table
from phalanx.dataframe.series import Series, isna

__all__ = [
    "Aggregation",
    "DataFrame",
    "Series",
    "concat",
    "from_arrow",
    "from_dict",
    "from_pandas",
    "get_dummies",
    "isna",
    "melt",
    "merge",
    "merge_asof",
    "pivot_table",
    "read_csv",
    "read_parquet",
    "to_datetime",
    "to_numeric",
    "to_timedelta",
]
