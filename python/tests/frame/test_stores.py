"""Files behind URLs: web servers and object stores on loopback, and exactly what is asked of them."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from oracle import engine
from relations import lazy, table
from stores import Store, serving

import phalanx.dataframe as frames
from phalanx.exceptions import DataError

T = table()[["key", "value", "whole", "group", "flag"]]


def parquet(frame: pd.DataFrame, **options: Any) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target, index=False, **options)
    return target.getvalue()


@pytest.fixture
def web() -> Iterator[Store]:
    with serving(Store()) as store:
        yield store


@pytest.fixture
def bucket() -> Iterator[Store]:
    with serving(Store(key="me")) as store:
        yield store


def opened(store: Store) -> dict[str, Any]:
    return {"key": "me", "secret": "hush", "client_kwargs": {"endpoint_url": store.url, "region_name": "here"}}


def same(ours: Any, expected: pd.DataFrame, engines: tuple[str, ...] = ("local", "perturbed", "cluster")) -> None:
    for name in engines:
        pd.testing.assert_frame_equal(ours.compute(client=engine(name)), expected, check_dtype=False)


def test_a_web_server(web: Store) -> None:
    web.files["/a b/x.parquet"] = parquet(T)
    web.files["/x.csv"] = T.to_csv(index=False).encode()
    web.files["/x.csv.gz"] = gzip.compress(web.files["/x.csv"])
    web.files["/x.json"] = T.to_json(orient="records", lines=True).encode()
    expected = pd.read_csv(io.BytesIO(web.files["/x.csv"]))
    same(frames.read_parquet(f"{web.url}/a%20b/x.parquet"), T)
    same(frames.read_csv(f"{web.url}/x.csv"), expected)
    same(frames.read_csv(f"{web.url}/x.csv.gz"), expected)
    same(frames.read_csv(f"{web.url}/x.csv", blocksize=300), expected)
    same(frames.read_json(f"{web.url}/x.json", blocksize=300), T)
    same(frames.read_csv([f"{web.url}/x.csv"] * 2, na_values=["b"]).reset_index(drop=True), pd.concat([pd.read_csv(io.BytesIO(web.files["/x.csv"]), na_values=["b"])] * 2, ignore_index=True), ("local",))
    found = frames.read_csv(f"{web.url}/x.csv", include_path_column=True)
    assert set(found.path.compute()) == {f"{web.url}/x.csv"}


def test_what_is_not_there_is_said(web: Store) -> None:
    with pytest.raises(DataError, match="no.csv: there is no such file"):
        frames.read_csv(f"{web.url}/no.csv")
    with pytest.raises((DataError, NotImplementedError), match="name each file|can't be reached|there is no such"):
        frames.read_csv(f"{web.url}/*.csv")
    web.files["/bad.parquet"] = b"PAR1 this is none PAR1"
    with pytest.raises(DataError, match="bad.parquet: is not a whole Parquet file"):
        frames.read_parquet(f"{web.url}/bad.parquet")
    web.files["/x.parquet"] = parquet(T)
    web.ranges = False
    with pytest.raises(DataError, match="range requests"):
        frames.read_parquet(f"{web.url}/x.parquet")


def test_a_web_server_without_ranges_serves_whole_files(web: Store) -> None:
    web.ranges = False
    web.files["/x.csv"] = T.to_csv(index=False).encode()
    same(frames.read_csv(f"{web.url}/x.csv"), pd.read_csv(io.BytesIO(web.files["/x.csv"])), ("local",))


def test_tls(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "phalanx", "credentials", "new", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    with serving(Store({"/x.parquet": parquet(T)}), tmp_path / "scheduler.pem") as store:
        with pytest.raises(DataError, match="can't be reached"):
            frames.read_parquet(f"{store.url}/x.parquet")
        trusting = {"allow_invalid_certificates": True}
        same(frames.read_parquet(f"{store.url}/x.parquet", storage_options=trusting), T, ("local",))


def test_only_what_is_needed_is_read(web: Store) -> None:
    wide = pd.DataFrame({f"c{n}": range(n, 40_000 + n) for n in range(20)})
    web.files["/wide.parquet"] = parquet(wide, row_group_size=5_000, compression="none", use_dictionary=False)
    size = len(web.files["/wide.parquet"])
    footer = 70_000
    whole = frames.read_parquet(f"{web.url}/wide.parquet")
    assert web.sent() <= footer, "only the footer is read when a frame is made"
    web.forget()
    same(whole, wide, ("local",))
    assert web.sent() >= size * 0.9
    web.forget()
    pd.testing.assert_series_equal(whole.c3.compute(), wide.c3)
    columns = web.sent()
    assert columns < size / 20 * 1.5 + 8 * footer, f"{columns} of {size} bytes for one column of twenty"
    web.forget()
    few = frames.read_parquet(f"{web.url}/wide.parquet", columns=["c3", "c4"], filters=[("c0", "<", 4_000)])
    pd.testing.assert_frame_equal(few.compute(), wide.loc[:3_999, ["c3", "c4"]])
    filtered = web.sent()
    assert filtered < size / 20 * 3 / 8 * 1.5 + 10 * footer, f"{filtered} of {size} bytes for one row group of eight"


def test_a_bucket(bucket: Store) -> None:
    options = opened(bucket)
    lazy(T, (20, 40)).to_parquet("s3://data/out/rows", storage_options=options)
    assert sorted(bucket.files) == [f"/data/out/rows/part.{n}.parquet" for n in range(3)]
    same(frames.read_parquet("s3://data/out/rows", storage_options=options), T)
    same(frames.read_parquet("s3://data/out/*/part.[12].parquet", storage_options=options), T[20:].reset_index(drop=True), ("local",))
    paths = lazy(T, (20, 40)).to_csv("s3://data/csv/x-*.csv", index=False, storage_options=options)
    assert paths == [f"s3://data/csv/x-{n}.csv" for n in range(3)]
    expected = pd.read_csv(io.StringIO(T.to_csv(index=False)))
    same(frames.read_csv("s3://data/csv/*.csv", storage_options=options), expected)
    same(frames.read_csv("s3://data/csv", storage_options=options, blocksize=200), expected, ("local",))
    lazy(T, (9,)).to_json("s3://data/json", storage_options=options, compression="gzip")
    same(frames.read_json("s3://data/json", storage_options=options), T, ("local",))
    lazy(T, (9,)).to_parquet("s3://data/by", partition_on="group", storage_options=options)
    bucket.forget()
    one = frames.read_parquet("s3://data/by", filters=[("group", "==", 2)], storage_options=options)
    assert one.compute()["whole"].sort_values().tolist() == sorted(T[T.group == 2].whole)
    read = [path for method, path, size in bucket.asked if method == "GET" and "group=1" in path]
    assert len(read) <= 2, "of other folders only the footers are read"
    with pytest.raises(DataError, match="s3://data/none.*(there is no such file|no file matches)|no file matches s3://data/none"):
        frames.read_parquet("s3://data/none/*.parquet", storage_options=options)
    with pytest.raises(NotImplementedError, match="overwrite"):
        lazy(T, ()).to_parquet("s3://data/by", overwrite=True, storage_options=options)


def test_credentials_of_the_environment(bucket: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.files["/data/x.parquet"] = parquet(T)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    monkeypatch.setenv("AWS_REGION", "here")
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.url)
    same(frames.read_parquet("s3://data/x.parquet"), T, ("local",))


def test_refused_credentials(bucket: Store) -> None:
    bucket.files["/data/x.parquet"] = parquet(T)
    with pytest.raises(DataError, match="s3://data/x.parquet.*access is refused|s3://data/x.parquet"):
        frames.read_parquet("s3://data/x.parquet", storage_options=opened(bucket) | {"key": "you"})
    text = frames.read_parquet("s3://data/x.parquet", storage_options=opened(bucket)).explain()
    assert "hush" not in text


def test_other_stores(web: Store) -> None:
    web.files["/data/x.parquet"] = parquet(T)
    google = {"token": "anon", "base_url": web.url}
    same(frames.read_parquet("gs://data/x.parquet", storage_options=google), T, ("local", "cluster"))
    azure = {"account_name": "me", "endpoint": web.url, "skip_signature": True}
    same(frames.read_parquet("az://data/x.parquet", storage_options=azure), T, ("local",))
