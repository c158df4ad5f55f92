"""``SELECT`` over lazy frames."""

from __future__ import annotations

from typing import Any

from phalanx import _phalanx
from phalanx._lazy import pd

__all__ = ["sql"]


def sql(query: str, /, **tables: Any) -> Any:
    """The lazy frame of a ``SELECT`` over frames, each under the name that it is given here.

    Joins, groups, sorts, subqueries, ``UNION``, ``INTERSECT``, ``EXCEPT`` and ``WITH`` become operations of frames,
    so a query runs where frames do, with the same bits on every engine. Rows have an order only with ``ORDER BY``.
    As in frames, NaN is a missing value, and names are taken as they are written, capital letters too (quote those
    that are no plain words: ``"two words"``).

    Parameters
    ----------
    query : str
        One ``SELECT``.
    **tables : DataFrame or Series
        The tables; pandas' own become lazy. A named index is a column.

    Returns
    -------
    DataFrame
        Without an index.

    Raises
    ------
    ValueError
        The query can't be parsed, names what there is not, or has types that do not fit.
    NotImplementedError
        What is no ``SELECT``, window functions, grouping sets, functions of chance, statistics that frames lack.

    Examples
    --------
    >>> import pandas as pd, phalanx.dataframe as dd
    >>> rows = dd.from_pandas(pd.DataFrame({"name": ["a", "b", "a"], "x": [1, 2, 3]}), npartitions=2)
    >>> dd.sql("SELECT name, SUM(x) AS total FROM t GROUP BY name ORDER BY name", t=rows).compute()
      name  total
    0    a      4
    1    b      2
    """
    from phalanx.dataframe._core import DataFrame
    from phalanx.dataframe.io import from_pandas

    natives = []
    for name, table in tables.items():
        if isinstance(table, (pd.DataFrame, pd.Series)):
            table = from_pandas(table)
        if getattr(table, "_phalanx_kind", None) != "frame":
            raise TypeError(f"the table {name!r} is a {type(table).__name__}: give a lazy frame, or pandas'")
        natives.append((name, table._as_frame()._native))
    return DataFrame._wrap(_phalanx.Frame.sql(query, natives))
