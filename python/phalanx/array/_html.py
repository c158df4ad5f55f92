"""How an array looks in a notebook: its figures, and a sketch of the grid of chunks."""

from __future__ import annotations

from typing import Any

__all__ = ["of_array", "readable_bytes"]

_SIDE = 120.0  # of the sketch, in pixels
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
        ("Chunks", f"{array.npartitions} = {' × '.join(map(str, array.numblocks)) or '1'}", ""),
        ("Type", str(array.dtype), ""),
    ]
    cells = "".join(f"<tr><th>{name}</th><td>{whole}</td><td>{part}</td></tr>" for name, whole, part in rows)
    table = f"<table><thead><tr><th></th><th>Array</th><th>Chunk</th></tr></thead><tbody>{cells}</tbody></table>"
    return f'<div style="display:flex;gap:2em;align-items:center">{table}{_sketch(array)}</div>'


def _sketch(array: Any) -> str:
    """The last two axes as a grid, with the axes before them as a count."""
    if array.ndim == 0 or array.size == 0:
        return ""
    rows, columns = (array.chunks[-2], array.chunks[-1]) if array.ndim > 1 else ((1,), array.chunks[-1])
    height, width = sum(rows), sum(columns)
    scale = _SIDE / max(height, width)
    high, wide = max(height * scale, 8.0), max(width * scale, 8.0)

    def lines(sizes: tuple[int, ...], side: float) -> list[float]:
        borders, at = [0.0], 0
        for size in sizes:
            at += size
            borders.append(at * side / max(1, sum(sizes)))
        return borders if len(borders) <= _LINES_MAX else [borders[0], borders[-1]]

    marks = [f"M0 {y:.1f}H{wide:.1f}" for y in lines(rows, high)] + [
        f"M{x:.1f} 0V{high:.1f}" for x in lines(columns, wide)
    ]
    more = "" if array.ndim < 3 else f"<text x='0' y='{high + 16:.0f}' font-size='12'>… of {array.ndim} axes</text>"
    return (
        f"<svg width='{wide + 4:.0f}' height='{high + (22 if more else 4):.0f}' viewBox='-2 -2 {wide + 4:.0f} "
        f"{high + (22 if more else 4):.0f}'><rect width='{wide:.1f}' height='{high:.1f}' fill='#8ab4f8' "
        f"fill-opacity='0.35'/><path d='{''.join(marks)}' stroke='currentColor' stroke-opacity='0.6' fill='none'/>"
        f"<g fill='currentColor'>{more}</g></svg>"
    )
