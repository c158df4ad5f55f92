"""Functions of the module against pandas: a line a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import ROWS, check, equal, lazy, table

import phalanx
import phalanx.array as da
import phalanx.dataframe as frames

T = table()
SOME = T[["key", "value", "whole", "group"]]


def both(name: str) -> Callable[..., Any]:
    """The function of this name of pandas or of ours, by what it is given."""

    def call(*args: Any, **kwargs: Any) -> Any:
        first = args[0][0] if isinstance(args[0], list) else args[0]
        module = pd if isinstance(first, (pd.DataFrame, pd.Series)) else frames
        return getattr(module, name)(*args, **kwargs)

    return call


concat, merge, melt = both("concat"), both("merge"), both("melt")
isna, to_datetime, to_numeric, to_timedelta, get_dummies = map(both, ("isna", "to_datetime", "to_numeric", "to_timedelta", "get_dummies"))

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "concat": lambda d: concat([d, d]),
    "concat inner": lambda d: concat([d[["key", "whole"]], d[["whole", "value"]]], join="inner"),
    "concat outer": lambda d: concat([d[["key", "whole"]], d[["whole", "value"]]]),
    "concat of series": lambda d: concat([d["value"], d["whole"]]),
    "concat of series of one name": lambda d: concat([d["value"], d["value"] * 2]),
    "concat of a frame and a series": lambda d: concat([d[["value"]], d["value"]]),
    "concat columns": lambda d: concat([d[["key", "whole"]], d["value"].rename("v"), (d["whole"] * 2).rename("w")], axis=1),
    "concat columns by name": lambda d: concat([d[["key"]], d[["whole", "value"]]], axis="columns"),
    "merge": lambda d: merge(d, d[d["whole"] > 20][["group", "whole"]], on="group", suffixes=("", "_r")),
    "merge sorted": lambda d: merge(d[["whole", "value"]], d[["whole", "group"]], on="whole", sort=True),
    "merge left": lambda d: merge(d, d[["whole", "group"]].drop_duplicates("whole"), how="left", left_on="group", right_on="whole"),
    "melt": lambda d: melt(d[["key", "whole", "group"]], id_vars=["key"], value_vars=["whole", "group"]),
    "melt named": lambda d: melt(d[["key", "whole", "group"]], id_vars="key", var_name="which", value_name="number"),
    "isna": lambda d: isna(d),
    "isna of a series": lambda d: isna(d["value"]),
    "dummies": lambda d: get_dummies(d[["key", "whole"]]),
    "dummies of a series": lambda d: get_dummies(d["key"]),
    "dummies with missing": lambda d: get_dummies(d[["whole", "key"]], dummy_na=True, prefix_sep="="),
    "dummies of numbers": lambda d: get_dummies(d[["whole", "group"]], columns=["group"], dtype="int64"),
    "dummies by other names": lambda d: get_dummies(d[["key", "group"]], prefix={"key": "k", "group": "g"}, columns=["key", "group"], drop_first=True),
    "dummies prefix": lambda d: get_dummies(d[["key"]], prefix="is", dtype="float64"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    check(FUNCTIONS[name], SOME, cluster=name in {"concat columns", "merge sorted", "melt", "dummies with missing"})


TEXTS = pd.DataFrame(
    {
        "iso": ["2024-02-29", "2024-03-01 12:30:00", None, "1999-12-31"] * 4,
        "day": ["29/02/2024", "01/03/2024", None, "31/12/1999"] * 4,
        "number": ["1", "-2.5", None, "1e3"] * 4,
        "bad": ["1", "x", None, "2024-13-01"] * 4,
        "span": ["1 days", "02:30:00", None, "-3 hours"] * 4,
        "seconds": [0.0, 1.5, np.nan, -60.0] * 4,
        "count": [1, 2, 3, 4] * 4,
    }
)

CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "times": lambda d: to_datetime(d["iso"], format="ISO8601"),
    "times in a format": lambda d: to_datetime(d["day"], format="%d/%m/%Y"),
    "months": lambda d: to_datetime("2024-" + d["count"].astype(str), format="%Y-%m"),
    "years": lambda d: to_datetime("202" + d["count"].astype(str), format="%Y"),
    "names of months": lambda d: to_datetime("Mar 202" + d["count"].astype(str), format="%b %Y"),
    "times of the day": lambda d: to_datetime(d["count"].astype(str) + ":30", format="%H:%M"),
    "hours": lambda d: to_datetime("2024-02-29 " + d["count"].astype(str), format="%Y-%m-%d %H"),
    "years of two digits": lambda d: to_datetime((67 + d["count"]).astype(str) + "-01-31", format="%y-%m-%d"),
    "days without zeros": lambda d: to_datetime("2024-" + d["count"].astype(str) + "-7"),
    "days with slashes": lambda d: to_datetime("2024/" + d["count"].astype(str) + "/29 5:30"),
    "days of eight digits": lambda d: to_datetime("2024010" + d["count"].astype(str)),
    "months without days": lambda d: to_datetime("2024-0" + d["count"].astype(str)),
    "times with the day first": lambda d: to_datetime(d["day"], dayfirst=True),
    "times in utc": lambda d: to_datetime(d["iso"], format="ISO8601", utc=True),
    "times that are none": lambda d: to_datetime(d["bad"], format="%Y-%m-%d", errors="coerce"),
    "times of numbers": lambda d: to_datetime(d["count"], unit="D"),
    "times since another day": lambda d: to_datetime(d["count"], unit="D", origin="2020-01-01"),
    "times within text": lambda d: to_datetime(d["day"], format="%d/%m", exact=False, errors="coerce"),
    "numbers": lambda d: to_numeric(d["number"]),
    "numbers that are none": lambda d: to_numeric(d["bad"], errors="coerce"),
    "numbers of numbers": lambda d: to_numeric(d["count"]),
    "spans": lambda d: to_timedelta(d["span"]).astype("timedelta64[ns]"),
    "spans of numbers": lambda d: to_timedelta(d["seconds"], unit="s").astype("timedelta64[ns]"),
    "spans of days": lambda d: to_timedelta(d["count"], unit="D").astype("timedelta64[ns]"),
    "spans that are none": lambda d: to_timedelta(d["bad"], errors="coerce").astype("timedelta64[ns]"),
}


@pytest.mark.parametrize("name", CONVERSIONS)
def test_conversions(name: str) -> None:
    check(CONVERSIONS[name], TEXTS)


def test_conversions_of_what_is_not_lazy() -> None:
    assert frames.to_datetime("2024-02-29") == pd.Timestamp("2024-02-29")
    assert frames.to_timedelta("1 days") == pd.Timedelta(days=1)
    assert frames.to_numeric("12") == 12 and frames.isna(None) is True
    pd.testing.assert_frame_equal(frames.get_dummies(pd.DataFrame({"x": ["a"]})), pd.get_dummies(pd.DataFrame({"x": ["a"]})))
    frame = lazy(TEXTS, ())
    with pytest.raises(ValueError, match="no|parse|could"):
        frames.to_datetime(frame.bad).compute()
    with pytest.raises(NotImplementedError, match="meta"):
        frames.to_numeric(frame.number, downcast="float")
    assert frames.to_numeric(frame["count"], downcast="integer", meta=("count", "int8")).compute().dtype == np.int8


# Frames of what functions make.


def part(number: int, scale: float = 1.0, *, text: str = "x") -> pd.DataFrame:
    return pd.DataFrame({"label": [text] * number, "n": np.arange(number) * scale}, index=pd.Index(np.arange(number) + number, name="i"))


def test_from_map() -> None:
    wanted = pd.concat([part(n, 0.5, text="y") for n in (3, 0, 2)])
    made = frames.from_map(part, [3, 0, 2], args=(0.5,), text="y")
    assert made.npartitions == 3
    for name in ("local", "perturbed"):
        pd.testing.assert_frame_equal(made.compute(client=engine(name)), wanted, check_dtype=False)
    two = frames.from_map(lambda n, s: part(n, s), [1, 2], [2.0, 3.0], meta={"label": "str", "n": "float64"})
    assert list(two.columns) == ["label", "n"]
    series = frames.from_map(lambda n: pd.Series([n], name="n"), range(4), meta=("n", "int64"))
    assert series.compute().tolist() == [0, 1, 2, 3]
    pd.testing.assert_series_equal(made.groupby("label").n.sum().compute(), wanted.groupby("label").n.sum(), check_dtype=False)
    for call, kind, words in (
        (lambda: frames.from_map(3, [1]), ValueError, "callable"),
        (lambda: frames.from_map(part), ValueError, "at least one"),
        (lambda: frames.from_map(part, [1, 2], [1]), ValueError, "same length"),
        (lambda: frames.from_map(part, 3), ValueError, "Iterable"),
        (lambda: frames.from_map(part, [1], divisions=(1,)), ValueError, "divisions"),
        (lambda: frames.from_map(lambda n: [n], [1]), TypeError, "return a frame"),
        (lambda: frames.from_map(lambda n: pd.DataFrame({"b": [n]}), [1], meta={"a": "int64"}).compute(), ValueError, "were declared"),
    ):
        with pytest.raises(kind, match=words):
            call()
    with pytest.raises(ZeroDivisionError) as caught:
        frames.from_map(lambda n: pd.DataFrame({"x": [1 // n]}), [1, 0], meta={"x": "int64"}).compute()
    assert any("partition 1" in note for note in caught.value.__notes__)


@pytest.mark.usefixtures("python_client")
def test_functions_run_on_workers() -> None:
    def own(number: int) -> pd.DataFrame:  # of no module that a worker would have to find
        return pd.DataFrame({"n": np.arange(number)}, index=pd.Index(np.arange(number), name="i"))

    made = frames.from_map(own, [3, 0, 2])
    pd.testing.assert_frame_equal(made.compute(), pd.concat([own(n) for n in (3, 0, 2)]), check_dtype=False)
    frame = lazy(SOME, (20, 40))
    found = frames.map_partitions(lambda a, d: d.assign(more=d.whole + a), 3, frame).compute()
    assert found.more.tolist() == (SOME.whole + 3).tolist()


def test_from_delayed(tmp_path: Path) -> None:
    later = phalanx.delayed(part)
    scale = phalanx.delayed(lambda: 2.0)()
    made = frames.from_delayed([later(n, scale) for n in (2, 1)])
    pd.testing.assert_frame_equal(made.compute(), pd.concat([part(2, 2.0), part(1, 2.0)]), check_dtype=False)
    one = frames.from_delayed(later(2), meta=part(1), prefix="mine", verify_meta=True)
    assert one.npartitions == 1 and len(one) == 2
    lazy_inside = phalanx.delayed(len)(lazy(T, ()))
    with pytest.raises(NotImplementedError, match="map_partitions"):
        frames.from_delayed([lazy_inside])
    with pytest.raises(TypeError, match="Expected Delayed"):
        frames.from_delayed([1])
    with pytest.raises(ValueError, match="divisions"):
        frames.from_delayed([later(1)], divisions=(0,))


def test_from_arrays() -> None:
    values = np.arange(60.0).reshape(20, 3)
    pd.testing.assert_frame_equal(frames.from_array(values, chunksize=7, columns=list("abc")).compute(), pd.DataFrame(values, columns=list("abc")))
    assert frames.from_array(values, chunksize=7).npartitions == 3
    series = frames.from_array(np.arange(9), chunksize=4, columns="n")
    pd.testing.assert_series_equal(series.compute(), pd.Series(np.arange(9), name="n"))
    records = np.array([(1, 2.5), (3, 4.5)], dtype=[("i", "i8"), ("f", "f8")])
    pd.testing.assert_frame_equal(frames.from_array(records).compute(), pd.DataFrame(records))
    x = da.from_array(values, chunks=(6, 2))
    frame = frames.from_dask_array(x, columns=list("abc"))
    assert frame.npartitions == 4
    pd.testing.assert_frame_equal(frame.compute(), pd.DataFrame(values, columns=list("abc")))
    pd.testing.assert_frame_equal(frames.from_array(x + 1).compute(), pd.DataFrame(values + 1, columns=["0", "1", "2"]))
    vector = frames.from_dask_array(da.arange(10, chunks=4), columns="n")
    assert vector.compute().tolist() == list(range(10)) and vector.npartitions == 3
    back = frame.to_array().compute()
    np.testing.assert_array_equal(back, values)
    np.testing.assert_array_equal(frame.values.compute(), values)
    with pytest.raises(ValueError, match="1- or 2-dim"):
        frames.from_array(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="columns names 2"):
        frames.from_array(values, columns=["a", "b"])
    with pytest.raises(NotImplementedError, match="set_index"):
        frames.from_dask_array(x, index=frame.a)


def test_from_dict() -> None:
    data = {"a": [1, 2, 3], "b": ["x", "y", None]}
    pd.testing.assert_frame_equal(frames.from_dict(data, npartitions=2).compute(), pd.DataFrame(data), check_dtype=False)
    rows = {"r": [1, 2.0], "s": [3, 4.0]}
    wanted = pd.DataFrame.from_dict(rows, orient="index", columns=["p", "q"], dtype="float32")
    found = frames.from_dict(rows, 2, orient="index", columns=["p", "q"], dtype="float32", constructor=pd.DataFrame).compute()
    pd.testing.assert_frame_equal(found, wanted, check_index_type=False)


BAD_ROWS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "objects": (lambda: pd.DataFrame({"o": [object(), object()]}), TypeError, "'o'.*astype"),
    "lists and numbers": (lambda: pd.DataFrame({"o": [[1], 2]}), TypeError, "'o'"),
    "columns of one name": (lambda: pd.DataFrame([[1, 2]], columns=["x", "x"]), ValueError, "'x' is there twice"),
    "complex numbers": (lambda: pd.DataFrame({"z": [1j]}), NotImplementedError, "'z'.*two columns"),
    "columns of levels": (lambda: pd.DataFrame([[1]], columns=[["a"], ["b"]]), NotImplementedError, "levels"),
    "an index of levels": (lambda: pd.DataFrame({"x": [1]}, index=[["a"], ["b"]]), NotImplementedError, "reset_index"),
    "an index like a column": (lambda: pd.DataFrame({"x": [1]}, index=pd.Index([1], name="x")), ValueError, "both named"),
}


@pytest.mark.parametrize("name", BAD_ROWS)
def test_rows_that_are_no_frame(name: str) -> None:
    make, kind, words = BAD_ROWS[name]
    with pytest.raises(kind, match=words):
        frames.from_pandas(make(), 1)


# The rest.


def test_map_partitions_and_overlap() -> None:
    check(
        lambda d: frames.map_partitions(lambda a, b: a.assign(sum=a.whole + b.group), d, d) if isinstance(d, frames.DataFrame) else d.assign(sum=d.whole + d.group),
        SOME,
    )
    rolled = lambda d: d[["whole"]].rolling(4, center=False).sum()  # noqa: E731
    check(lambda d: frames.map_overlap(rolled, d, 3, 0) if isinstance(d, frames.DataFrame) else rolled(d), SOME)
    with pytest.raises(TypeError, match="from_map"):
        frames.map_partitions(len, [1, 2])


def test_repartition() -> None:
    indexed = SOME.assign(i=np.arange(ROWS)).set_index("i")
    cut = frames.repartition(frames.from_pandas(indexed, 4), [0, 7, 30, ROWS - 1])
    assert cut.npartitions == 3 and [len(cut.get_partition(n)) for n in range(3)] == [7, 23, 30]
    equal(cut.compute(), indexed, 0)
    assert frames.repartition(indexed, divisions=[0, 20, ROWS - 1], force=True).npartitions == 2


def test_records_and_compute() -> None:
    frame = lazy(SOME, (9,))
    np.testing.assert_array_equal(frames.to_records(frame[["whole"]]).compute()["whole"], SOME.whole)
    first, second = frames.compute(frame[["whole"]].sum(), frame[["value"]].max())
    assert first["whole"] == SOME.whole.sum() and second["value"] == SOME.value.max()
    assert isinstance(frame[["whole"]].sum(), frames.Scalar)


REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "concat of nothing": (lambda d: frames.concat([]), ValueError, "No objects"),
    "concat of numbers": (lambda d: frames.concat([1, 2]), TypeError, "Series and DataFrame"),
    "concat by another axis": (lambda d: frames.concat([d], axis=2), ValueError, "No axis"),
    "concat by another join": (lambda d: frames.concat([d], join="left"), ValueError, "inner"),
    "columns of one name": (lambda d: frames.concat([d, d], axis=1), ValueError, "twice"),
    "other rows": (lambda d: frames.concat([d[["key"]], d[d.whole > 0].value], axis=1), NotImplementedError, "merge"),
    "sparse": (lambda d: frames.get_dummies(d, sparse=True), NotImplementedError, "sparse"),
    "prefixes": (lambda d: frames.get_dummies(d[["key"]], prefix=["a", "b"]), ValueError, "did not match"),
    "levels": (lambda d: frames.melt(d, col_level=1), NotImplementedError, "col_level"),
    "pivot of several": (lambda d: frames.pivot_table(d, ["key"], "group", "whole"), NotImplementedError, "a name each"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call(lazy(SOME, (9,)))
