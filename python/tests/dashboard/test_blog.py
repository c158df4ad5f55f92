"""The blog post's program, step by step through `phalanx.workers`, from launch to shutdown; a real browser has the dashboard open meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import Browser, Page, find

from phalanx import array as da
from phalanx import datasets, workers
from phalanx.distributed import Client

#: Where a session's page is, in the platform's variables.
SCHEDULER = "!phalanx scheduler --host 0.0.0.0 --dashboard-address 127.0.0.1:8100"


@pytest.fixture
def page() -> Iterator[Page]:
    program = find()
    if program is None:
        pytest.skip("no Chromium, and it can't be installed here: apt-get install chromium, and run as root or before")
    browser = Browser(program)
    page = browser.page()
    page.look(1440)
    yield page
    browser.close()


def text(page: Page) -> str:
    return str(page.value("document.getElementById('live').textContent"))


@pytest.mark.alone
def test_from_launch_to_shutdown_with_the_dashboard_open(page: Page) -> None:
    scheduler = workers.launch_workers(n=1, cpu=1, memory=2, code=SCHEDULER)
    launched = list(scheduler)
    try:
        described = workers.list_workers()
        address = next(worker["ip_address"] for worker in described if worker["id"] == scheduler[0]["id"])
        url = f"tcp://{address}:8786"
        client = Client(url)
        assert client.dashboard_link is not None
        page.open(client.dashboard_link)
        page.wait("document.getElementById('connection').textContent === 'live'")
        assert page.value("location.pathname") == "/status"
        assert scheduler[0]["app_url"] + "status" == page.value("location.href"), "the page that the session is said to have"
        assert url in page.value("document.querySelector('.heading').textContent")
        assert "No worker" in text(page) or "phalanx worker" in text(page), "what to do next"

        joined = workers.launch_workers(n=3, cpu=1, memory=2, code=f"!phalanx worker {url}")
        launched += joined
        client.wait_for_workers(3, timeout=60)
        # Nobody loads the page again: it says by itself who has come.
        page.wait("document.querySelectorAll('a[href^=\"workers/w\"]').length === 3", timeout=60)

        x = da.random.random((10000, 10, 10000), chunks=1000)
        y = da.reshape(x, (10000, 100000)).T[:10, :1000]
        _u, s, _vh = da.linalg.svd(y)
        assert s.compute().shape == (10,)
        page.wait("[...document.querySelectorAll('.state')].some(e => e.textContent === 'succeeded')", timeout=60)

        frame = datasets.timeseries()
        assert len(frame["name"].unique().values.compute()) == 26
        sums = frame[frame.name == "Oliver"][["x", "y"]].cumsum().compute()
        assert list(sums.columns) == ["x", "y"]
        kept = frame[["x", "y"]].persist()
        page.value("[...document.querySelectorAll('nav a')].find(e => e.textContent === 'Data').click()")
        page.wait("location.pathname === '/data' && document.querySelector('tbody tr')", timeout=60)
        assert "MiB" in text(page)
        page.value("[...document.querySelectorAll('nav a')].find(e => e.textContent === 'Jobs').click()")
        page.wait("location.pathname === '/jobs' && document.querySelectorAll('tbody tr').length >= 4", timeout=60)
        page.value("document.querySelector('tbody th a').click()")
        page.wait("location.pathname.startsWith('/jobs/') && document.querySelector('.stage-graph')", timeout=60)
        assert page.complaints() == []

        del kept
        client.close()
        stopped = workers.stop_workers(*[worker["id"] for worker in joined + scheduler])
        assert stopped == ["stopped"] * 4
        page.wait("document.body.classList.contains('lost')", timeout=60)
        assert page.value("document.getElementById('connection').textContent") == "the scheduler does not answer"
        left = {worker["id"]: worker["status"] for worker in workers.list_workers()}
        assert all(left[worker["id"]] == "stopped" for worker in launched)
    finally:
        workers.stop_workers(*[worker["id"] for worker in launched])
