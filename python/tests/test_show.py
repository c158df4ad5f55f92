"""What lazy objects show, and what they give to others: HTML, drawings, plots, Arrow, NumPy, DLPack."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import phalanx
import phalanx.array as da
import phalanx.dataframe as dd
from phalanx import datasets
from phalanx.distributed import Client
from phalanx.exceptions import ResourcesError


def parsed(html: str) -> xml.etree.ElementTree.Element:
    """HTML of ours is also XML: a tag that is not closed is found."""
    return xml.etree.ElementTree.fromstring(f"<div>{html}</div>")


@pytest.mark.parametrize(
    "chunks", [(), (3,), (3, 4), (2, 3, 4), (1, 2, 3, 4), (100,), (7, 1)], ids=lambda chunks: f"{len(chunks)}d"
)
def test_html_of_arrays(chunks: tuple[int, ...]) -> None:
    shape = tuple(2 * size for size in chunks)
    x = da.ones(shape, chunks=chunks, dtype="int16")
    tree = parsed(x._repr_html_())
    texts = "".join(tree.itertext())
    assert str(shape) in texts and "int16" in texts and str(2 ** len(chunks)) in texts
    assert (tree.find(".//svg") is not None) == bool(shape)


def test_html_of_arrays_of_unknown_or_no_size() -> None:
    x = da.arange(10, chunks=5)
    unknown = parsed(x[x > 3]._repr_html_())
    assert "nan" in " ".join(unknown.itertext()) and unknown.find(".//svg") is None
    assert parsed(da.ones((0, 3))._repr_html_()).find(".//svg") is None


def test_html_of_frames() -> None:
    frame = datasets.timeseries(end="2000-01-03")
    texts = " ".join(parsed(frame._repr_html_()).itertext())
    for word in ("timestamp", "name", "float64", "2 partitions", "4 columns", "datetime64[ns]"):
        assert word in texts
    assert "1 partition," in " ".join(parsed(frame.x.to_frame().head(3, compute=False)._repr_html_()).itertext())
    odd = dd.from_pandas(pd.DataFrame({"<b>&": [1], **{f"c{i}": [1] for i in range(40)}}))
    texts = " ".join(parsed(odd._repr_html_()).itertext())
    assert "<b>&" in texts and "17 more" in texts
    assert "Series" in " ".join(parsed(frame.name._repr_html_()).itertext())


def test_html_of_clients(python_client: Client) -> None:
    texts = " ".join(parsed(python_client._repr_html_()).itertext())
    assert "/status" in texts and texts.count("1.00 GiB") == 2
    assert "status page" in " ".join(parsed(python_client.cluster._repr_html_()).itertext())
    with Client() as own:
        assert "this process" in " ".join(parsed(own._repr_html_()).itertext())


def test_drawings(tmp_path: Path) -> None:
    x = da.random.random((4000, 4000), chunks=1000)
    drawn = (x + x.T).mean(axis=0).visualize(tmp_path / "mean.svg")
    assert (tmp_path / "mean.svg").read_text() == drawn.data == drawn._repr_svg_()
    texts = " ".join(parsed(drawn.data).itertext())
    assert "partial mean" in texts and "exchange" in texts
    frame = datasets.timeseries(end="2000-01-05")
    drawn = phalanx.visualize(frame.groupby("name").x.mean(), x.sum())
    texts = " ".join(parsed(drawn.data).itertext())
    assert "by name" in texts and "timeseries" in texts and "partial sum" in texts
    assert drawn.data.count("marker-end") >= 3
    with pytest.raises(NotImplementedError, match="SVG"):
        x.visualize("mean.png")
    with pytest.raises(TypeError, match="colour"):
        x.visualize(colour="order")


def test_what_would_run_is_told_as_text() -> None:
    x = da.ones((10, 10), chunks=5)
    assert "stages" in x.sum().explain() and "plan" in datasets.timeseries().x.explain()


def test_plots() -> None:
    pytest.importorskip("matplotlib").use("Agg")
    frame = dd.from_pandas(pd.DataFrame({"x": [1.0, 3.0, 2.0], "y": [2.0, 2.0, 5.0]}), npartitions=2)
    (line,) = frame.x.plot(title="x").get_lines()
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 3.0, 2.0])
    assert frame.plot.scatter(x="x", y="y").collections[0].get_offsets().shape == (3, 2)
    with pytest.raises(ResourcesError, match=r"200,000 rows") as refused:
        datasets.timeseries(end="2000-01-04").x.plot()
    assert ".sample(" in str(refused.value.hint)
    with pytest.raises(AttributeError, match="scatterplot"):
        frame.plot.scatterplot()


def test_frames_are_arrow_tables_to_others() -> None:
    data = pd.DataFrame({"x": [1.0, None, 3.0], "s": ["a", "ü", None]}, index=pd.Index([5, 6, 7], name="key"))
    frame = dd.from_pandas(data, npartitions=2)
    table = pa.table(frame)
    assert table.column_names == ["x", "s", "key"] and table["s"].to_pylist() == ["a", "ü", None]
    pd.testing.assert_frame_equal(frame.to_arrow().to_pandas(), table.to_pandas())
    assert pa.table(frame.s)["s"].to_pylist() == ["a", "ü", None]
    pd.testing.assert_frame_equal(dd.from_arrow(frame).compute().set_index("key"), data)
    polars = pytest.importorskip("polars")
    assert polars.DataFrame(frame)["s"].to_list() == ["a", "ü", None]
    assert frame.__dataframe__().num_rows() == 3
    np.testing.assert_array_equal(np.asarray(frame.x), data.x.to_numpy())


def test_dlpack_both_ways() -> None:
    values = np.arange(12.0).reshape(3, 4)
    x = da.from_array(values, chunks=2)
    np.testing.assert_array_equal(np.from_dlpack(x), values)
    np.testing.assert_array_equal(da.from_dlpack(values).compute(), values)
    assert x.__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError):
        x.__dlpack__(dl_device=(2, 0))


def test_progress_is_shown_in_terminals_and_notebooks(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from phalanx.distributed import progress

    with Client() as client:
        futures = client.map(lambda x: x, range(3))
        progress(futures)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        progress(futures[0], futures[1:])
        assert "3/3" in capsys.readouterr().err
        pytest.importorskip("IPython")
        progress(futures, notebook=True)


def test_import_is_quick_and_brings_nothing_else() -> None:
    code = "import sys, phalanx, phalanx.array, phalanx.dataframe, phalanx.distributed\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert not set(ended.stdout.split()) & {"numpy", "pandas", "pyarrow", "cloudpickle", "matplotlib", "IPython"}
