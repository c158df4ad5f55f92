"""Mistakes that newcomers make with frames: each is found when the expression is built, in pandas' class, and says what
to do. A line a mistake: who raises what pandas raises, and what our own limits answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import phalanx.dataframe as dd
from phalanx.exceptions import DataError

T = pd.DataFrame(
    {"a": [1, 2, 3, 4], "b": pd.Series(["x", "y", "x", None], dtype="str"), "t": pd.date_range("2024-01-01", periods=4), "f": [1.5, np.nan, 2.5, 3.5]}
)


def lazy() -> Any:
    return dd.from_pandas(T, npartitions=2)


#: What pandas refuses, ours refuses in the same class without computing.
AS_PANDAS: dict[str, tuple[type[Exception], Callable[[Any], Any]]] = {
    "no such column": (KeyError, lambda d: d["zz"]),
    "no such column by number": (KeyError, lambda d: d[0]),
    "no such columns": (KeyError, lambda d: d[["a", "zz"]]),
    "no such attribute": (AttributeError, lambda d: d.zz),
    "no such column in loc": (KeyError, lambda d: d.loc[:, "zz"]),
    "text plus a number": (TypeError, lambda d: d.b + 1),
    "text compared with a number": (TypeError, lambda d: d.b > 1),
    "mean of text": (TypeError, lambda d: d.b.mean()),
    "means of text too": (TypeError, lambda d: d.mean()),
    "dt of text": (AttributeError, lambda d: d.b.dt),
    "str of numbers": (AttributeError, lambda d: d.a.str),
    "cat of numbers": (AttributeError, lambda d: d.a.cat),
    "truth of a column": (ValueError, lambda d: bool(d.a > 1)),
    "and in place of &": (ValueError, lambda d: d[(d.a > 1) and (d.a < 3)]),
    "where without a condition": (TypeError, lambda d: d.where(d.a)),
    "isin of one value": (TypeError, lambda d: d.a.isin(3)),
    "groups of no column": (KeyError, lambda d: d.groupby("zz").sum()),
    "a statistic of no column": (KeyError, lambda d: d.groupby("b").agg({"zz": "sum"})),
    "a statistic that there is not": (AttributeError, lambda d: d.groupby("b").agg({"a": "summ"})),
    "mean of groups of text": (TypeError, lambda d: d.groupby("a").mean()),
    "merge on no column": (KeyError, lambda d: d.merge(d, on="zz")),
    "merge of other types": (ValueError, lambda d: d.merge(d, left_on="a", right_on="b")),
    "merge without a common column": (ValueError, lambda d: d[["a"]].merge(d[["b"]])),
    "no such merge": (ValueError, lambda d: d.merge(d, on="a", how="iner")),
    "sort by no column": (KeyError, lambda d: d.sort_values("zz")),
    "index of no column": (KeyError, lambda d: d.set_index("zz")),
    "drop of no column": (KeyError, lambda d: d.drop(columns="zz")),
    "no such type": (TypeError, lambda d: d.astype("quux")),
    "type of no column": (KeyError, lambda d: d.astype({"zz": int})),
    "query of no column": (NameError, lambda d: d.query("zz > 1")),
    "query that is none": (SyntaxError, lambda d: d.query("a >")),
    "query of text and numbers": (TypeError, lambda d: d.query("b > 1")),
    "column out of bounds": (IndexError, lambda d: d.iloc[:, 9]),
    "negative window": (ValueError, lambda d: d.a.rolling(-1).mean()),
    "resample without times": (TypeError, lambda d: d.resample("D").sum()),
    "no such bin of time": (ValueError, lambda d: d.set_index("t").resample("quux").sum(numeric_only=True)),
    "quantile of 2": (ValueError, lambda d: d.a.quantile(2)),
    "correlation of text": (ValueError, lambda d: d.corr()),
    "no such axis": (ValueError, lambda d: d.sum(axis=2)),
    "concat of a number": (TypeError, lambda d: (dd if isinstance(d, dd.DataFrame) else pd).concat([d, 3])),
}


@pytest.mark.parametrize("name", AS_PANDAS)
def test_what_pandas_refuses(name: str) -> None:
    kind, case = AS_PANDAS[name]
    with pytest.raises(kind):
        case(T)
    with pytest.raises(kind) as raised:
        case(lazy())
    text = str(raised.value)
    assert text and not any(word in text for word in ("Utf8", "Int64", "Float64", "__index_level_0__")), text


#: What pandas has and a lazy frame has not: how to do it is said.
LIMITS: dict[str, tuple[type[Exception], str, Callable[[], Any]]] = {
    "list as a column": (TypeError, "from_pandas", lambda: lazy().assign(z=[1, 2, 3, 4])),
    "array as a column": (TypeError, "from_pandas", lambda: lazy().assign(z=np.arange(4))),
    "loc is set": (NotImplementedError, "mask", lambda: lazy().loc.__setitem__((0, "a"), 5)),
    "rows are dropped by label": (NotImplementedError, "condition", lambda: lazy().drop(2)),
    "one row": (NotImplementedError, "slice", lambda: lazy().iloc[0]),
    "transposed": (AttributeError, "compute", lambda: lazy().T),
    "stack": (AttributeError, "compute", lambda: lazy().stack()),
    "function of whole columns": (NotImplementedError, "map_partitions", lambda: lazy().apply(lambda column: column)),
    "function that fails": (ValueError, "pass meta", lambda: lazy().map_partitions(lambda part: part.zz)),
    "columns of one name": (ValueError, "own name", lambda: dd.from_pandas(pd.DataFrame([[1, 2]], columns=["a", "a"]))),
    "objects": (TypeError, "astype", lambda: dd.from_pandas(pd.DataFrame({"a": [1, "x", None]}))),
    "dicts": (TypeError, "astype", lambda: dd.from_pandas(pd.DataFrame({"a": [{"x": 1}, {}]}))),
    "index of several levels": (NotImplementedError, "reset_index", lambda: dd.from_pandas(T.set_index(["a", "b"]))),
    "columns of several levels": (NotImplementedError, "names", lambda: dd.from_pandas(T.groupby("b").agg({"a": ["sum", "max"]}))),
    "periods": (NotImplementedError, r"period\[M\].*astype", lambda: dd.from_pandas(pd.DataFrame({"p": pd.period_range("2024", periods=3, freq="M")}))),
    "bins": (NotImplementedError, "labels", lambda: dd.from_pandas(pd.DataFrame({"p": pd.cut([1, 2, 3], [0, 2, 4])}))),
    "complex numbers": (NotImplementedError, "two columns", lambda: dd.from_pandas(pd.DataFrame({"z": [1j]}))),
    "concat of other types": (TypeError, "cast", lambda: dd.concat([lazy()[["a"]], lazy()[["b"]].rename(columns={"b": "a"})])),
    "no client there": (ValueError, "tcp://HOST:PORT", lambda: __import__("phalanx.distributed").distributed.Client("foo")),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_said_of_limits(name: str) -> None:
    kind, text, case = LIMITS[name]
    with pytest.raises(kind, match=f"(?s){text}"):
        case()


def test_files_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    uneven, bytes_, late = tmp_path / "uneven.csv", tmp_path / "bytes.csv", tmp_path / "late.csv"
    uneven.write_text("a,b\n1,2\n3,4,5\n6,7\n")
    with pytest.raises(DataError, match=r"(?s)uneven.csv: can't be read as CSV.*line 3.*sep="):
        dd.read_csv(uneven)
    bytes_.write_bytes("a,b\n1,stra\xdfe\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"(?s)bytes.csv: can't be read as CSV.*encoding="):
        dd.read_csv(bytes_)
    late.write_text("a,b\n" + "1,2\n" * 200 + "x,3\n")
    with pytest.raises(DataError, match=r'(?s)late.csv: row 200, column "a": "x" is no int64.*dtype'):
        dd.read_csv(late, sample=50).a.sum().compute()
    with pytest.raises(FileExistsError, match="uneven.csv is a file"):
        lazy().to_parquet(uneven)
    with pytest.raises(ValueError) as raised:
        dd.sql("select zz from f", f=lazy())
    assert str(raised.value).count("No field named zz") == 1, "a cause is told once"


def test_what_pandas_takes() -> None:
    """pandas' own objects beside lazy ones, and numbers that name columns."""
    small = pd.DataFrame({"a": [4, 1, 9], "name": ["four", "one", "nine"]})
    for how in ("inner", "left", "outer"):
        ours = lazy().merge(small, on="a", how=how).compute().reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, T.merge(small, on="a", how=how), check_dtype=False)
    ours = lazy().merge(small.set_index("a")["name"], left_on="a", right_index=True).compute().reset_index(drop=True)
    expected = T.merge(small.set_index("a")["name"], left_on="a", right_index=True).reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, expected, check_dtype=False)
    near = dd.merge_asof(lazy()[["a", "f"]], small.sort_values("a")[["a", "name"]], on="a").compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(near, pd.merge_asof(T[["a", "f"]], small.sort_values("a")[["a", "name"]], on="a"), check_dtype=False)
    plain = pd.DataFrame([[1, 2], [3, 4]])
    assert dd.from_pandas(plain, npartitions=1)[1].sum().compute() == plain[1].sum()
