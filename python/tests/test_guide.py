"""The guide: every block of Python runs and prints what its page says; the pages build without a warning.

The pictures that pages draw are made here: PHALANX_PICTURES=1 puts them into the guide anew.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from phalanx import _client

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = sorted((GUIDE / "pages").rglob("*.md"))
PICTURES = GUIDE / "pages" / "pictures"


def notebooks() -> ModuleType:
    spec = importlib.util.spec_from_file_location("guide_notebooks", GUIDE / "notebooks.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(source: str, names: dict[str, object]) -> str:
    """What a cell prints, and what its last expression gives, as a notebook shows it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(tree, "<guide>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<guide>", "eval"), names)
            if value is not None:
                print(repr(value))
    return out.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_print_and_draw_what_they_say(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict[str, object] = {"__name__": "__main__"}
    before = list(_client._clients)
    text = page.read_text(encoding="utf-8")
    for cell in notebooks().cells(text):
        if cell.is_code:
            printed = run(cell.source, names)
            if cell.output is not None:
                assert printed.split() == cell.output.split(), f"{cell.source}\nprints\n{printed}"
    assert _client._clients == before, "a page leaves its client open"
    drawn = {name for name in re.findall(r'"([\w-]+\.(?:png|svg))"', text)}
    shown = set(re.findall(r"\]\((?:\.\./)?pictures/([\w.-]+)\)", text))
    assert drawn <= shown, "a page draws what it does not show"
    for name in drawn:
        assert (tmp_path / name).stat().st_size > 500, "an empty picture"
        if os.environ.get("PHALANX_PICTURES"):
            shutil.copy(tmp_path / name, PICTURES / name)
        if name == "stages.svg":  # our own drawing is text; matplotlib's has a date in it
            assert (tmp_path / name).read_text() == (PICTURES / name).read_text(), f"PHALANX_PICTURES=1 makes {name} anew"


def test_the_guide_builds(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(GUIDE / "mkdocs.yml")]
    ended = subprocess.run([*command, "-d", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for page in PAGES:
        assert (tmp_path / page.relative_to(GUIDE / "pages")).with_suffix(".html").is_file()
    made = json.loads((tmp_path / "arrays.ipynb").read_text(encoding="utf-8"))
    assert made["nbformat"] == 4 and {cell["cell_type"] for cell in made["cells"]} == {"code", "markdown"}
    assert "arrays.ipynb" in (tmp_path / "arrays.html").read_text(encoding="utf-8")
    example = GUIDE.parents[1] / "examples" / "fraud.ipynb"
    assert (tmp_path / "gallery" / "fraud.ipynb").read_bytes() == example.read_bytes()
    assert "'fraud.ipynb'" in (tmp_path / "gallery" / "frauds.html").read_text(encoding="utf-8").replace('"', "'")
