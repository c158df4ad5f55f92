"""A drawing of what would run: stages as boxes, what moves between them as arrows, as SVG."""

from __future__ import annotations

import os
import re
from html import escape
from typing import Any, NamedTuple

__all__ = ["Drawing", "Graph", "drawing", "visualize"]

_CHARACTER = 6.7  # pixels of a character of the font below
_LINE = 16.0  # pixels of a line
_PAD = 10.0  # pixels around the lines of a box
_GAP_X, _GAP_Y = 28.0, 46.0  # between boxes
_LINES_MAX = 8  # of a box; more are counted
_WIDTH_MAX = 46  # characters of a line
_STYLE = "font-family:ui-monospace,Menlo,Consolas,monospace;font-size:11px"


class Box(NamedTuple):
    """What runs: a title, and lines that say more."""

    title: str
    lines: tuple[str, ...]


class Graph:
    """Boxes, and arrows from the box that gives to the box that takes."""

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.arrows: list[tuple[int, int, str]] = []

    def add(self, title: str, lines: list[str]) -> int:
        """One more box; its number."""
        shown = [_short(line) for line in lines[:_LINES_MAX]]
        if len(lines) > _LINES_MAX:
            shown.append(f"… and {len(lines) - _LINES_MAX} more")
        self.boxes.append(Box(_short(title), tuple(shown)))
        return len(self.boxes) - 1

    def layers(self) -> list[list[int]]:
        """The boxes by the length of the longest way to them, those that take nothing first."""
        depth = [0] * len(self.boxes)
        for _ in self.boxes:  # a way has no more arrows than there are boxes
            for giver, taker, _label in self.arrows:
                depth[taker] = max(depth[taker], depth[giver] + 1)
        return [[box for box, at in enumerate(depth) if at == layer] for layer in range(max(depth, default=-1) + 1)]

    def svg(self) -> str:
        """The drawing."""
        wide = [
            max(len(line) for line in (box.title, *box.lines)) * _CHARACTER + 2 * _PAD for box in self.boxes
        ]
        high = [(1 + len(box.lines)) * _LINE + 2 * _PAD for box in self.boxes]
        layers = self.layers()
        rows = [sum(wide[box] for box in layer) + _GAP_X * (len(layer) - 1) for layer in layers]
        width = max(rows, default=0.0)
        place: dict[int, tuple[float, float]] = {}
        top = 0.0
        for layer, row in zip(layers, rows):
            left = (width - row) / 2
            for box in layer:
                place[box] = (left, top)
                left += wide[box] + _GAP_X
            top += max(high[box] for box in layer) + _GAP_Y
        height = max(top - _GAP_Y, 0.0)
        # A label begins below the box that gives, and may be wider than it.
        labels = [place[giver][0] + wide[giver] / 2 + 10 + len(label) * _CHARACTER for giver, _, label in self.arrows]
        width = max([width, *labels])
        parts = [self._arrow(arrow, place, wide, high) for arrow in self.arrows]
        parts += [_boxed(box, *place[at], wide[at], high[at]) for at, box in enumerate(self.boxes)]
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{width + 4:.0f}' height='{height + 4:.0f}' "
            f"viewBox='-2 -2 {width + 4:.1f} {height + 4:.1f}' style='{_STYLE}'>"
            "<style>text{fill:#1f2937}.box{fill:#f5f7fb;stroke:#7c8db5}.head{font-weight:bold}.arrow{fill:none;"
            "stroke:#7c8db5}.label{fill:#64748b}@media(prefers-color-scheme:dark){text{fill:#e5e7eb}"
            ".box{fill:#1e293b;stroke:#64748b}.label{fill:#94a3b8}}</style>"
            "<defs><marker id='tip' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' orient='auto'>"
            f"<path d='M0 0L8 4L0 8z' fill='#7c8db5'/></marker></defs>{''.join(parts)}</svg>"
        )

    def _arrow(self, arrow: tuple[int, int, str], place: Any, wide: list[float], high: list[float]) -> str:
        giver, taker, label = arrow
        x0, y0 = place[giver][0] + wide[giver] / 2, place[giver][1] + high[giver]
        x1, y1 = place[taker][0] + wide[taker] / 2, place[taker][1]
        bend = (y1 - y0) / 2
        path = f"M{x0:.1f} {y0:.1f}C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
        text = (
            f"<text class='label' x='{x0 + 8:.1f}' y='{y0 + 15:.1f}'>{escape(label)}</text>"
            if label
            else ""
        )
        return f"<path class='arrow' d='{path}' marker-end='url(#tip)'/>{text}"


def _boxed(box: Box, left: float, top: float, wide: float, high: float) -> str:
    lines = [f"<text class='head' x='{left + _PAD:.1f}' y='{top + _PAD + 11:.1f}'>{escape(box.title)}</text>"]
    lines += [
        f"<text x='{left + _PAD:.1f}' y='{top + _PAD + 11 + _LINE * (at + 1):.1f}'>{escape(line)}</text>"
        for at, line in enumerate(box.lines)
    ]
    rect = f"<rect class='box' x='{left:.1f}' y='{top:.1f}' width='{wide:.1f}' height='{high:.1f}' rx='5'/>"
    return f"<g>{rect}{''.join(lines)}</g>"


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH_MAX else text[: _WIDTH_MAX - 1] + "…"


class Drawing:
    """An SVG that notebooks show."""

    def __init__(self, svg: str) -> None:
        self.data = svg

    def _repr_svg_(self) -> str:
        return self.data

    def save(self, filename: str | os.PathLike[str]) -> None:
        """Writes it into a file."""
        with open(filename, "w", encoding="utf-8") as file:
            file.write(self.data)

    def __repr__(self) -> str:
        return f"<drawing of {self.data.count('<g>')} stages, {len(self.data)} bytes of SVG: save(filename)>"


def drawing(collections: list[Any], filename: Any, client: Any, options: dict[str, Any]) -> Drawing:
    """The drawing of what would run for lazy objects; written into ``filename``, if one is given."""
    from phalanx.exceptions import UnsupportedError

    options.pop("optimize_graph", None)
    if options.pop("format", "svg") != "svg" or (filename is not None and not str(filename).endswith(".svg")):
        raise UnsupportedError("visualize draws SVG alone", "give a filename that ends in .svg, or none")
    if options:
        raise TypeError(f"visualize() got an unexpected keyword argument {next(iter(options))!r}")
    graph = Graph()
    for lazy in collections:
        if lazy._phalanx_kind == "delayed":
            lazy._draw(graph)
        elif lazy._phalanx_kind == "array":
            _array_stages(graph, lazy.explain(client=client))
        else:
            _frame_stages(graph, lazy.explain(client=client))
    made = Drawing(graph.svg())
    if filename is not None:
        made.save(filename)
    return made


def visualize(*lazy: Any, filename: Any = None, client: Any = None, **options: Any) -> Drawing:
    """A drawing of the stages that would run for several lazy objects, as SVG."""
    return drawing(list(lazy), filename, client, options)


_STAGE = re.compile(r"  stage (\d+): (.*), (\d+ chunk\(s\) in \d+ task\(s\)), (at most .* a task)(.*)")
_READS = re.compile(r"    reads (.*) of (stage (\d+)|persisted \S+) (.*)")


def _array_stages(graph: Graph, text: str) -> None:
    """The stages of an array, as its explanation lists them: each before those that it reads."""
    lines = text.partition("\nstages\n")[2].partition("\nphysical plan\n")[0].splitlines()
    number: dict[str, int] = {}
    for line in lines:
        if found := _STAGE.fullmatch(line):
            stage, name, tasks, memory, kept = found.groups()
            number[stage] = graph.add(f"stage {stage}: {name}", [tasks, memory, *([kept.strip(", ")] if kept else [])])
            here = number[stage]
        elif found := _READS.fullmatch(line):
            size, source, stage, how = found.groups()
            giver = number[stage] if stage is not None else graph.add(source, ["kept where it was computed"])
            graph.arrows.append((giver, here, f"{size} {how}"))


#: Operators that move rows between partitions: a stage ends below them.
_PARTS = re.compile(r"DataSource partitions=(\d+), partition_sizes=.*")
_EXCHANGES = ("RepartitionExec", "CoalescePartitionsExec", "SortPreservingMergeExec")


def _frame_stages(graph: Graph, text: str) -> None:
    """The stages of a frame: its plan is a tree by indentation, cut where rows change their partition."""
    lines = text.partition("\nplan\n")[2].splitlines()
    tree = [(len(line) - len(line.lstrip())) // 2 for line in lines]
    plan = [(depth, line.strip()) for depth, line in zip(tree, lines) if line.strip()]
    plan = [(depth, line) for depth, line in plan if not line.startswith("partitions: ")]
    first = len(graph.boxes)
    count = 0
    contents: dict[int, list[str]] = {}
    stage_at: list[int] = []  # the stage of the node at each depth
    arrows: list[tuple[int, int, str]] = []
    for depth, line in plan:
        del stage_at[depth:]
        operator, _, details = line.partition(":")
        stage = stage_at[-1] if stage_at else 0
        if operator in _EXCHANGES:
            count += 1
            arrows.append((count, stage, _moved(operator, details)))
            contents[count] = []
            stage_at.append(count)
            continue
        named = details.strip() if operator == "OperatorExec" else operator.removesuffix("Exec")
        contents.setdefault(stage, []).append(named + (f" {_detail(details)}" if operator != "OperatorExec" else ""))
        stage_at.append(stage)
    for stage in range(count + 1):
        # As rows flow: what a stage reads first, and the parts of a table that is only a list of tasks once.
        lines = [_PARTS.sub(r"\1 partition(s)", line) for line in reversed(contents.get(stage, []))]
        graph.add(f"stage {count - stage}", [line for at, line in enumerate(lines) if line not in lines[:at]])
    graph.arrows += [(first + giver, first + taker, label) for giver, taker, label in arrows]


def _moved(operator: str, details: str) -> str:
    if operator != "RepartitionExec":
        return "into one partition" + (", in order" if operator.startswith("Sort") else "")
    keys = re.search(r"Hash\(\[(.*)\], (\d+)\)", details)
    inputs = re.search(r"input_partitions=(\d+)", details)
    if keys is None or inputs is None:
        return details.strip()
    if keys[2] == "1":
        return "into one partition"
    named = re.sub(r"@\d+", "", keys[1])
    return f"by {named}, {inputs[1]} → {keys[2]} partitions"


def _detail(details: str) -> str:
    return re.sub(r"@\d+", "", details.strip())
