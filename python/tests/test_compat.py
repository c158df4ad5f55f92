"""Programs that were written for Dask run unmodified."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "phalanx", "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_blogs_program() -> None:
    ended = run(str(PROGRAMS / "blog.py"))
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines == ["singular values: (10,)", "names: 26", "columns: ['x', 'y']"]


def test_what_is_not_covered_is_named(tmp_path: Path) -> None:
    program = tmp_path / "bag.py"
    program.write_text("import dask.bag\n")
    assert "dask.bag is not covered by Phalanx" in run(str(program)).stderr
    program.write_text("import dask\ndask.delayed(print)\n")
    assert "dask.delayed is not covered by Phalanx" in run(str(program)).stderr
