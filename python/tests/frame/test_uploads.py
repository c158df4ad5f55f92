"""Large files on their way to an object store, and secrets that must not be on any way."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import engine
from stores import Store, serving

import phalanx.dataframe as frames
from phalanx.dataframe import DataFrame
from phalanx.dataframe._calls import from_pandas_partitions
from phalanx.distributed import Client, LocalCluster, replay
from phalanx.exceptions import DataError, InputError

SECRET, TOKEN = "hush-this-is-secret", "token-that-nobody-sees"


@pytest.fixture
def bucket() -> Iterator[Store]:
    with serving(Store(key="me")) as store:
        yield store


def opened(store: Store, **more: Any) -> dict[str, Any]:
    given = {"key": "me", "secret": SECRET, "token": TOKEN, "client_kwargs": {"endpoint_url": store.url, "region_name": "here"}}
    return given | more


def large() -> pd.DataFrame:
    """About 20 MB in one partition, which compress badly."""
    random = np.random.default_rng(5)
    return pd.DataFrame({f"c{n}": random.random(310_000) for n in range(8)})


def kept(frame: pd.DataFrame, client: Any) -> Any:
    """One partition, where the client's engine computes."""
    return DataFrame._wrap(from_pandas_partitions([frame], client))


@pytest.mark.parametrize("name", ["local", "cluster"])
def test_large_files_go_in_pieces(bucket: Store, name: str) -> None:
    frame, options = large(), opened(bucket)
    kept(frame, engine(name)).to_parquet("s3://data/rows", storage_options=options, compute_kwargs={"client": engine(name)})
    assert len(bucket.files["/data/rows/part.0.parquet"]) > 16 << 20
    assert [(method, size) for method, _, size in bucket.asked if method in ("BEGIN", "END")] == [("BEGIN", 0), ("END", 3)]
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(bucket.files["/data/rows/part.0.parquet"])), frame)
    back = frames.read_parquet("s3://data/rows", storage_options=options).compute(client=engine(name))
    pd.testing.assert_frame_equal(back, frame)
    half = frame[:100_000]
    kept(half, engine(name)).to_csv("s3://data/x-*.csv", index=False, storage_options=options, compute_kwargs={"client": engine(name)})
    assert len(bucket.files["/data/x-0.csv"]) > 8 << 20
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(bucket.files["/data/x-0.csv"])), half)
    assert not bucket.uploads


def test_a_piece_that_fails_is_sent_again(bucket: Store) -> None:
    bucket.refused = {2: 2}
    frame = large()
    frames.from_pandas(frame, npartitions=1).to_parquet("s3://data/rows", storage_options=opened(bucket))
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(bucket.files["/data/rows/part.0.parquet"])), frame)


def test_an_upload_that_fails_leaves_nothing(bucket: Store) -> None:
    bucket.refused = {2: 100}
    with pytest.raises(DataError, match=r"s3://data/rows/part.0.parquet"):
        frames.from_pandas(large(), npartitions=1).to_parquet("s3://data/rows", storage_options=opened(bucket))
    assert not bucket.files and not bucket.uploads
    assert [path for method, path, _ in bucket.asked if method == "ABORT"] == ["/data/rows/part.0.parquet"]


def parquet(frame: pd.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.to_parquet(target, index=False)
    return target.getvalue()


def hidden(text: Any) -> None:
    """No secret is in a text or in bytes, as it is or in digits."""
    for secret in (SECRET, TOKEN):
        for form in (secret, secret.encode().hex()):
            assert (form.encode() if isinstance(text, bytes) else form) not in text


def test_no_secret_is_printed(bucket: Store) -> None:
    bucket.files["/data/x.parquet"] = parquet(pd.DataFrame({"a": [1, 2]}))
    bucket.files["/data/x.csv"] = b"a,b\n1,2\n3,4\n"
    options = opened(bucket)
    for frame in (
        frames.read_parquet("s3://data/x.parquet", storage_options=options),
        frames.read_csv("s3://data/x.csv", storage_options=options),
    ):
        hidden(frame.explain() + repr(frame) + frame._repr_html_())
        hidden(frame.groupby("a").sum().explain())
    for wrong in ({"key": "you"}, {"client_kwargs": {"endpoint_url": "http://127.0.0.1:9", "region_name": "here"}}):
        with pytest.raises(DataError) as caught:
            frames.read_parquet("s3://data/x.parquet", storage_options=options | wrong)
        hidden(str(caught.value) + repr(vars(caught.value)))


def test_urls_with_passwords_are_refused(bucket: Store) -> None:
    for url in (f"https://me:{SECRET}@host/x.csv", f"s3://me:{SECRET}@data/x.csv", f"https://host/x.csv?key={SECRET}"):
        with pytest.raises(NotImplementedError) as caught:
            frames.read_csv(url)
        hidden(str(caught.value))


def test_a_saved_job_holds_no_secret(bucket: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are other processes: they get credentials beside the plan, and the plan that is saved has none."""
    bucket.files["/data/x.csv"] = b"a,b\n" + b"1,2\n" * 3000
    options = opened(bucket)
    with LocalCluster(n_workers=1) as cluster, Client(cluster, set_as_default=False) as client:
        text = frames.read_csv("s3://data/x.csv", storage_options=options, blocksize=5000)
        assert int(text.a.sum().compute(client=client)) == 3000
        whole = frames.read_parquet
        bucket.files["/data/x.parquet"] = parquet(pd.DataFrame({"a": range(10)}))
        rows = whole("s3://data/x.parquet", storage_options=options)
        assert int(rows.a.sum().compute(client=client)) == 45
        both = frames.concat([rows, text[["a"]]])
        bucket.files["/data/x.csv"] = b"a,b\n" + b"1,2\n" * 2900 + b"oh,no\n" * 100
        with pytest.raises(DataError):
            both.compute(client=client)
        client.save_job(tmp_path / "failed.plan")
    saved = (tmp_path / "failed.plan").read_bytes()
    assert b"s3://data" in saved
    hidden(saved)
    with pytest.raises(DataError):
        replay(tmp_path / "failed.plan")  # this process has the credentials
    # Another process has not, and says so; or it takes those of its environment.
    hidden(_replayed(tmp_path / "failed.plan", {}, "credentials of s3://data are not in this process"))
    environment = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "other"}
    _replayed(tmp_path / "failed.plan", environment, "x.csv")


def _replayed(path: Path, environment: dict[str, str], said: str) -> str:
    import os
    import subprocess

    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "phalanx", "replay", str(path)],
        capture_output=True, text=True, check=False, env=own | environment,
    )  # fmt: skip
    assert done.returncode != 0 and said in done.stderr, done.stderr
    return done.stderr + done.stdout


def test_options_that_are_none(bucket: Store) -> None:
    with pytest.raises((InputError, ValueError), match="colour"):
        frames.read_csv("s3://data/x.csv", storage_options={"colour": SECRET})
