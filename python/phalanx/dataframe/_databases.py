"""Tables and queries of databases: a range of the index for each partition. SQLAlchemy's URLs; SQLite needs no more
than Python."""

from __future__ import annotations

import contextlib
import importlib.util
from collections.abc import Iterator
from typing import Any

from phalanx._lazy import np, pd
from phalanx.dataframe._from_python import calls
from phalanx.dataframe._storage import bytes_of

__all__ = ["read_sql", "read_sql_query", "read_sql_table", "write_sql"]


def _has_sqlalchemy() -> bool:
    return importlib.util.find_spec("sqlalchemy") is not None


@contextlib.contextmanager
def connected(con: str, engine_kwargs: dict[str, Any] | None) -> Iterator[Any]:
    """A connection that pandas reads from and writes to."""
    if not isinstance(con, str):
        raise TypeError("'con' must be of type str, not " + str(type(con)) + ": every worker connects for itself")
    if _has_sqlalchemy():
        from phalanx._lazy import require

        engine = require("sqlalchemy").create_engine(con, **(engine_kwargs or {}))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()
        return
    if not con.startswith("sqlite:///"):
        raise ModuleNotFoundError(
            f"{con.partition(':')[0]} databases need sqlalchemy, which is not installed: pip install sqlalchemy",
            name="sqlalchemy",
        )
    if engine_kwargs:
        raise NotImplementedError("engine_kwargs are SQLAlchemy's, which is not installed: pip install sqlalchemy")
    import sqlite3

    connection = sqlite3.connect(con.removeprefix("sqlite:///"))
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(sql: Any, con: str) -> Any:
    """A query as text."""
    if isinstance(sql, str):
        return sql
    from phalanx._lazy import require

    engine = require("sqlalchemy").create_engine(con)
    try:
        return str(sql.compile(engine, compile_kwargs={"literal_binds": True}))
    finally:
        engine.dispose()


def _literal(value: Any) -> str:
    if value is None:
        raise ValueError("a division that is missing")
    if isinstance(value, (bool, int, float, np.integer, np.floating)):
        return repr(value.item() if hasattr(value, "item") else value)
    if isinstance(value, pd.Timestamp) or np.issubdtype(type(value), np.datetime64):
        value = pd.Timestamp(value).isoformat(sep=" ")
    return "'" + str(value).replace("'", "''") + "'"


def _read_range(where: str | None, *, query: str, con: str, index: str, engine_kwargs: Any, kwargs: Any) -> Any:
    sql = f"SELECT * FROM ({query}) AS part" + (f" WHERE {where}" if where else "")
    with connected(con, engine_kwargs) as connection:
        frame = pd.read_sql_query(_as_query(sql), connection, **kwargs)
    return frame.set_index(index)


def _as_query(sql: str) -> Any:
    if not _has_sqlalchemy():
        return sql
    from phalanx._lazy import require

    return require("sqlalchemy").text(sql)


def read_sql_query(
    sql: Any,
    con: str,
    index_col: str,
    divisions: Any = None,
    npartitions: int | None = None,
    limits: tuple[Any, Any] | None = None,
    bytes_per_chunk: int | str = "256 MiB",
    head_rows: int = 5,
    meta: Any = None,
    engine_kwargs: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """A lazy frame of a query, cut by ranges of the column ``index_col``.

    Parameters
    ----------
    sql : str or SQLAlchemy's Selectable
        A ``SELECT``; each partition runs it with a condition on ``index_col``.
    con : str
        A URL of SQLAlchemy's; ``sqlite:///path`` works without it. Every worker connects for itself.
    index_col : str
        The column that becomes the index: numbers, times or text.
    divisions : sequence, optional
        Where it is cut; else into ``npartitions`` equal ranges between ``limits``, which are asked for now; else
        into parts of about ``bytes_per_chunk``, by the size of the first ``head_rows`` rows.
    meta : DataFrame, optional
        An empty frame of what comes; by default the first ``head_rows`` rows tell.
    engine_kwargs : dict, optional
        Arguments of SQLAlchemy's ``create_engine``.
    **kwargs
        Arguments of pandas' ``read_sql_query``.
    """
    if not isinstance(index_col, str):
        raise ValueError("index_col must be the name of a column, and the query must give it that name")
    if divisions is not None and npartitions is not None:
        raise TypeError("Must supply either 'divisions' or 'npartitions', not both")
    query = _text(sql, con).strip().rstrip(";")
    if head_rows <= 0 and meta is None:
        raise ValueError("Must provide 'meta' if 'head_rows' is 0")
    column = _quoted(index_col)
    with connected(con, engine_kwargs) as connection:
        head = None
        if head_rows > 0:
            head = pd.read_sql_query(_as_query(f"SELECT * FROM ({query}) AS part LIMIT {int(head_rows)}"), connection, **kwargs)
            if index_col not in head.columns:
                raise KeyError(f"None of [{index_col!r}] are in the columns")
            head = head.set_index(index_col)
        if divisions is None and (head is None or len(head)):
            asked = f"SELECT MIN({column}) AS low, MAX({column}) AS high, COUNT(*) AS n FROM ({query}) AS part"
            found = pd.read_sql_query(_as_query(asked), connection).iloc[0]
            low, high = limits if limits is not None else (found["low"], found["high"])
            if npartitions is None:
                row = float(head.memory_usage(deep=True, index=True).sum()) / max(len(head), 1) if head is not None else 100.0
                npartitions = max(1, round(float(found["n"]) * row / (bytes_of(bytes_per_chunk) or 1)))
            divisions = _cut(low, high, npartitions, meta.index if head is None else head.index)
    if meta is None:
        meta = head
    if not divisions:
        ranges: list[str | None] = [None]
    else:
        ends = list(divisions)
        ranges = [
            f"{column} >= {_literal(start)} AND {column} {'<=' if at == len(ends) - 2 else '<'} {_literal(end)}"
            for at, (start, end) in enumerate(zip(ends, ends[1:]))
        ]
    given = {"query": query, "con": con, "index": index_col, "engine_kwargs": engine_kwargs, "kwargs": kwargs}
    return calls(_read_range, [(each,) for each in ranges], given, meta, "read_sql")


def _cut(low: Any, high: Any, npartitions: int, index: Any) -> list[Any]:
    """``npartitions`` equal ranges from ``low`` to ``high``."""
    if npartitions <= 1:
        return [low, high]
    first, last = low, high
    if isinstance(low, str) and not pd.api.types.is_datetime64_any_dtype(index):
        try:
            low, high = pd.Timestamp(low), pd.Timestamp(high)
        except ValueError:
            raise TypeError(
                f"an index of text from {low!r} to {high!r} can't be cut into equal ranges: give divisions"
            ) from None
    if isinstance(low, (str, pd.Timestamp)):
        between = pd.date_range(pd.Timestamp(low), pd.Timestamp(high), periods=npartitions + 1)[1:-1]
        return [first, *between, last]  # the ends as the database writes them, which may be text
    cuts = np.linspace(low, high, npartitions + 1)
    if isinstance(low, (int, np.integer)):
        return [int(low), *(int(np.ceil(cut)) for cut in cuts[1:-1]), int(high)]
    return [low, *cuts[1:-1].tolist(), high]


def read_sql_table(
    table_name: str,
    con: str,
    index_col: str,
    divisions: Any = None,
    npartitions: int | None = None,
    limits: tuple[Any, Any] | None = None,
    columns: Any = None,
    bytes_per_chunk: int | str = "256 MiB",
    head_rows: int = 5,
    schema: str | None = None,
    meta: Any = None,
    engine_kwargs: dict[str, Any] | None = None,
    **kwargs: Any,
) -> Any:
    """A lazy frame of a database's table, cut by ranges of the column ``index_col``.

    ``columns`` are those that are read; ``schema`` is the table's, in databases that have them. Else as
    :func:`read_sql_query`.
    """
    if not isinstance(table_name, str):
        raise TypeError(f"`table_name` must be of type str, not {type(table_name)}")
    names = None if columns is None else list(dict.fromkeys([index_col, *columns]))
    chosen = "*" if names is None else ", ".join(_quoted(name) for name in names)
    table = _quoted(table_name) if schema is None else f"{_quoted(schema)}.{_quoted(table_name)}"
    return read_sql_query(
        f"SELECT {chosen} FROM {table}", con, index_col, divisions, npartitions, limits, bytes_per_chunk, head_rows,
        meta, engine_kwargs, **kwargs,
    )  # fmt: skip


def read_sql(sql: Any, con: str, index_col: str, **kwargs: Any) -> Any:
    """A lazy frame of a table, by its name, or of a query: :func:`read_sql_table` or :func:`read_sql_query`."""
    is_name = isinstance(sql, str) and not any(character.isspace() for character in sql.strip())
    return (read_sql_table if is_name else read_sql_query)(sql, con, index_col, **kwargs)


def write_sql(
    parts: Iterator[Any], name: str, uri: str, if_exists: str, engine_kwargs: dict[str, Any] | None, **options: Any
) -> None:
    """Writes computed partitions to a database's table, one after the other, all of them or none."""
    with connected(uri, engine_kwargs) as connection:
        for part in parts:
            part.to_sql(name, connection, if_exists=if_exists, **options)
            if_exists = "append"
