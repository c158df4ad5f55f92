"""``agg`` of whole columns and ``describe`` of groups, against pandas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from columns import check, lazy, numbers

N = numbers()[["value", "other", "whole", "few", "flag"]]

CASES: dict[str, Callable[[Any], Any]] = {
    "one": lambda d: d.agg("mean"),
    "list": lambda d: d[["value", "whole"]].agg(["mean", "max", "count"]),
    "dict": lambda d: d.agg({"value": "mean", "whole": "sum"}),
    "dict of lists": lambda d: d.agg({"value": ["mean", "min"], "whole": ["min", "max"]}),
    "dict of both": lambda d: d.agg({"value": ["mean"], "whole": "max"}),
    "options": lambda d: d[["value", "other"]].aggregate("var", ddof=0),
    "describe": lambda d: d.groupby("few").value.describe(),
    "describe columns": lambda d: d.groupby("few")[["value", "whole"]].describe(),
    "describe percentiles": lambda d: d.groupby("few").whole.describe(percentiles=[0.1, 0.995]),
    "describe numbers": lambda d: d[["value", "whole", "few"]].groupby("few").describe(),
}


@pytest.mark.parametrize("name", CASES)
def test_as_pandas(name: str) -> None:
    check(CASES[name], N, cluster=name in ("list", "describe"))


def test_refused() -> None:
    frame = lazy(N, (9,))
    for case, error in (
        (lambda d: d.agg("no_such"), AttributeError),
        (lambda d: d.agg({"zz": "sum"}), KeyError),
        (lambda d: d.assign(s="x").agg("mean"), TypeError),
    ):
        with pytest.raises(error):
            case(N)
        with pytest.raises(error):
            case(frame)
    with pytest.raises(NotImplementedError, match="axis=1"):
        frame.agg("sum", axis=1)
    with pytest.raises(NotImplementedError, match="name of a statistic"):
        frame.agg(lambda column: column.max())
    assert isinstance(frame.agg(["sum"]).compute(), pd.DataFrame)
