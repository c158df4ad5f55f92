"""``sql`` against SQLite: a line a query. Without ORDER BY rows are compared sorted; NaN is a missing value on both sides."""

from __future__ import annotations

import sqlite3
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import BORDERS, lazy, table

import phalanx.dataframe as dd

T = table()
U = pd.DataFrame(
    {
        "group": [0, 1, 1, 2, 5, 6],
        "label": ["zero", "one", "uno", None, "five", "six"],
        "limit": [3.5, -2.0, np.nan, 10.0, 0.0, 1.0],
    }
)
TABLES = {"t": T.drop(columns="flag"), "u": U}

QUERIES = {
    "columns": "SELECT key, whole FROM t",
    "all": "SELECT * FROM t",
    "expressions": "SELECT whole * 2 + 1 AS odd, abs(whole) AS size, -value AS minus, value / 4 AS quarter FROM t",
    "where": "SELECT whole FROM t WHERE value > 2 AND key <> 'b' OR whole BETWEEN -3 AND 3",
    "null": "SELECT big FROM t WHERE value IS NULL",
    "not null": "SELECT big, value FROM t WHERE value IS NOT NULL AND key IS NULL",
    "in": "SELECT big FROM t WHERE key IN ('ä', '日本') AND \"group\" NOT IN (1, 2)",
    "like": "SELECT big FROM t WHERE key LIKE '%本'",
    "case": "SELECT big, CASE WHEN whole < 0 THEN 'low' WHEN whole < 20 THEN 'mid' ELSE 'high' END AS band FROM t",
    "coalesce": "SELECT big, COALESCE(value, other, 0.5) AS v, NULLIF(\"group\", 2) AS g FROM t",
    "text": "SELECT big, UPPER(key) AS up, LENGTH(key) AS n, key || '!' AS bang, SUBSTR(key, 1, 1) AS first FROM t WHERE key < 'x'",
    "cast": "SELECT big, CAST(whole AS DOUBLE) AS d, CAST(few AS BIGINT) AS i FROM t",
    "count": "SELECT COUNT(*) AS n, COUNT(value) AS v, COUNT(DISTINCT key) AS k, COUNT(DISTINCT \"group\") AS g FROM t",
    "statistics": "SELECT SUM(whole) AS s, MIN(value) AS lo, MAX(value) AS hi, AVG(whole) AS m, MIN(key) AS k FROM t",
    "of nothing": "SELECT COUNT(*) AS n, SUM(whole) AS s, MAX(value) AS hi, AVG(value) AS m FROM t WHERE whole > 1000",
    "group by": "SELECT key, SUM(whole) AS s, COUNT(*) AS n FROM t GROUP BY key",
    "group by two": "SELECT key, \"group\", MAX(value) AS hi, COUNT(other) AS n FROM t GROUP BY key, \"group\"",
    "group by an expression": "SELECT whole % 3 AS r, SUM(few) AS s FROM t GROUP BY whole % 3",
    "sum of missing": "SELECT few, SUM(value) AS s FROM t WHERE value IS NULL GROUP BY few",
    "having": "SELECT key, COUNT(*) AS n FROM t GROUP BY key HAVING COUNT(*) > 11 AND MIN(whole) < 0",
    "filter": "SELECT key, COUNT(*) FILTER (WHERE whole > 0) AS n, SUM(whole) FILTER (WHERE few = 1) AS s FROM t GROUP BY key",
    "sum of cases": "SELECT \"group\", SUM(CASE WHEN whole > 0 THEN 1 ELSE 0 END) AS up FROM t GROUP BY \"group\"",
    "distinct": "SELECT DISTINCT key, few FROM t",
    "sums of distinct": "SELECT \"group\", SUM(DISTINCT few) AS s FROM t GROUP BY \"group\"",
    "join": "SELECT t.big, u.label FROM t JOIN u ON t.\"group\" = u.\"group\"",
    "join using": "SELECT big, label FROM t JOIN u USING (\"group\")",
    "comma join": "SELECT t.big, u.label FROM t, u WHERE t.\"group\" = u.\"group\" AND u.label IS NOT NULL",
    "left join": "SELECT t.big, u.label, u.\"limit\" FROM t LEFT JOIN u ON t.\"group\" = u.\"group\"",
    "right join": "SELECT t.whole, u.label FROM t RIGHT JOIN u ON t.\"group\" = u.\"group\"",
    "full join": "SELECT t.whole, u.label FROM t FULL JOIN u ON t.\"group\" = u.\"group\" AND t.whole > 30",
    "left join with a condition": "SELECT t.big, u.label FROM t LEFT JOIN u ON t.\"group\" = u.\"group\" AND t.value > u.\"limit\"",
    "join without equality": "SELECT t.big, u.label FROM t JOIN u ON t.value < u.\"limit\"",
    "left join without equality": "SELECT t.big, u.label FROM t LEFT JOIN u ON t.value * 4 < u.\"limit\"",
    "cross join": "SELECT t.big, u.label FROM t CROSS JOIN u WHERE t.whole > 40",
    "missing keys do not meet": "SELECT a.big AS x, b.big AS y FROM t a JOIN t b ON a.value = b.value",
    "missing keys stay": "SELECT a.big, b.label FROM t a LEFT JOIN u b ON a.key = b.label",
    "self join": "SELECT a.big, b.big AS other FROM t a JOIN t b ON a.big = b.big + 1",
    "in a subquery": "SELECT big FROM t WHERE \"group\" IN (SELECT \"group\" FROM u WHERE \"limit\" > 0)",
    "not in a subquery": "SELECT big FROM t WHERE \"group\" NOT IN (SELECT \"group\" FROM u)",
    "not in with a missing value": "SELECT big FROM t WHERE key NOT IN (SELECT label FROM u)",
    "not in nothing": "SELECT big FROM t WHERE key NOT IN (SELECT label FROM u WHERE \"limit\" > 99)",
    "not in what is there": "SELECT big FROM t WHERE value NOT IN (SELECT \"limit\" FROM u WHERE \"limit\" IS NOT NULL)",
    "exists": "SELECT big FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.\"group\" = t.\"group\" AND u.\"limit\" < t.value)",
    "not exists": "SELECT big FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.\"group\" = t.\"group\")",
    "exists or": "SELECT big FROM t WHERE whole > 40 OR EXISTS (SELECT 1 FROM u WHERE u.\"group\" = t.\"group\" AND u.\"limit\" > 5)",
    "a value of a subquery": "SELECT big FROM t WHERE whole > (SELECT AVG(whole) FROM t)",
    "a correlated value": "SELECT big FROM t WHERE whole > (SELECT SUM(\"limit\") FROM u WHERE u.\"group\" = t.\"group\")",
    "a value in the list": "SELECT big, whole - (SELECT MAX(whole) FROM t) AS d FROM t WHERE few = 1",
    "union all": "SELECT whole AS x FROM t WHERE few = 1 UNION ALL SELECT \"group\" FROM u",
    "union": "SELECT \"group\" AS x FROM t UNION SELECT \"group\" FROM u",
    "intersect": "SELECT \"group\" AS x FROM t INTERSECT SELECT \"group\" FROM u",
    "intersect of missing": "SELECT key AS x FROM t INTERSECT SELECT label FROM u",
    "except": "SELECT \"group\" AS x FROM u EXCEPT SELECT \"group\" FROM t",
    "except of two": "SELECT key, \"group\" FROM t EXCEPT SELECT key, \"group\" FROM t WHERE few = 1",
    "with": "WITH s AS (SELECT key, SUM(whole) AS total FROM t GROUP BY key) SELECT s.key, total, big FROM s JOIN t ON s.key = t.key WHERE total > 0",
    "a subquery as a table": "SELECT band, COUNT(*) AS n FROM (SELECT whole > 0 AS band FROM t) s GROUP BY band",
    "values": "SELECT t.big, v.name FROM t JOIN (SELECT 1 AS g, 'one' AS name UNION ALL SELECT 2, 'two') v ON t.\"group\" = v.g",
    "no table": "SELECT 1 + 1 AS two, 'x' AS x",
    "order by": "SELECT big, whole FROM t ORDER BY whole, big",
    "order by down": "SELECT big, key, whole FROM t WHERE key IS NOT NULL ORDER BY key DESC, whole, big DESC",
    "order by with missing": "SELECT big, value FROM t ORDER BY value DESC NULLS LAST, big",
    "order by missing first": "SELECT big, value FROM t ORDER BY value NULLS FIRST, big",
    "limit": "SELECT big FROM t ORDER BY big DESC LIMIT 7",
    "offset": "SELECT big FROM t ORDER BY whole, big LIMIT 10 OFFSET 5",
    "limit of groups": "SELECT key, COUNT(*) AS n FROM t WHERE key IS NOT NULL GROUP BY key ORDER BY n DESC, key LIMIT 2",
    "order by what is not there": "SELECT big FROM t ORDER BY abs(whole), big",
}
ORDERED = {name for name, query in QUERIES.items() if "ORDER BY" in query}
ON_WORKERS = {"group by two", "left join with a condition", "except of two", "intersect", "offset", "exists or", "count", "not in with a missing value"}


def expected(query: str) -> pd.DataFrame:
    connection = sqlite3.connect(":memory:")
    for name, frame in TABLES.items():
        frame.to_sql(name, connection, index=False)
    return pd.read_sql_query(query, connection)


def plain(frame: pd.DataFrame, ordered: bool) -> pd.DataFrame:
    """Truth values as numbers, as SQLite has them; what is unordered in an order."""
    frame = frame.copy()
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_bool_dtype(column) or pd.api.types.is_integer_dtype(column):
            frame[name] = column.astype(float)
        elif column.dtype == object and column.map(lambda v: v is None or isinstance(v, (int, float))).all():
            frame[name] = column.astype(float)
        elif not pd.api.types.is_numeric_dtype(column):
            frame[name] = column.astype("str")
    return frame if ordered else frame.sort_values(list(frame.columns), ignore_index=True)


@pytest.mark.parametrize("name", QUERIES)
def test_queries(name: str) -> None:
    query, ordered = QUERIES[name], name in ORDERED
    wanted = plain(expected(query), ordered)
    for number, borders in enumerate(BORDERS):
        ours = dd.sql(query, **{key: lazy(frame, borders if key == "t" else ()) for key, frame in TABLES.items()})
        first = ours.compute(client=engine("local"))
        pd.testing.assert_frame_equal(plain(first, ordered), wanted, check_dtype=False, rtol=1e-12)
        others = ["perturbed"] + (["cluster"] if name in ON_WORKERS and number == 1 else [])
        for other in others:
            again = ours.compute(client=engine(other))
            if ordered:
                assert first.equals(again), other
            else:
                assert plain(first, False).equals(plain(again, False)), other


def test_statistics_that_sqlite_has_not() -> None:
    query = (
        "SELECT \"group\", MEDIAN(whole) AS median, STDDEV(value) AS std, STDDEV_POP(whole) AS std0, VAR(whole) AS var, "
        "VAR_POP(value) AS var0 FROM t GROUP BY \"group\" ORDER BY \"group\""
    )
    groups = T.groupby("group")
    wanted = pd.DataFrame(
        {
            "group": [0, 1, 2, 3], "median": groups.whole.median().to_numpy(), "std": groups.value.std().to_numpy(),
            "std0": groups.whole.std(ddof=0).to_numpy(), "var": groups.whole.var().to_numpy(),
            "var0": groups.value.var(ddof=0).to_numpy(),
        }
    )  # fmt: skip
    for borders in BORDERS:
        for name in ("local", "perturbed"):
            found = dd.sql(query, t=lazy(T, borders)).compute(client=engine(name))
            pd.testing.assert_frame_equal(found, wanted, rtol=1e-12, check_dtype=False)


def test_functions_are_the_frames_own() -> None:
    """Their bits are those of frames, not of the machine's library."""
    frame = lazy(T, (17,))
    found = dd.sql("SELECT SIN(value) AS s, EXP(few) AS e, LN(big) AS l FROM t", t=frame).compute()
    for name, wanted in {"s": np.sin(frame.value), "e": np.exp(frame.few), "l": np.log(frame.big)}.items():
        assert found[name].equals(wanted.compute().rename(name)), name


def test_tables_of_all_kinds() -> None:
    named = T.set_index("big")[["whole"]]
    total = dd.sql("SELECT SUM(big - whole) AS s FROM x", x=named).compute()
    assert total.s[0] == int((T.big - T.whole).sum())
    assert dd.sql("SELECT COUNT(*) AS n FROM s", s=T.whole).compute().n[0] == len(T)
    capital = dd.sql('SELECT Total, "two words" FROM MyTable', MyTable=pd.DataFrame({"Total": [1], "two words": ["x"]}))
    assert list(capital.columns) == ["Total", "two words"] and len(capital.compute()) == 1
    further = dd.sql("SELECT key, whole FROM t", t=lazy(T, (20,)))
    pd.testing.assert_series_equal(further.groupby("key").whole.sum().compute(), T.groupby("key").whole.sum(), check_dtype=False)


REFUSED = {
    "what can't be parsed": ("SELEKT 1", ValueError, "can't be understood"),
    "an unknown column": ("SELECT nothing FROM t", ValueError, "nothing"),
    "an unknown table": ("SELECT * FROM elsewhere", ValueError, "the tables are t"),
    "two of one name": ("SELECT whole, few AS whole FROM t", ValueError, "whole"),
    "types that do not fit": ("SELECT * FROM t WHERE SUM(whole) > 1", ValueError, ""),
    "a window": ("SELECT ROW_NUMBER() OVER (ORDER BY whole) AS n FROM t", NotImplementedError, "window function.*\n.*cumsum"),
    "rollup": ("SELECT key, SUM(whole) AS s FROM t GROUP BY ROLLUP(key)", NotImplementedError, "ROLLUP"),
    "chance": ("SELECT RANDOM() AS r FROM t", NotImplementedError, "random"),
    "a statistic": ("SELECT ARRAY_AGG(whole) AS a FROM t", NotImplementedError, "array_agg"),
    "no select": ("CREATE TABLE x AS SELECT 1", NotImplementedError, "no SELECT"),
    "insert": ("INSERT INTO t SELECT * FROM t", NotImplementedError, "no SELECT"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    query, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        dd.sql(query, t=lazy(T, ()))


def test_refused_tables() -> None:
    with pytest.raises(TypeError, match="'t' is a list"):
        dd.sql("SELECT 1", t=[1])


def test_the_plan_keeps_the_law() -> None:
    frames: dict[str, Any] = {key: lazy(frame, (3, 17)) for key, frame in TABLES.items()}
    plan = dd.sql(QUERIES["left join with a condition"], **frames).explain()
    assert "CoalescePartitionsExec" not in plan and "HashJoinExec" not in plan
