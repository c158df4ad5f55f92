"""Files in and out against pandas: a line a case; and files that are not what they should be."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from oracle import engine
from relations import lazy, table, timed

import phalanx.dataframe as frames
from phalanx.exceptions import DataError

T = table()


def same(ours: Any, expected: Any, cluster: bool = False, dtype: bool = False) -> None:
    """``ours`` computes to ``expected``, with the same bits on a perturbed engine, and on two workers if told."""
    first = ours.compute(client=engine("local"))
    options: dict[str, Any] = {"check_dtype": dtype, "check_index_type": False}
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(first, expected, check_column_type=False, check_freq=False, check_categorical=False, **options)
    else:
        pd.testing.assert_series_equal(first, expected, check_freq=False, check_categorical=False, **options)
    for name in ["perturbed"] + (["cluster"] if cluster else []):
        assert first.equals(ours.compute(client=engine(name))), name


@pytest.fixture
def csvs(tmp_path: Path) -> Path:
    """Three files of which the tenth sorts last."""
    for number in (0, 2, 10):
        T.iloc[number * 5 : number * 5 + 5].to_csv(tmp_path / f"part-{number}.csv", index=False)
    return tmp_path


CSV: dict[str, dict[str, Any]] = {
    "as it is": {},
    "usecols": {"usecols": ["whole", "key"]},
    "usecols of a function": {"usecols": lambda name: name.startswith("g")},
    "usecols of numbers": {"usecols": [0, 2]},
    "dtype": {"dtype": {"group": "float32", "whole": "str", "key": "category"}},
    "one dtype": {"dtype": "str"},
    "index_col": {"index_col": "group"},
    "names": {"names": list("abcdefgh"), "header": 0},
    "skiprows": {"skiprows": [1]},
    "na_values": {"na_values": ["b"]},
    "quotechar": {"quotechar": "'"},
    "thousands": {"thousands": ","},
}


@pytest.mark.parametrize("name", CSV)
def test_read_csv(name: str, csvs: Path) -> None:
    paths = [csvs / f"part-{number}.csv" for number in (0, 2, 10)]
    indexed = "index_col" in CSV[name]
    expected = pd.concat([pd.read_csv(path, **CSV[name]) for path in paths], ignore_index=not indexed)
    ours = frames.read_csv(f"{csvs}/part-*.csv", **CSV[name])
    assert ours.npartitions == 3
    if not indexed and ours._native.index is not None:
        ours = ours.reset_index(drop=True)
    if "category" in str(CSV[name]):
        expected["key"] = expected["key"].astype(str)
        ours = ours.assign(key=ours.key.astype("str"))
        expected["key"] = expected["key"].where(expected["key"] != "nan")
    same(ours, expected, cluster=name == "as it is")


def test_read_csv_in_other_ways(csvs: Path) -> None:
    whole = pd.concat([pd.read_csv(csvs / f"part-{n}.csv") for n in (0, 2, 10)], ignore_index=True)
    same(frames.read_csv(csvs), whole)
    same(frames.read_csv([csvs / "part-10.csv", csvs / "part-0.csv"]).loc[:, ["big"]], pd.concat([whole[10:], whole[:5]], ignore_index=True)[["big"]])
    same(frames.read_csv(str(csvs / "part-[02].csv")), whole[:10])
    cut = frames.read_csv(csvs, blocksize=100)
    assert cut.npartitions > 6
    same(cut, whole)
    same(frames.read_csv(csvs, blocksize="1 kB", sample_rows=2), whole)
    floats = frames.read_csv(csvs, assume_missing=True, dtype={"group": "int64"}).dtypes
    assert floats["whole"] == np.float64 and floats["group"] == np.int64
    found = frames.read_csv(csvs, include_path_column=True)
    assert found.path.dtype == "category"
    assert [Path(path).name for path in found.compute().path] == [f"part-{n}.csv" for n in (0, 2, 10) for _ in range(5)]
    assert set(frames.read_csv(csvs, include_path_column="file", na_values=["b"]).columns) == {*whole.columns, "file"}
    T.to_csv(csvs / "tabs.txt", sep="\t", index=False)
    same(frames.read_table(csvs / "tabs.txt"), pd.read_table(csvs / "tabs.txt"))
    same(frames.read_csv(csvs / "tabs.txt", sep="\t", header=None).rename(columns={}), pd.read_table(csvs / "tabs.txt", header=None).rename(columns=str))


def test_times_in_csv(tmp_path: Path) -> None:
    frame = timed().reset_index()
    frame["time"] = frame["time"].dt.tz_convert("UTC").dt.tz_localize(None)
    frame.to_csv(tmp_path / "times.csv", index=False)
    assert str(frames.read_csv(tmp_path / "times.csv").time.dtype).startswith("str")
    same(frames.read_csv(tmp_path / "times.csv", parse_dates=["time"]), pd.read_csv(tmp_path / "times.csv", parse_dates=["time"]))
    zip_codes = tmp_path / "zip.csv"
    zip_codes.write_text("zip,n\n007,1\n123,2\n")
    same(frames.read_csv(zip_codes, dtype={"zip": str}), pd.read_csv(zip_codes, dtype={"zip": str}))


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("end", COMPRESSED)
def test_compressed_text(end: str, tmp_path: Path) -> None:
    frame = T[["key", "value", "whole"]]
    for number in range(2):
        text = frame.iloc[number * 30 : number * 30 + 30].to_csv(index=False).encode()
        (tmp_path / f"{number}.csv.{end}").write_bytes(COMPRESSED[end](text))
        lines = frame.iloc[number * 30 : number * 30 + 30].to_json(orient="records", lines=True).encode()
        (tmp_path / f"{number}.json.{end}").write_bytes(COMPRESSED[end](lines))
    expected = pd.concat([pd.read_csv(tmp_path / f"{n}.csv.{end}") for n in range(2)], ignore_index=True)
    same(frames.read_csv(tmp_path, blocksize=64), expected, cluster=end == "gz")
    named = {"gz": "gzip"}.get(end, end)
    same(frames.read_csv(str(tmp_path / f"*.csv.{end}"), compression=named), expected)
    same(frames.read_json(str(tmp_path / f"*.json.{end}")), frame.reset_index(drop=True))
    with pytest.raises(DataError, match="0.csv"):
        frames.read_csv(str(tmp_path / f"*.csv.{end}"), compression=None).compute()


def test_read_json(tmp_path: Path) -> None:
    frame = T.drop(columns="big")
    for number in (2, 10):
        frame.iloc[number * 5 : number * 5 + 9].to_json(tmp_path / f"{number}.json", orient="records", lines=True)
    whole = pd.concat([frame.iloc[10:19], frame.iloc[50:59]], ignore_index=True)
    same(frames.read_json(tmp_path), whole, cluster=True)
    cut = frames.read_json(tmp_path, blocksize=256)
    assert cut.npartitions > 4
    same(cut, whole)
    same(frames.read_json(tmp_path, meta=pd.DataFrame({"whole": [1.0], "key": ["a"]})), whole[["whole", "key"]])
    named = frames.read_json(tmp_path, include_path_column="file", path_converter=lambda path: Path(path).stem).compute()
    assert named.file.tolist() == ["2"] * 9 + ["10"] * 9
    # Keys that only some objects have, in the order in which they first appear; objects and lists inside.
    lines = [{"b": 1, "a": "x"}, {"c": [1, 2], "b": 2.5}, {"d": {"e": None}}]
    (tmp_path / "odd.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    odd = frames.read_json(tmp_path / "odd.jsonl").compute()
    assert list(odd.columns) == ["b", "a", "c", "d"] and odd.b.tolist()[:2] == [1.0, 2.5] and list(odd.c[1]) == [1, 2]
    for orient in ("records", "split", "index", "columns"):
        whole.to_json(tmp_path / f"{orient}.txt", orient=orient)
        ours = frames.read_json(tmp_path / f"{orient}.txt", orient=orient, lines=False)
        expected = pd.read_json(tmp_path / f"{orient}.txt", orient=orient, lines=False)
        same(ours, expected)
    (tmp_path / "latin.json").write_bytes('{"name": "Müller"}\n'.encode("latin-1"))
    assert frames.read_json(tmp_path / "latin.json", encoding="latin-1").name.compute().tolist() == ["Müller"]


def test_read_fwf(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("name   n\nann    1\nbob   22\n")
    (tmp_path / "b.txt").write_text("name   n\neve    3\n")
    expected = pd.concat([pd.read_fwf(tmp_path / name) for name in ("a.txt", "b.txt")])
    same(frames.read_fwf(tmp_path), expected)
    same(frames.read_fwf(str(tmp_path / "*.txt"), widths=[6, 2]), pd.concat([pd.read_fwf(tmp_path / n, widths=[6, 2]) for n in ("a.txt", "b.txt")]))
    with pytest.raises(NotImplementedError, match="blocksize"):
        frames.read_fwf(tmp_path, blocksize=10)


PARQUET: dict[str, Callable[[Any], Any]] = {
    "as it is": lambda read: read(),
    "columns": lambda read: read(columns=["whole", "key"]),
    "one column": lambda read: read(columns="value") if read.__name__ == "ours" else read(columns=["value"])["value"],
    "filters": lambda read: read(filters=[("whole", ">", 10), ("group", "in", [1, 2])]),
    "filters of columns that are not read": lambda read: read(columns=["value"], filters=[("whole", "<=", -10)]),
    "any of filters": lambda read: read(filters=[[("whole", "<", -30)], [("group", "==", 3), ("flag", "==", True)]]),
    "not in": lambda read: read(filters=[("group", "not in", [0, 1])]),
    "index": lambda read: read(index="whole") if read.__name__ == "ours" else read().set_index("whole"),
}


@pytest.mark.parametrize("name", PARQUET)
def test_read_parquet(name: str, tmp_path: Path) -> None:
    for number in (2, 10):
        part = T.iloc[number * 5 : number * 5 + 10]
        pq.write_table(pa.Table.from_pandas(part, preserve_index=False), tmp_path / f"part.{number}.parquet", row_group_size=4)
    (tmp_path / "_metadata").write_text("not for us")

    def ours(**options: Any) -> Any:
        return frames.read_parquet(tmp_path, **options)

    def theirs(**options: Any) -> Any:
        names = [tmp_path / f"part.{number}.parquet" for number in (2, 10)]
        return pd.concat([pd.read_parquet(path, **options) for path in names], ignore_index=True)

    same(PARQUET[name](ours), PARQUET[name](theirs), cluster=name == "filters")


def test_partitions_of_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(T, preserve_index=False), tmp_path / "x.parquet", row_group_size=10)
    counts = {"infer": 1, True: 6, 2: 3, False: 1, "adaptive": 1}
    for how, count in counts.items():
        frame = frames.read_parquet(tmp_path, split_row_groups=how)
        assert frame.npartitions == count, how
        same(frame, T)
    assert frames.read_parquet(tmp_path, blocksize="600").npartitions == 6
    same(frames.read_parquet(tmp_path, categories=["key"]).key.astype("str"), T.key)
    assert frames.read_parquet(tmp_path, categories=["key"]).key.dtype == "category"
    with pytest.raises(ValueError, match="no_such.*there are"):
        frames.read_parquet(tmp_path, columns=["no_such"])
    with pytest.raises(NotImplementedError, match="dtype_backend"):
        frames.read_parquet(tmp_path, dtype_backend="pyarrow")


def test_folders_named_by_values(tmp_path: Path) -> None:
    frame = T.assign(group=T.group.where(T.group != 3), key=T.key.replace("", "a/b=c% ü"))
    for by in (["group"], ["group", "key"]):
        folder = tmp_path / "-".join(by)
        written = frame.assign(group=frame.group.astype("Int64"))
        frames.to_parquet(frames.from_pandas(written, 3), folder, partition_on=by, write_index=False)
        ours = frames.read_parquet(folder)
        assert list(ours.columns) == [*(name for name in frame.columns if name not in by), *by]
        found = ours.compute().sort_values("big").reset_index(drop=True)
        expected = frame.sort_values("big").reset_index(drop=True)[list(ours.columns)]
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)
        one = ours[ours.group == 2]
        assert one.compute().group.tolist() == [2] * int((T.group == 2).sum())
        theirs = pyarrow.dataset.dataset(folder, partitioning="hive")
        assert theirs.count_rows() == len(T) and set(theirs.schema.names) == set(ours.columns)


def test_only_the_folders_that_can_hold_are_planned(tmp_path: Path) -> None:
    for year in (2022, 2023, 2024):
        (tmp_path / f"year={year}").mkdir()
        T.assign(big=T.big + year).to_parquet(tmp_path / f"year={year}" / "x.parquet", index=False)
    frame = frames.read_parquet(tmp_path)
    assert frame.year.dtype == np.int64 and frame.npartitions == 3
    one = frames.read_parquet(tmp_path, filters=[("year", ">=", 2023), ("year", "!=", 2023)])
    plan = one.explain()
    assert "year=2024" in plan and "year=2022" not in plan.partition("plan\n")[2], plan
    same(one.big, (T.big + 2024).rename("big"))
    none = frames.read_parquet(tmp_path, filters=[("year", "==", 1999)])
    assert len(none.compute()) == 0 and list(none.compute().columns) == [*T.columns, "year"]


WRITERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "parquet": (lambda d, path: d.to_parquet(path), frames.read_parquet),
    "parquet zstd": (lambda d, path: frames.to_parquet(d, path, compression="zstd"), frames.read_parquet),
    "parquet brotli": (lambda d, path: frames.to_parquet(d, path, compression="brotli"), frames.read_parquet),
    "csv": (lambda d, path: frames.to_csv(d, path, index=False), frames.read_csv),
    "csv gzip": (lambda d, path: d.to_csv(path, index=False, compression="gzip"), frames.read_csv),
    "csv of one file": (lambda d, path: d.to_csv(path / "all.csv", index=False, single_file=True), frames.read_csv),
    "csv by names": (lambda d, path: d.to_csv(path / "x-*.csv", index=False, name_function=lambda n: f"{n + 3:02}"), frames.read_csv),
    "json": (lambda d, path: frames.to_json(d, path), frames.read_json),
    "json gzip": (lambda d, path: d.to_json(path / "y-*.json.gz", compression="gzip"), frames.read_json),
    "orc": (lambda d, path: frames.to_orc(d, path, write_index=False), frames.read_orc),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_is_written_is_read(name: str, tmp_path: Path) -> None:
    write, read = WRITERS[name]
    columns = ["key", "value", "whole", "flag"]
    frame = T[columns]
    borders = (3, 3, 17, 40, *range(41, 50))
    tmp_path.joinpath("x").mkdir()
    write(lazy(frame, borders), tmp_path / "x")
    expected = frame if not name.startswith("csv") else pd.read_csv(io.StringIO(frame.to_csv(index=False)))
    ours = read(tmp_path / "x")
    found = ours.compute().reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_workers_write_and_read(tmp_path: Path) -> None:
    frame = T[["key", "value", "whole", "flag"]]
    ours, there = lazy(frame, (3, 3, 17, 40)), {"client": engine("cluster")}
    ours.to_parquet(tmp_path / "parquet", compute_kwargs=there)
    ours.to_csv(tmp_path / "csv", compute_kwargs=there)
    ours.to_json(tmp_path / "json", compute_kwargs=there)
    for read, name in ((frames.read_parquet, "parquet"), (frames.read_csv, "csv"), (frames.read_json, "json")):
        found = read(tmp_path / name).compute(**there)
        expected = frame if name != "csv" else pd.read_csv(io.StringIO(frame.to_csv(index=False)))
        pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_what_pandas_reads_of_ours(tmp_path: Path) -> None:
    named = timed()
    lazy(named, (20,)).to_parquet(tmp_path / "timed", custom_metadata={"made": "here"})
    back = pd.read_parquet(tmp_path / "timed")
    pd.testing.assert_frame_equal(back, named, check_freq=False)
    assert pq.read_schema(tmp_path / "timed" / "part.0.parquet").metadata[b"made"] == b"here"
    same(frames.read_parquet(tmp_path / "timed"), named)
    named.to_parquet(tmp_path / "theirs.parquet")
    same(frames.read_parquet(tmp_path / "theirs.parquet"), named)
    assert frames.read_parquet(tmp_path / "theirs.parquet", index=False)._native.index is None
    paths = lazy(named, (20,)).to_csv(tmp_path / "csv")
    assert [Path(path).name for path in paths] == ["part.0.csv", "part.1.csv"]
    found = pd.concat([pd.read_csv(path, index_col=0) for path in paths])
    np.testing.assert_allclose(found.to_numpy(float), named.to_numpy(float))


def test_appending_and_overwriting(tmp_path: Path) -> None:
    frame = T[["key", "whole"]]
    whole = frames.from_pandas(frame, 2)
    whole.to_parquet(tmp_path / "x", write_index=False)
    whole.to_parquet(tmp_path / "x", write_index=False, append=True)
    same(frames.read_parquet(tmp_path / "x"), pd.concat([frame, frame], ignore_index=True))
    with pytest.raises(ValueError, match="Appended columns not the same"):
        whole[["key"]].to_parquet(tmp_path / "x", write_index=False, append=True)
    frames.from_pandas(frame[:3], 1).to_parquet(tmp_path / "x", write_index=False, overwrite=True)
    same(frames.read_parquet(tmp_path / "x"), frame[:3])
    schema = pa.schema([("whole", pa.int32()), ("key", pa.string())])
    whole.to_parquet(tmp_path / "typed", write_index=False, schema=schema)
    assert pq.read_schema(tmp_path / "typed" / "part.0.parquet").field("whole").type == pa.int32()
    later = whole.to_parquet(tmp_path / "y", write_index=False, compute=False)
    assert not list((tmp_path / "y").glob("*.parquet"))
    assert later.compute() is None
    same(frames.read_parquet(tmp_path / "y"), frame)
    whole.to_parquet(tmp_path / "z", write_index=False, name_function=lambda n: f"rows-{n}.parquet")
    assert sorted(path.name for path in (tmp_path / "z").iterdir()) == ["rows-0.parquet", "rows-1.parquet"]


REFUSED: dict[str, tuple[Callable[[Any, Path], Any], type[Exception], str]] = {
    "no such file": (lambda d, p: frames.read_csv(p / "no.csv"), FileNotFoundError, "no.csv.*no such file"),
    "no such files": (lambda d, p: frames.read_parquet(p / "*.parquet"), FileNotFoundError, "no file matches"),
    "a scheme": (lambda d, p: frames.read_csv("ftp://host/x.csv"), NotImplementedError, "ftp://"),
    "a query": (lambda d, p: frames.read_csv("https://host/x.csv?y=1"), NotImplementedError, "query"),
    "an option": (lambda d, p: frames.read_csv("s3://b/x.csv", storage_options={"colour": 1}), ValueError, "colour"),
    "options of a file": (lambda d, p: frames.read_csv(p, storage_options={"key": "x"}), ValueError, "key"),
    "a compression": (lambda d, p: frames.read_csv(__file__, compression="zip"), ValueError, "zip"),
    "an unknown type": (lambda d, p: frames.read_csv(__file__, dtype="quaternion"), TypeError, "quaternion"),
    "nrows": (lambda d, p: frames.read_csv(__file__, nrows=3), NotImplementedError, "nrows"),
    "two stars": (lambda d, p: d.to_csv(p / "*-*.csv"), ValueError, r"one \*"),
    "an encoding": (lambda d, p: d.to_csv(p, encoding="latin-1"), NotImplementedError, "encoding"),
    "a writer's option": (lambda d, p: d.to_csv(p, float_format="%.2f"), NotImplementedError, "float_format"),
    "orient": (lambda d, p: d.to_json(p, orient="split"), NotImplementedError, "orient"),
    "lines": (lambda d, p: frames.read_json(p, orient="split", lines=True), ValueError, "orient='records'"),
    "a column of folders": (lambda d, p: d.to_parquet(p, partition_on="no"), ValueError, "non-existent column"),
    "nothing left": (lambda d, p: d[["key"]].to_parquet(p, partition_on="key", write_index=False), ValueError, "No data left"),
    "append and overwrite": (lambda d, p: d.to_parquet(p, append=True, overwrite=True), ValueError, "Cannot use both"),
    "a metadata file": (lambda d, p: d.to_parquet(p, write_metadata_file=True), NotImplementedError, "write_metadata_file"),
    "an engine": (lambda d, p: frames.read_orc(p, engine="duck"), TypeError, "duck"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        call(lazy(T, (9,)), tmp_path)


def test_bad_files_are_named(tmp_path: Path) -> None:
    def named(text: str | bytes, *words: str, **options: Any) -> None:
        path = tmp_path / "bad.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(DataError) as caught:
            frames.read_csv(path, **options).compute()
        for word in ("bad.csv", *words):
            assert word in str(caught.value), str(caught.value)

    named("a,b\n1,2\n3,4\n5,x\n", "row 2, column 'b'".replace("'", '"'), '"x" is no int64', "sample_rows", sample_rows=2)
    named("a,b\n1,2\n3,4,5\n", "line 3", dtype={"a": "int64", "b": "int64"}, sample_rows=1)
    named(b"a,b\n1,x\n2,\xff\xfe\n", "UTF-8", sample_rows=1)
    named("a,b\n" + "1,2\n" * 100 + "x,2\n", "of the part that begins at byte", sample_rows=5, blocksize=64)
    json_path = tmp_path / "bad.json"
    json_path.write_text('{"a": 1}\n{"a": 2}\n{"a": }\n')
    with pytest.raises(DataError, match="bad.json"):
        frames.read_json(json_path).compute()
    json_path.write_text('{"a": 1}\n' * 200 + '{"a": "x"}\n')
    with pytest.raises(DataError, match="bad.json.*does not fit"):
        frames.read_json(json_path, sample=1000).compute()
    good = tmp_path / "good.parquet"
    T.to_parquet(good)
    (tmp_path / "cut.parquet").write_bytes(good.read_bytes()[:-100])
    with pytest.raises(DataError, match="cut.parquet.*whole Parquet file"):
        frames.read_parquet(tmp_path / "cut.parquet")
    T.drop(columns="key").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(DataError, match='other.parquet: column "key" is missing'):
        frames.read_parquet([good, tmp_path / "other.parquet"])
    T.assign(whole="x").to_parquet(tmp_path / "typed.parquet")
    with pytest.raises(DataError, match='typed.parquet: column "whole" is of type Utf8, not Int64'):
        frames.read_parquet([good, tmp_path / "typed.parquet"])
    (tmp_path / "x.orc").write_text("no ORC")
    with pytest.raises(DataError, match="x.orc"):
        frames.read_orc(tmp_path)
