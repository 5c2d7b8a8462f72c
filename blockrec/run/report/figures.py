"""Figures of analyses, as their files describe them: lines, histograms, matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.run.report.chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axes, dot, drawing
from blockrec.run.report.scale import shown
from blockrec.run.report.tables import figure, legend
from blockrec.viz.writers.markup import element, tag
from blockrec.words import shortened

COLOURS = ("c1", "c2", "c3", "c4", "c5", "c0")
DOTS = 30
LEVELS = 16
LARGEST = 60
"""Rows and columns of a matrix that are drawn."""

Described = Mapping[str, Any]


def drawn(described: Described) -> str:
    """A figure of any kind, with its title."""
    return {"lines": _lines, "bars": _bars, "grids": _grids}[described["kind"]](described)


def _lines(described: Described) -> str:
    series = {name: [(x, y) for x, y in points if y is not None] for name, points in described["series"].items()}
    axes = Axes.around((x for s in series.values() for x, _ in s), (y for s in series.values() for _, y in s))
    parts = [*axes.grid(steps=False), _label(described["x"])]
    for number, (name, points) in enumerate(series.items()):
        kind = _colour(number)
        if len(points) > 1:
            parts.append(tag("path", f"line {kind}", d=axes.path(points)))
        if len(points) <= DOTS:
            parts += [dot(axes, kind, x, y, f"{name}: {shown(y)} at {shown(x)}") for x, y in points]
    return figure(described["title"], drawing(parts, described["title"]), _keys(series), caption=described["caption"])


def _bars(described: Described) -> str:
    edges, series = described["edges"], {name: _shares(counts) for name, counts in described["series"].items()}
    axes = Axes.around(edges, [0.0, *(share for shares in series.values() for share in shares)], margin=0.0)
    parts = [*axes.grid(steps=False), _label(described["x"])]
    for number, counts in enumerate(series.values()):
        steps = "".join(f"V{axes.y(c):.1f}H{axes.x(e):.1f}" for c, e in zip(counts, edges[1:], strict=True))
        start = f"M{axes.x(edges[0]):.1f} {axes.y(0):.1f}"
        parts.append(tag("path", f"line {_colour(number)}", d=f"{start}{steps}V{axes.y(0):.1f}"))
    if edges[0] < 0 < edges[-1]:
        parts.append(tag("line", "mark", x1=axes.x(0), x2=axes.x(0), y1=TOP, y2=HEIGHT - BOTTOM))
    return figure(described["title"], drawing(parts, described["title"]), _keys(series), caption=described["caption"])


def _shares(counts: list[float]) -> list[float]:
    """Of the whole, so that series of different sizes can be compared."""
    total = sum(counts) or 1.0
    return [count / total for count in counts]


def _grids(described: Described) -> str:
    rows, columns = described["rows"][:LARGEST], described["columns"][:LARGEST]
    made = [
        figure(f"{described['title']}: {name}", _grid(values, rows, columns, name))
        for name, values in described["grids"].items()
    ]
    caption = element("p", [], "muted", text=described["caption"])
    return element("div", made, "charts three") + caption


def _grid(values: list[list[float | None]], rows: list[str], columns: list[str], title: str) -> str:
    width, height = (WIDTH - LEFT - RIGHT) / len(columns), (HEIGHT - BOTTOM - TOP) / len(rows)
    parts = [*_cells(values, rows, columns, width, height)]
    every = max(1, -(-len(rows) // 14))
    for i, name in list(enumerate(rows))[::every]:
        y = TOP + (i + 0.5) * height + 3.5
        parts.append(element("text", [], "tick end", text=shortened(name, 8), x=LEFT - 6, y=y))
    every = max(1, -(-len(columns) // 8))
    for j, name in list(enumerate(columns))[::every]:
        parts.append(element("text", [], "tick mid", text=name, x=LEFT + (j + 0.5) * width, y=HEIGHT - 8))
    return drawing(parts, title)


def _cells(
    values: list[list[float | None]], rows: list[str], columns: list[str], width: float, height: float
) -> Iterator[str]:
    """The stronger the larger, in `LEVELS` steps: a path for each, so that a page of many matrices stays small."""
    places: dict[int, list[str]] = {}
    for i in range(len(rows)):
        for j in range(len(columns)):
            level = round((values[i][j] or 0.0) * LEVELS)
            corner = f"M{LEFT + j * width:.1f} {TOP + i * height:.1f}"
            places.setdefault(level, []).append(f"{corner}h{width:.1f}v{height:.1f}h-{width:.1f}z")
    for level, found in sorted(places.items()):
        if level:
            yield tag("path", "cell", d="".join(found), fill_opacity=f"{level / LEVELS:.2f}")


def _keys(series: Mapping[str, Any]) -> str:
    return legend((_colour(number), name) for number, name in enumerate(series))


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]


def _label(text: str) -> str:
    return element("text", [], "tick end", text=text, x=WIDTH - RIGHT, y=HEIGHT - BOTTOM - 5)
