"""What all suites share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real tables, where a checkout has them beside it."""
    folder = Path(os.environ.get("PHALANX_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real tables beside this checkout: set PHALANX_TEST_DATA")
    return folder
