"""Writes the values that the tests compare with: pandas' on a table of exact formulas, and exact rational statistics.

    python3 -m venv venv && venv/bin/pip install pandas pyarrow && venv/bin/python make.py [FOLDER]

With the folder of flights.parquet, also pandas' statistics of it.

The table has 1,000 rows. With k = 7919 i mod 1009, row i has

    key    "abcdefg"[k mod 7], missing where i mod 29 = 4
    value  ((k² mod 4001) − 2000) / 16, NaN where i mod 17 = 3, missing where i mod 13 = 5
    whole  k² mod 101 − 50
"""

import math
import random
import sys
from fractions import Fraction
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent


def table() -> pd.DataFrame:
    ks = [7919 * i % 1009 for i in range(1000)]
    keys = [None if i % 29 == 4 else "abcdefg"[k % 7] for i, k in enumerate(ks)]
    missing = lambda i: i % 17 == 3 or i % 13 == 5
    values = [math.nan if missing(i) else (k * k % 4001 - 2000) / 16 for i, k in enumerate(ks)]
    return pd.DataFrame({"key": keys, "value": values, "whole": [k * k % 101 - 50 for k in ks]})


def write(name: str, frame: pd.DataFrame, index: bool = False) -> None:
    frame.to_csv(HERE / name, index=index, na_rep="")


def variance(values: list[float]) -> Fraction:
    exact = [Fraction(value) for value in values]
    n = len(exact)
    return (n * sum(x * x for x in exact) - sum(exact) ** 2) / (n * (n - 1))


def to_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def exact_cases() -> list[list[float]]:
    rng = random.Random(20130101)
    cases = [
        [1e308, 1.0, -1e308],
        [1e308, 1e308, 1e308],
        [5e-324, 5e-324, -5e-324, 1e-310],
        [0.1] * 10,
        [1e16, 1.0, -1e16, 1.0],
        [1e9 + 0.1, 1e9 + 0.2, 1e9 + 0.3],
        [1.0, 1.0 + 2**-52],
        [-0.0, 0.0],
        [1e200, 1e-200, -1e200],
        [1e-200, 3e-200],
        [2.0**53, 1.0, 1.0],
        [-1.5, 2.25, -3.125],
    ]
    for _ in range(30):
        n = rng.randint(2, 40)
        spread = rng.choice([1, 10, 300])
        cases.append([rng.uniform(-1, 1) * 10.0 ** rng.uniform(-spread, spread) for _ in range(n)])
    return cases


def main() -> None:
    df = table()
    groups = df.groupby("key").agg(["count", "sum", "mean", "var", "std", "min", "max"])
    groups.columns = [f"{column}_{statistic}" for column, statistic in groups.columns]
    write("groups.csv", groups.reset_index())
    counts = df["key"].value_counts(sort=False)
    first = {key: df["key"].tolist().index(key) for key in counts.index}
    ordered = sorted(counts.items(), key=lambda item: (-item[1], first[item[0]]))
    write("counts.csv", pd.DataFrame(ordered, columns=["key", "count"]))
    numbers = df[["value", "whole"]]
    running = {name: getattr(numbers, name)() for name in ["cumsum", "cummax", "cummin"]}
    signs = (numbers["whole"] % 3 - 1).replace(0, 2)
    columns = {f"{name}_{column}": frame[column] for name, frame in running.items() for column in frame}
    write("running.csv", pd.DataFrame(columns | {"sign": signs, "cumprod_sign": signs.cumprod()}))
    by = df.sort_values(["key", "whole"], ascending=[True, False], kind="stable", na_position="last")
    write("sorted.csv", pd.DataFrame({"row": by.index}))
    df["row"] = df.index
    right = df[df["row"] % 9 == 2][["key", "whole", "row"]]
    for keep in ["inner", "left"]:
        merged = df[["key", "whole", "row"]].merge(right, on=["key", "whole"], how=keep)
        write(f"merged_{keep}.csv", merged[["row_x", "row_y"]].astype("Int64"))
    with open(HERE / "exact.csv", "w") as file:
        print("sum,mean,var,values", file=file)
        for values in exact_cases():
            total = sum(Fraction(value) for value in values)
            statistics = [total, total / len(values), variance(values)]
            line = [repr(to_float(value)) for value in statistics] + [" ".join(map(repr, values))]
            print(",".join(line), file=file)
    if len(sys.argv) > 1:
        flights = pd.read_parquet(Path(sys.argv[1]) / "flights.parquet")
        statistics = flights.groupby("carrier")[["arr_delay", "distance"]].agg(["count", "mean", "std", "max"])
        statistics.columns = [f"{column}_{statistic}" for column, statistic in statistics.columns]
        write("flights.csv", statistics.reset_index())
    print("pandas", pd.__version__)


if __name__ == "__main__":
    main()
