"""Frames and results in the hands of others: NumPy, arrays of ours, plots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from columns import equal, lazy, numbers

import phalanx.array as da

N = numbers()[["few", "whole", "sorted"]]


@pytest.mark.parametrize("borders", [(), (0, 2, 2, 17, 40)])
def test_arrays_of_frames(borders: tuple[int, ...]) -> None:
    frame = lazy(N, borders)
    for made in (da.asarray(frame), da.from_array(frame), da.asarray(frame.values)):
        assert isinstance(made, da.Array) and made.shape == N.shape
        np.testing.assert_array_equal(made.compute(), N.to_numpy())
    np.testing.assert_array_equal(da.asarray(frame.whole).compute(), N.whole.to_numpy())
    np.testing.assert_allclose(da.linalg.svd(frame.values)[1].compute(), np.linalg.svd(N.to_numpy(), compute_uv=False))
    np.testing.assert_array_equal(np.asarray(frame.values), N.to_numpy())
    np.testing.assert_array_equal(np.asarray(frame.values, dtype="float32"), N.to_numpy().astype("float32"))


def test_plots_of_results(tmp_path: Path) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    result: Any = lazy(N, (9,)).groupby("few").whole.mean()
    drawn = result.plot()
    np.testing.assert_allclose(drawn.get_lines()[0].get_ydata(), N.groupby("few").whole.mean().to_numpy())
    drawn.figure.savefig(tmp_path / "line.png")
    assert len(result.plot.bar().patches) >= 3 and (tmp_path / "line.png").stat().st_size > 1000
    result.hist()
    matplotlib.pyplot.close("all")


def test_the_column_that_a_merge_makes() -> None:
    left, right = pd.DataFrame({"k": [1, 2, 3]}), pd.DataFrame({"k": [3, 4]})
    merged = lazy(left, (2,)).merge(lazy(right, ()), on="k", how="outer", indicator=True)
    equal(merged._merge.value_counts().compute().sort_index(), left.merge(right, on="k", how="outer", indicator=True)._merge.value_counts().sort_index())
    with pytest.raises(AttributeError, match="_other"):
        merged._other  # noqa: B018
