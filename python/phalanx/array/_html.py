"""How an array looks in a notebook: its figures, and a sketch of the grid of chunks."""

from __future__ import annotations

from typing import Any

__all__ = ["of_array", "readable_bytes", "sketch"]

_SIDE = 120.0  # of the sketch, in pixels
_SLOPE = 0.5  # of the axis that leans back
_LINES_MAX = 40  # beyond it the grid would be a grey block


def readable_bytes(count: float) -> str:
    """``1234567`` as ``1.18 MiB``."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if count < 1024 or unit == "PiB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.2f} {unit}"
        count /= 1024
    raise AssertionError("the last unit takes everything")


def of_array(array: Any) -> str:
    """The HTML of an array: a table and a sketch."""
    chunk = 1
    for size in array.chunksize:
        chunk *= size
    rows = [
        ("Bytes", readable_bytes(array.nbytes), readable_bytes(chunk * array.itemsize)),
        ("Shape", str(array.shape), str(array.chunksize)),
        ("Chunks", str(array.npartitions) + (f" = {' × '.join(map(str, array.numblocks))}" if array.ndim > 1 else ""), ""),
        ("Type", str(array.dtype), ""),
    ]
    cells = "".join(f"<tr><th>{name}</th><td>{whole}</td><td>{part}</td></tr>" for name, whole, part in rows)
    table = f"<table><thead><tr><th></th><th>Array</th><th>Chunk</th></tr></thead><tbody>{cells}</tbody></table>"
    return f'<div style="display:flex;gap:2em;align-items:center">{table}{sketch(array)}</div>'


def sketch(array: Any, side: float = _SIDE) -> str:
    """The last axes as a grid: a line, a rectangle, or a box; axes before them are only counted."""
    if array.ndim == 0 or array.size == 0 or array.size != array.size:
        return ""
    cut = [(1,), (1,), (1,), *array.chunks][-3:]
    lengths = [sum(sizes) for sizes in cut]
    # By the root of their lengths, so that a short axis beside a long one is seen.
    sides = [max(side * (length / max(lengths)) ** 0.5, 12.0) for length in lengths]
    deep = sides[0] * _SLOPE if array.ndim > 2 else 0.0
    high, wide = sides[1], sides[2]
    back, down, right = _borders(cut[0], deep), _borders(cut[1], high), _borders(cut[2], wide)
    # The front face, then the face above and the one beside it, which a box leans back to the upper right.
    marks = [f"M0 {deep + y:.1f}h{wide:.1f}l{deep:.1f} {-deep:.1f}" for y in down]
    marks += [f"M{x:.1f} {deep + high:.1f}v{-high:.1f}l{deep:.1f} {-deep:.1f}" for x in right]
    marks += [f"M{z:.1f} {deep - z:.1f}h{wide:.1f}v{high:.1f}" for z in back] if deep else []
    outline = f"M0 {deep:.1f}l{deep:.1f} {-deep:.1f}h{wide:.1f}v{high:.1f}l{-deep:.1f} {deep:.1f}h{-wide:.1f}z"
    more = f"… of {array.ndim} axes" if array.ndim > 3 else ""
    width, height = max(wide + deep, 90.0 if more else 0.0) + 4, high + deep + (22 if more else 4)
    return (
        f"<svg width='{width:.0f}' height='{height:.0f}' viewBox='-2 -2 {width:.0f} {height:.0f}'>"
        f"<path d='{outline}' fill='#8ab4f8' fill-opacity='0.35'/>"
        f"<path d='{''.join(marks)}' stroke='currentColor' stroke-opacity='0.6' fill='none'/>"
        f"<text x='0' y='{high + deep + 16:.0f}' font-size='12' fill='currentColor'>{more}</text></svg>"
    )


def _borders(sizes: tuple[int, ...], side: float) -> list[float]:
    """Where chunks end on a side of so many pixels; only its ends if there are too many to be told apart."""
    borders, at = [0.0], 0
    for size in sizes:
        at += size
        borders.append(at * side / max(1, sum(sizes)))
    return borders if len(borders) <= _LINES_MAX else [borders[0], borders[-1]]
