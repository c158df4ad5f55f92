"""The dashboard in a real browser: what people see, on a phone and on a desk, in light and dark, with keys alone.

The pictures that the guide shows are made here.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas
import pytest
from browser import Browser, Page, find

from phalanx import array as da
from phalanx import dataframe as dd
from phalanx.distributed import CancelledError, Client, LocalCluster

HERE = Path(__file__).parent
PICTURES = HERE.parents[2] / "docs" / "guide" / "pages" / "pictures"
#: Every page, and what its live part must show.
PAGES = {
    "status": "Running jobs",
    "jobs": "succeeded",
    "jobs/J00005": "Why it failed",
    "jobs/R00001": "Graph of the stages",
    "timeline?seconds=60": "timeline",
    "workers": "Processors busy",
    "workers/w000000000000": "rank 0 of 2 begins",
    "workers/scheduler": "Log",
    "data": "Handles",
    "training": "XGBoost",
}
#: A page is there after this, with a thousand jobs and two hundred workers.
LOAD_MS_MAX = 300.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find()
    if program is None:
        pytest.skip("no Chromium, and it can't be installed here: apt-get install chromium, and run as root or before")
    browser = Browser(program)
    yield browser
    browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.page()
    page.look(1440)
    yield page
    page.close()


def sampled(jobs: int, workers: int, prefix: str = "") -> tuple[subprocess.Popen[str], str]:
    """Pages of a made-up cluster, and their address."""
    command = [sys.executable, "-m", "phalanx", "dashboard-sample", "--dashboard", "127.0.0.1:0"]
    command += ["--jobs", str(jobs), "--workers", str(workers), "--dashboard-prefix", prefix]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+/", line)
    assert found, f"{line!r} has no address"
    return process, found.group()


@pytest.fixture(scope="module")
def sample() -> Iterator[str]:
    process, url = sampled(1000, 200, "clusters/7")
    yield url
    process.send_signal(signal.SIGINT)
    process.wait(10)


@pytest.fixture(scope="module")
def small() -> Iterator[str]:
    process, url = sampled(60, 4)
    yield url
    process.send_signal(signal.SIGINT)
    process.wait(10)


@pytest.mark.parametrize("path", PAGES)
def test_pages_load_without_a_complaint(page: Page, small: str, path: str) -> None:
    page.open(small + path)
    page.wait("document.getElementById('connection').textContent === 'live'")
    assert PAGES[path] in page.value("document.getElementById('live').outerHTML")
    time.sleep(0.7)  # an update or two, which must not complain either
    assert page.complaints() == []


@pytest.mark.alone
@pytest.mark.parametrize("path", [*PAGES, "jobs?page=9", "timeline?seconds=3600"])
def test_large_clusters_are_shown_at_once(page: Page, sample: str, path: str) -> None:
    best = min(page.open(sample + path) for _ in range(3))
    assert best <= LOAD_MS_MAX, f"{path}: {best:.0f} ms"
    assert page.complaints() == []


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("path", PAGES)
def test_pages_are_legible(page: Page, small: str, path: str, width: int, dark: bool) -> None:
    page.look(width, dark)
    page.open(small + path)
    # Nothing sticks out: what is wider scrolls by itself.
    assert page.value("document.documentElement.scrollWidth") <= width, f"{path} is wider than {width}"
    smallest = page.value(
        "Math.min(...[...document.querySelectorAll('body *')].filter(e => e.textContent.trim() && !e.children.length "
        "&& e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= 11, f"{path} has letters of {smallest} pixels"
    # axe-core: contrast, names, roles, order of headings, regions that scroll and can be reached, and the rest.
    page.call("Runtime.evaluate", expression=(HERE / "axe" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.value(
        "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.help + ' ' "
        "+ v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + ' ' + n.failureSummary).join(' | ')))"
    )
    assert found == [], f"{path} at {width}, {'dark' if dark else 'light'}"


def test_empty_pages_say_what_to_do(browser: Browser) -> None:
    process, url = sampled(0, 0)
    page = browser.page()
    try:
        for path, text in {
            "status": "phalanx worker tcp://", "jobs": "No such job", "workers": "No worker is here",
            "timeline": "No task ended", "data": "Nothing is persisted", "training": "client.report(",
        }.items():  # fmt: skip
            page.look(1440)
            page.open(url + path)
            assert text in page.value("document.getElementById('live').textContent"), path
        assert page.complaints() == []
    finally:
        page.close()
        process.send_signal(signal.SIGINT)
        process.wait(10)


def test_everything_is_reached_by_keys(page: Page, small: str) -> None:
    page.open(small + "status")
    seen: list[str] = []
    for _ in range(14):
        page.press("Tab", 9)
        seen.append(page.value("document.activeElement.textContent.trim().slice(0, 20)"))
        outline = page.value("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"nobody sees that {seen[-1]!r} has the focus"
    assert seen[:8] == ["Skip to the content", "Phalanx", "Status", "Jobs", "Timeline", "Workers", "Data", "Training"]
    assert "Cancel…" in seen, seen
    # Its question opens by a key, and stays open and focused while the page changes below it.
    page.value("[...document.querySelectorAll('summary')].find(e => e.textContent === 'Cancel…').focus()")
    page.press("Enter", 13)
    before = page.wait("document.querySelector('details[open] button') && document.querySelector('.tasks').textContent")
    page.press("Tab", 9)
    assert page.value("document.activeElement.tagName") == "BUTTON"
    page.wait(f"document.querySelector('.stage.running .tasks').textContent !== {before!r}")
    time.sleep(1.2)
    assert page.value("document.activeElement.tagName") == "BUTTON"
    assert page.value("document.querySelector('details[open] button') !== null")
    page.press("Enter", 13)
    page.wait("location.pathname.endsWith('/jobs/R00001')")
    assert page.complaints() == []


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(n_workers=2, memory_limit="1GiB", allow_python=True) as cluster:
        yield cluster


def pages_of(client: Client) -> str:
    link = client.dashboard_link
    assert link is not None and link.endswith("/status")
    return link.removesuffix("status")


def slow_partitions(seconds: float, count: int) -> dd.DataFrame:
    """A frame each of whose partitions takes so long."""

    def slow(part):  # type: ignore[no-untyped-def]
        import time

        time.sleep(seconds)
        return part

    frame = pandas.DataFrame({"x": range(count)})
    return dd.from_pandas(frame, npartitions=count).map_partitions(slow, meta=frame)


def test_a_running_job_is_seen_and_cancelled(page: Page, cluster: LocalCluster) -> None:
    with Client(cluster) as client:
        url = pages_of(client)
        page.open(url + "status")
        future = client.compute(slow_partitions(0.4, 60))
        # The page changes by itself: nobody loads it again.
        job = page.wait("(document.querySelector('article') || {dataset: {}}).dataset.key")
        done = "document.querySelector('article .bar').getAttribute('aria-label')"
        first = page.value(done)
        page.wait(f"document.querySelector('article') && {done} !== {first!r}")
        assert "so far" in page.value("document.querySelector('article').textContent")
        page.open(f"{url}jobs/{job}")
        page.value("document.querySelector('.action summary').click()")
        page.value("document.querySelector('.action button').click()")
        page.wait("document.querySelector('.state') && document.querySelector('.state').textContent === 'cancelled'")
        with pytest.raises(CancelledError):
            future.result(timeout=20)
        assert page.complaints() == []


def test_what_failed_says_why(page: Page, cluster: LocalCluster) -> None:
    def fails(block):  # type: ignore[no-untyped-def]
        raise ValueError("the seventh row is odd")

    with Client(cluster) as client:
        with pytest.raises(ValueError, match="seventh"):
            da.ones((4, 4), chunks=(1, 4)).map_blocks(fails, dtype="f8").compute()
        page.open(pages_of(client) + "jobs?state=failed")
        page.value("document.querySelector('tbody th a').click()")
        page.wait("document.querySelector('.failure')")
        assert "the seventh row is odd" in page.value("document.querySelector('.failure').textContent")
        assert page.complaints() == []


def test_persisted_data_is_seen_and_released(page: Page, cluster: LocalCluster) -> None:
    with Client(cluster) as client:
        page.open(pages_of(client) + "data")
        x = (da.ones((1000, 100), chunks=(100, 100)) + 1).persist()
        page.wait("document.querySelector('tbody tr')")
        row = page.value("document.querySelector('tbody tr').textContent")
        assert "10" in row and "KiB" in row, row
        page.value("document.querySelector('.action summary').click()")
        page.value("document.querySelector('.action button').click()")
        page.wait("document.readyState === 'complete' && document.querySelector('.empty')")
        assert float(x.sum().compute()) == 200_000.0, "what was released is computed again"
        assert page.complaints() == []


def test_a_training_is_seen_live(page: Page, cluster: LocalCluster) -> None:
    import numpy as np

    from phalanx.ml.linear_model import LogisticRegression

    with Client(cluster) as client:
        page.open(pages_of(client) + "training")
        generator = np.random.default_rng(0)
        x = generator.normal(size=(2000, 4))
        y = (x @ [1.0, -2.0, 0.5, 0.0] + generator.normal(size=2000) > 0).astype(int)
        fitted = LogisticRegression().fit(da.from_array(x, chunks=(500, 4)), da.from_array(y, chunks=500))
        assert fitted.n_iter_[0] >= 1
        page.wait("[...document.querySelectorAll('.run h2')].some(e => e.textContent.startsWith('LogisticRegression'))")
        page.wait("document.querySelector('.run .state').textContent === 'ended'")
        names = page.value("[...document.querySelectorAll('.run:first-child figcaption')].map(e => e.textContent)")
        assert [name.split()[0] for name in names] == ["loss", "gradient"]
        for iteration in range(1, 6):
            client.report("a loop of my own", iteration, {"loss": 1 / iteration}, iterations_max=5)
        page.wait("[...document.querySelectorAll('.run .title')].some(e => e.textContent.includes('iteration 5 of at most 5'))")
        assert page.complaints() == []


def test_a_lost_scheduler_is_told(page: Page) -> None:
    with LocalCluster(n_workers=1, memory_limit="512MiB") as cluster:
        page.open(str(cluster.dashboard_link))
        page.wait("document.getElementById('connection').textContent === 'live'")
    page.wait("document.body.classList.contains('lost')")
    assert page.value("document.getElementById('connection').textContent") == "the scheduler does not answer"


#: The pictures that the guide shows, and how much of each page they show: legible in a column of text, on any screen.
IN_THE_GUIDE = {"status": ("status", 680), "job": ("jobs/R00001", 760), "training": ("training", 560)}
GUIDE_WIDTH = 900


def test_pictures_for_the_guide(page: Page, small: str, tmp_path: Path) -> None:
    """PHALANX_PICTURES=1 puts them into the guide anew."""
    PICTURES.mkdir(exist_ok=True)
    for name, (path, height) in IN_THE_GUIDE.items():
        page.look(GUIDE_WIDTH, height=height, scale=2)
        page.open(small + path)
        page.wait("document.getElementById('connection').textContent === 'live'")
        picture = tmp_path / f"{name}.png"
        page.picture(picture, whole=False)
        assert picture.stat().st_size > 10_000, "an empty picture"
        if os.environ.get("PHALANX_PICTURES"):
            shutil.copy(picture, PICTURES)
        header = (PICTURES / f"{name}.png").read_bytes()[:24]  # the width and the height of a PNG
        assert header[16:] == (2 * GUIDE_WIDTH).to_bytes(4, "big") + (2 * height).to_bytes(4, "big")
