"""Tables and queries of SQLite against pandas, through SQLAlchemy and without it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from oracle import engine
from relations import ROWS, lazy, table

import phalanx.dataframe as frames
from phalanx.dataframe import _databases

T = table()[["key", "value", "whole", "group"]].assign(i=range(ROWS), day=pd.date_range("2024-01-01", periods=ROWS).astype(str))


@pytest.fixture(params=["sqlalchemy", "sqlite3"])
def uri(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "sqlalchemy":
        pytest.importorskip("sqlalchemy")
    else:
        monkeypatch.setattr(_databases, "_has_sqlalchemy", lambda: False)
    with sqlite3.connect(tmp_path / "rows.db") as connection:
        T.to_sql("rows", connection, index=False)
    connection.close()
    return f"sqlite:///{tmp_path / 'rows.db'}"


READS: dict[str, dict[str, Any]] = {
    "by size": {},
    "npartitions": {"npartitions": 7},
    "divisions": {"divisions": [0, 1, 20, 59]},
    "limits": {"npartitions": 2, "limits": (0, 59)},
    "bytes": {"bytes_per_chunk": 500},
    "no head": {"npartitions": 3, "head_rows": 0, "meta": T.set_index("i").head(3)},
}


@pytest.mark.parametrize("name", READS)
def test_tables(name: str, uri: str) -> None:
    ours = frames.read_sql_table("rows", uri, "i", **READS[name])
    for where in ("local", "perturbed"):
        pd.testing.assert_frame_equal(ours.compute(client=engine(where)), T.set_index("i"), check_dtype=False)
    if "npartitions" in READS[name]:
        assert ours.npartitions == READS[name]["npartitions"]
    if name == "bytes":
        assert ours.npartitions > 5


def test_columns_and_queries(uri: str) -> None:
    wanted = T.set_index("i")
    pd.testing.assert_frame_equal(frames.read_sql_table("rows", uri, "i", columns=["whole"]).compute(), wanted[["whole"]])
    query = 'SELECT i, whole * 2 AS twice FROM rows WHERE "group" = 1'
    found = frames.read_sql_query(query, uri, "i", npartitions=3).compute()
    pd.testing.assert_frame_equal(found, (wanted[wanted.group == 1][["whole"]] * 2).rename(columns={"whole": "twice"}), check_dtype=False)
    pd.testing.assert_frame_equal(frames.read_sql("rows", uri, "i").compute(), wanted, check_dtype=False)
    assert len(frames.read_sql(query, uri, "i")) == len(found)
    days = frames.read_sql_table("rows", uri, "day", npartitions=4)
    assert days.npartitions == 4 and sorted(days.i.compute()) == list(range(ROWS))
    none = frames.read_sql_query("SELECT i, whole FROM rows WHERE i < 0", uri, "i", meta=pd.DataFrame({"whole": [1]}, index=pd.Index([1], name="i")))
    assert len(none.compute()) == 0


def test_writing(uri: str, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'other.db'}"
    frame = lazy(T, (5, 30))
    frames.to_sql(frame, "copied", target, index=False)
    with sqlite3.connect(tmp_path / "other.db") as connection:
        pd.testing.assert_frame_equal(pd.read_sql("SELECT * FROM copied", connection), T, check_dtype=False)
        with pytest.raises(ValueError, match="already exists"):
            frame.to_sql("copied", target)
        frame.to_sql("copied", target, if_exists="append", index=False)
        assert pd.read_sql("SELECT COUNT(*) AS n FROM copied", connection).n[0] == 2 * ROWS
        later = frame.to_sql("later", target, index=False, compute=False)
        later.compute()
        assert pd.read_sql("SELECT COUNT(*) AS n FROM later", connection).n[0] == ROWS
    connection.close()


def test_refused(uri: str) -> None:
    with pytest.raises(TypeError, match="str"):
        frames.read_sql_table("rows", 3, "i")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="either"):
        frames.read_sql_table("rows", uri, "i", divisions=[0, 1], npartitions=2)
    with pytest.raises(KeyError, match="no_such"):
        frames.read_sql_query("SELECT * FROM rows", uri, "no_such")
    with pytest.raises(ValueError, match="meta"):
        frames.read_sql_table("rows", uri, "i", head_rows=0)
    with pytest.raises(TypeError, match="divisions"):
        frames.read_sql_table("rows", uri, "key", npartitions=3)
    with pytest.raises(NotImplementedError, match="parallel"):
        lazy(T, ()).to_sql("x", uri, parallel=True)
    without = not _databases._has_sqlalchemy()
    with pytest.raises(ModuleNotFoundError, match="sqlalchemy" if without else "psycopg|pg8000"):
        frames.read_sql_table("rows", "postgresql://host/db", "i")


def test_queries_of_sqlalchemy(uri: str) -> None:
    sql = pytest.importorskip("sqlalchemy")
    if not _databases._has_sqlalchemy():
        pytest.skip("the road without SQLAlchemy")
    rows = sql.table("rows", sql.column("i"), sql.column("whole"), sql.column("group"))
    query = sql.select(rows.c.i, (rows.c.whole + 1).label("more")).where(rows.c.group == 2)
    ours = frames.read_sql_query(query, uri, "i", npartitions=3)
    expected = T[T.group == 2].set_index("i")[["whole"]].rename(columns={"whole": "more"}) + 1
    for where in ("local", "perturbed"):
        pd.testing.assert_frame_equal(ours.compute(client=engine(where)), expected, check_dtype=False)
    echoed = frames.read_sql_table("rows", uri, "i", engine_kwargs={"pool_pre_ping": True})
    pd.testing.assert_frame_equal(echoed.compute(), T.set_index("i"), check_dtype=False)
    with pytest.raises(TypeError, match="no_such_option"):
        frames.read_sql_table("rows", uri, "i", engine_kwargs={"no_such_option": 1})
