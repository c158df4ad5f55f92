"""Each page as a notebook: its text and its Python in cells, beside the page in the built guide; and the notebooks of
`examples/` beside the pages of the gallery.

A hook of mkdocs; the suites use the same cells to run the pages.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any, NamedTuple

_EXAMPLES = Path(__file__).parents[2] / "examples"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```\n?", re.M | re.S)


class Cell(NamedTuple):
    """Text, or a block of Python with what it prints, if the page says that."""

    is_code: bool
    source: str
    output: str | None = None


def cells(markdown: str) -> list[Cell]:
    """The cells of a page: a block of ``text`` after a block of ``python`` is its output."""
    found: list[Cell] = []
    at = 0
    for fence in _FENCE.finditer(markdown):
        language, body = fence.groups()
        between = markdown[at : fence.start()]
        if language == "text" and found and found[-1].is_code and not between.strip():
            found[-1] = found[-1]._replace(output=body)
        elif language == "python":
            found += [Cell(False, between.strip())] if between.strip() else []
            found.append(Cell(True, body))
        else:
            continue  # stays a part of the text
        at = fence.end()
    rest = markdown[at:].strip()
    return [*found, Cell(False, rest)] if rest else found


def notebook(markdown: str) -> dict[str, Any]:
    """A page as a notebook."""
    made = []
    for number, cell in enumerate(cells(markdown)):
        kind = "code" if cell.is_code else "markdown"
        content: dict[str, Any] = {"id": f"cell-{number}", "cell_type": kind, "metadata": {}}
        content["source"] = cell.source.rstrip("\n").splitlines(keepends=True)
        if cell.is_code:
            content |= {"execution_count": None, "outputs": []}
        made.append(content)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Adds the link to the notebook to pages that have Python in them."""
    if not any(cell.is_code for cell in cells(markdown)):
        return markdown
    name = Path(page.file.src_uri).stem
    return f"{markdown}\n\n---\n\n<a href='{name}.ipynb' download>This page as a notebook</a>\n"


def on_post_build(config: Any, **_: Any) -> None:
    """Writes the notebooks into the built guide."""
    pages = Path(config["docs_dir"])
    for path in pages.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        if any(cell.is_code for cell in cells(text)):
            place = Path(config["site_dir"]) / path.relative_to(pages).with_suffix(".ipynb")
            place.write_text(json.dumps(notebook(text), indent=1, ensure_ascii=False), encoding="utf-8")
    for example in _EXAMPLES.glob("*.ipynb"):
        shutil.copy(example, Path(config["site_dir"]) / "gallery" / example.name)
