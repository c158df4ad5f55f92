"""The files that works read: written once, into the folder that BENCH_DATA names.

* `rows/*.parquet`, `rows/*.csv`: 5,184,000 rows (`id`, `name`, `x`, `y`), in 12 files;
* `facts/*.parquet`: 26,000,000 rows (`key`, `x`), in 13 files; `keys/*.parquet`: 2,600,000 rows (`key`, `y`), in 2.
"""

import os
from pathlib import Path

FOLDER = Path(os.environ.get("BENCH_DATA", "bench-data"))
NAMES = ["Alice", "Bob", "Charlie", "Dan", "Edith", "Frank", "George", "Hannah", "Ingrid", "Jerry", "Kevin", "Laura"]
NAMES += ["Michael", "Norbert", "Oliver", "Patricia", "Quinn", "Ray", "Sarah", "Tim", "Ursula", "Victor", "Wendy"]
NAMES += ["Xavier", "Yvonne", "Zelda"]


def folder(name):
    """The folder of a table; its files are written if they are not there."""
    place = FOLDER / name
    if not place.exists():
        unfinished = FOLDER / f"{name}.unfinished"
        unfinished.mkdir(parents=True, exist_ok=True)
        {"rows": rows, "facts": facts, "keys": keys}[name](unfinished)
        unfinished.rename(place)
    return place


def rows(place):
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    for part in range(12):
        rng = np.random.default_rng(part)
        n = 432_000
        table = pa.table(
            {
                "id": rng.poisson(1000, n),
                "name": pa.array(NAMES).take(pa.array(rng.integers(0, len(NAMES), n))),
                "x": rng.uniform(-1, 1, n),
                "y": rng.uniform(-1, 1, n),
            }
        )
        pyarrow.parquet.write_table(table, place / f"part.{part:02}.parquet")
        pyarrow.csv.write_csv(table, place / f"part.{part:02}.csv")


def facts(place):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet

    for part in range(13):
        rng = np.random.default_rng(100 + part)
        n = 2_000_000
        table = pa.table({"key": rng.integers(0, 2_600_000, n), "x": rng.random(n)})
        pyarrow.parquet.write_table(table, place / f"part.{part:02}.parquet")


def keys(place):
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet

    order = np.random.default_rng(7).permutation(2_600_000)
    for part, key in enumerate(np.split(order, 2)):
        table = pa.table({"key": key, "y": key / 2_600_000})
        pyarrow.parquet.write_table(table, place / f"part.{part:02}.parquet")
