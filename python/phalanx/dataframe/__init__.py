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

from typing import Any

from phalanx._compute import compute
from phalanx.dataframe import _columnwise  # noqa: F401 - gives series the frame's methods
from phalanx.dataframe._column_files import read_hdf, read_orc, read_parquet
from phalanx.dataframe._conversions import isna, to_datetime, to_numeric, to_timedelta
from phalanx.dataframe._core import DataFrame
from phalanx.dataframe._databases import read_sql, read_sql_query, read_sql_table
from phalanx.dataframe._from_python import from_delayed, from_map
from phalanx.dataframe._functions import (
    concat,
    get_dummies,
    map_overlap,
    map_partitions,
    melt,
    merge,
    pivot_table,
    repartition,
)
from phalanx.dataframe._groups import Aggregation
from phalanx.dataframe._handing_over import to_bag, to_csv, to_hdf, to_json, to_orc, to_records, to_sql
from phalanx.dataframe._parquet import to_parquet
from phalanx.dataframe._results import Result as Scalar
from phalanx.dataframe._sql import sql
from phalanx.dataframe._text_files import read_csv, read_fwf, read_json, read_table
from phalanx.dataframe.index import Index
from phalanx.dataframe.io import from_array, from_arrow, from_dask_array, from_dict, from_pandas
from phalanx.dataframe.reshape import merge_asof
from phalanx.dataframe.series import Series

__all__ = [
    "Aggregation", "DataFrame", "Index", "Scalar", "Series", "compute", "concat", "from_array", "from_arrow", "from_dask_array", "from_delayed",
    "from_dict", "from_map", "from_pandas", "get_dummies", "isna", "map_overlap", "map_partitions", "melt", "merge",
    "merge_asof", "pivot_table", "read_csv", "read_fwf", "read_hdf", "read_json", "read_orc", "read_parquet", "read_sql",
    "read_sql_query", "read_sql_table", "read_table", "repartition", "sql", "to_bag", "to_csv", "to_datetime", "to_hdf",
    "to_json", "to_numeric", "to_orc", "to_parquet", "to_records", "to_sql", "to_timedelta",
]  # fmt: skip

#: Functions of pandas that take columns, and what does their work on lazy ones.
_ABSENT = {
    "crosstab": "frame.pivot_table(index=…, columns=…, values=…, aggfunc=\"count\"), or groupby([…]).size()",
    "cut": "series.map_partitions(pd.cut, bins, labels=names) of bins that are given",
    "date_range": "pandas' own",
    "eval": "frame.eval",
    "factorize": "series.astype(\"category\").cat.as_known().cat.codes",
    "from_dummies": "frame.idxmax(axis=1)",
    "json_normalize": "read_json, or a function for map_partitions",
    "lreshape": "melt",
    "merge_ordered": "merge(how=\"outer\") and sort_values",
    "notna": "series.notna()",
    "notnull": "series.notna()",
    "pivot": "pivot_table",
    "qcut": "series.map_partitions(pd.cut, [-inf, *series.quantile([…]).compute(), inf], labels=names)",
    "read_excel": "pandas' read_excel, and from_pandas; or from_map over files",
    "read_feather": "read_parquet, or from_map(pd.read_feather, files)",
    "read_pickle": "from_map(pd.read_pickle, files)",
    "read_xml": "from_map(pd.read_xml, files)",
    "unique": "series.unique()",
    "wide_to_long": "melt",
}


def __getattr__(name: str) -> Any:
    if name in _ABSENT:
        from phalanx._absent import refuse

        refuse("phalanx.dataframe", name, _ABSENT[name])
    raise AttributeError(f"module 'phalanx.dataframe' has no attribute {name!r}")
