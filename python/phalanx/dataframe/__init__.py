"""Lazy dataframes with pandas' names, row order and semantics."""

from __future__ import annotations

from phalanx.dataframe._core import DataFrame
from phalanx.dataframe.reshape import concat, get_dummies, melt, merge, merge_asof, pivot_table

__all__ = ["DataFrame", "concat", "get_dummies", "melt", "merge", "merge_asof", "pivot_table"]
