"""Python's functions of partitions, parts of the rows and other partitions, against pandas."""

from __future__ import annotations

import cloudpickle
import numpy as np
import pandas as pd
import pytest
from oracle import engine
from relations import check, lazy, table, timed

from phalanx.distributed import Client, LocalCluster

cloudpickle.register_pickle_by_value(__import__(__name__))  # workers do not have this file
T = table()
S = T[["value", "other", "whole"]]


def twice(part: pd.DataFrame) -> pd.DataFrame:
    return part * 2


#: A function of our frame, and what pandas gives for it.
CALLS = {
    "map_partitions": (lambda d: d.map_partitions(twice), lambda d: d * 2),
    "map_partitions of a series": (lambda d: d["value"].map_partitions(lambda s: s + 1), lambda d: d["value"] + 1),
    "map_partitions with others": (
        lambda d: d.map_partitions(lambda a, b, by: a.value * by + b, d["whole"], by=3),
        lambda d: d.value * 3 + d.whole,
    ),
    "map_partitions with meta": (
        lambda d: d.map_partitions(lambda p: p[["whole"]].astype("float64"), meta={"whole": "float64"}),
        lambda d: d[["whole"]].astype("float64"),
    ),
    "map_partitions beside": (
        lambda d: d.assign(sum=d.map_partitions(lambda p: p.value + p.whole)),
        lambda d: d.assign(sum=d.value + d.whole),
    ),
    "map_overlap": (
        lambda d: d.map_overlap(lambda p: p.rolling(4, min_periods=1).max(), 3, 0),
        lambda d: d.rolling(4, min_periods=1).max(),
    ),
    "map_overlap both": (lambda d: d.map_overlap(lambda p: p.shift(2) + p.shift(-9), 2, 9), lambda d: d.shift(2) + d.shift(-9)),
    "reduction": (lambda d: d.reduction(lambda p: p.whole.sum(), lambda s: s.sum()), lambda d: d.whole.sum()),
    "reduction of columns": (lambda d: d.reduction(lambda p: p.count(), lambda s: s.sum()), lambda d: d.count()),
    "reduction combined": (
        lambda d: d.reduction(
            lambda p, q: p.whole.sum() * q, lambda s: s.sum(), combine=lambda s: s + 0, chunk_kwargs={"q": 2}
        ),
        lambda d: d.whole.sum() * 2,
    ),
    "sum of results": (lambda d: d.sum() / d.count(), lambda d: d.sum() / d.count()),
    "attributes of results": (lambda d: d.sum().sort_values().index[0], lambda d: d.sum().sort_values().index[0]),
    "results meet columns": (lambda d: d[d.whole > d[["whole"]].mean()["whole"]], lambda d: d[d.whole > d.whole.mean()]),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    ours, theirs = CALLS[name]
    if name == "attributes of results":
        assert ours(lazy(S, (3, 20))).compute() == theirs(S)
        return
    check(ours, S, oracle=theirs)


def test_functions_get_the_index() -> None:
    frame = timed()
    check(lambda d: d.map_partitions(lambda p: p[p.index.minute >= 30]), frame, oracle=lambda d: d[d.index.minute >= 30])
    span = pd.Timedelta("1h")
    check(
        lambda d: d.map_overlap(lambda p: p[["value"]].rolling("1h", min_periods=1).sum(), span, 0),
        frame,
        oracle=lambda d: d[["value"]].rolling("1h", min_periods=1).sum(),
        rtol=1e-9,
    )


def test_functions_must_return_what_was_declared() -> None:
    frame = lazy(S, (9,))
    with pytest.raises(ValueError, match="pass meta"):
        frame.map_partitions(lambda p: p["no such column"])
    with pytest.raises(Exception, match="were declared"):
        frame.map_partitions(twice, meta={"x": "float64"}).compute()
    with pytest.raises(ZeroDivisionError):
        frame.map_partitions(lambda p: 1 // 0, meta=np.int64(0)).compute()


def test_workers_refuse_functions_unless_told() -> None:
    with pytest.raises(Exception, match="--allow-python"):
        lazy(S, (9,)).map_partitions(twice).compute(client=engine("cluster"))


def test_workers_that_may_run_functions_give_the_same() -> None:
    cluster = LocalCluster(n_workers=2, memory_limit="2GiB", allow_python=True)
    client = Client(cluster, set_as_default=False)
    try:
        frame, by_time = lazy(S.assign(group=T["group"]), (0, 3, 17, 40)), lazy(timed(), (9, 30))
        cases = [
            frame.map_partitions(twice),
            frame.apply(lambda row: row.whole * 2, axis=1),
            frame.median(axis=1),
            frame.map_overlap(lambda p: p.rolling(3, min_periods=1).sum(), 2, 0),
            frame.groupby("group").apply(lambda group: group.nlargest(2, "whole")),
            frame.groupby("group")["value"].transform(lambda s: s - s.mean()),
            frame.groupby("group").agg({"value": lambda s: s.max() - s.min(), "whole": "sum"}),
            frame.memory_usage(),
            frame.reduction(lambda p: p.whole.sum(), lambda s: s.sum()),
            by_time.rolling("1h").apply(np.ptp, raw=True),
        ]
        for case in cases:
            one, two = case.compute(client=engine("local")), case.compute(client=client)
            assert one.equals(two) if hasattr(one, "equals") else one == two
    finally:
        client.shutdown()


def test_parts_and_divisions() -> None:
    frame, borders = timed(), (10, 20, 20, 45)
    ours = lazy(frame, borders)
    assert not ours.known_divisions  # a partition is empty
    ours = lazy(frame, (10, 20, 45))
    firsts = [frame.index[at] for at in (0, 10, 20, 45)]
    assert ours.known_divisions and ours.divisions == (*firsts, frame.index[-1])
    cut = ours.repartition(divisions=[firsts[0], frame.index[30], frame.index[-1]])
    assert cut.npartitions == 2 and cut.divisions == (firsts[0], frame.index[30], frame.index[-1])
    pd.testing.assert_frame_equal(cut.compute(), frame, check_freq=False)
    hours = ours.repartition(freq="1h")
    assert [first.tz_convert("UTC").hour for first in hours.divisions[:-1]] == list(range(8))
    pd.testing.assert_frame_equal(hours.compute(), frame, check_freq=False)
    assert ours.repartition(partition_size="200B").npartitions == -(-ours.memory_usage_per_partition().compute().sum() // 200)
    assert ours.nbytes.compute() == frame.memory_usage(index=False).sum()
    assert not lazy(T, (3,)).known_divisions
    parts = [part.compute() for part in ours.to_delayed()]
    pd.testing.assert_frame_equal(pd.concat(parts), frame, check_freq=False)
    assert not ours.empty and lazy(frame.iloc[:0], (0,)).empty
    with pytest.raises(ValueError, match="exactly one"):
        ours.repartition(npartitions=2, freq="1h")


def test_shuffles() -> None:
    check(
        lambda d: d.shuffle("group", npartitions=3).partitions[[0, 1, 2]].sort_values(["group", "big"]),
        T,
        oracle=lambda d: d.sort_values(["group", "big"]),
        cluster=True,
    )
    parts = [part.compute() for part in lazy(T, (3, 30)).shuffle(["key"], npartitions=4).to_delayed()]
    assert sum(len(part) for part in parts) == len(T)
    seen = [set(part["key"].fillna("missing")) for part in parts]
    assert sum(len(keys) for keys in seen) == len(set.union(*seen))
    assert all(part.index.is_monotonic_increasing for part in parts)
    with pytest.raises(TypeError):
        lazy(T, ()).shuffle()


LABELS = {
    "slice": lambda d: d.loc["2024-10-27 01:00":"2024-10-27 03:30"],
    "open slice": lambda d: d.loc[pd.Timestamp("2024-10-27 02:00", tz="UTC") :],
    "day": lambda d: d.loc["2024-10-27"],
    "columns": lambda d: d.loc["2024-10-27 03":, ["whole", "value"]],
    "column": lambda d: d.loc[:"2024-10-27 03", "whole"],
    "columns from to": lambda d: d.loc[:, "other":"whole"],
    "condition": lambda d: d.loc[d.value > 0],
    "condition and column": lambda d: d.loc[d.value > 0, "whole"],
    "function": lambda d: d.loc[lambda f: f.whole < 0],
    "iloc columns": lambda d: d.iloc[:, [2, 0]],
    "iloc column": lambda d: d.iloc[:, 1],
    "iloc rows": lambda d: d.iloc[5:33:3],
    "iloc rows and columns": lambda d: d.iloc[:7, 1:],
}


@pytest.mark.parametrize("name", LABELS)
def test_labels(name: str) -> None:
    check(LABELS[name], timed(), cluster=name in {"slice", "iloc rows"})


def test_labels_of_other_kinds() -> None:
    frame = T.drop_duplicates("whole").set_index("whole")[["value", "key"]]
    check(lambda d: d.loc[[int(frame.index[5]), int(frame.index[2])]], frame)
    check(lambda d: d.loc[[int(frame.index[5])]], frame)
    words = T.dropna().set_index("key")[["value"]]
    check(lambda d: d.loc["日本"], words)
    check(lambda d: d.loc[4:9], T[["value"]])
    with pytest.raises(KeyError):
        lazy(frame, ()).loc[:, "no"]
    with pytest.raises(NotImplementedError, match="iloc"):
        lazy(frame, ()).iloc[3]
