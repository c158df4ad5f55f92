"""What all suites share."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from phalanx import _client
from phalanx.distributed import Client, LocalCluster


def pytest_configure() -> None:
    """What a shell starts in the background ignores Ctrl-C, which some tests send to themselves."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real tables, where a checkout has them beside it."""
    folder = Path(os.environ.get("PHALANX_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real tables beside this checkout: set PHALANX_TEST_DATA")
    return folder


@pytest.fixture(autouse=True)
def figures_are_closed() -> Iterator[None]:
    """What a test draws is not drawn on by the next: pandas and matplotlib go on in the figure that is open."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(autouse=True)
def clients_are_closed() -> Iterator[None]:
    """A client that a failed test leaves current is not the one that the next computes with."""
    before = list(_client._clients)
    yield
    left = [client for client in _client._clients if client not in before]
    for client in left:
        client.close()
    assert not left, "a test leaves its client open"


@pytest.fixture(scope="session")
def python_cluster() -> Iterator[LocalCluster]:
    """Two workers of one core that run Python functions: one cluster for all suites."""
    with LocalCluster(n_workers=2, memory_limit="1GiB", allow_python=True) as cluster:
        yield cluster


@pytest.fixture
def python_client(python_cluster: LocalCluster) -> Iterator[Client]:
    """A client of it, the current one as long as a test runs."""
    with Client(python_cluster) as client:
        yield client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Says to pytest-xdist what stays together: all that uses a cluster, so that one is started for all suites; and the
    tests of a file, which share what is slow to make.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        uses_cluster = any("cluster" in name or name == "python_client" for name in fixtures)
        item.add_marker(pytest.mark.xdist_group("cluster" if uses_cluster else str(item.path)))
