"""Lazy dataframes with pandas' names, row order and semantics."""

from __future__ import annotations

from phalanx.dataframe._core import DataFrame
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
from phalanx.dataframe.series import Series, isna

__all__ = [
    "DataFrame",
    "Series",
    "from_arrow",
    "from_dict",
    "from_pandas",
    "isna",
    "read_csv",
    "read_parquet",
    "to_datetime",
    "to_numeric",
    "to_timedelta",
]
