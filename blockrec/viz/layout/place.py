"""Up and down, and the routes: from rows and columns to pixels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from blockrec.viz.layout.slots import Slots
from blockrec.viz.layout.tree import Tree
from blockrec.viz.layout.values import PAD, TITLE, Frame, Item, Layout, Path, Route, Step

BEND = (34, 84)
"""Least and greatest height of the space between two rows in which links bend."""


@dataclass(frozen=True)
class Row:
    """A row of boxes, from `top` to `bottom`; links to it bend from `above`, where the row before ends, to `bent`."""

    above: float
    bent: float
    top: float
    bottom: float


def place(items: Mapping[str, Item], tree: Tree, slots: Slots, x: Mapping[Hashable, int]) -> Layout:
    """The layout, moved so that everything is at or right of and below 0."""
    boxes = {unit.name: unit for unit in tree.units if unit.is_box}
    edges = [x[u.index] - u.width / 2 for u in boxes.values()] + [x["left", path] for path in tree.spans]
    shift = -min(edges)
    rows = _rows(tree, items, slots, x)
    frames = {
        name: Frame(x[unit.index] - unit.width / 2 + shift, rows[unit.first].top, unit.width, items[name].height)
        for name, unit in boxes.items()
    }
    middle = {name: frame.x + frame.width / 2 for name, frame in frames.items()}
    clusters = _clusters(tree, frames, x, shift)
    everything = [*frames.values(), *clusters.values()]
    trunks = [x[unit.index] + shift for unit in tree.units if not unit.is_box]
    return Layout(
        boxes=frames,
        clusters=clusters,
        routes=tuple(_route(tree, frames, rows, slots, i, x, shift) for i in range(len(tree.chains))),
        ports={key: middle[key[0]] + offset for key, offset in slots.ports.items()},
        outputs={key: middle[key[0]] + offset for key, offset in slots.outputs.items()},
        width=max([frame.right for frame in everything] + trunks),
        height=max(frame.bottom for frame in everything),
    )


def _rows(tree: Tree, items: Mapping[str, Item], slots: Slots, x: Mapping[Hashable, int]) -> list[Row]:
    """Titles of clusters stand above their first row, padding below their last; far bends get more space."""
    rows: list[Row] = []
    slants = _slants(tree, slots, x)
    for index in range(len(tree.segments) + 1):
        start = rows[-1].bottom + PAD * _nested(tree, index - 1, 1) if rows else 0
        bent = start + (min(max(slants[index - 1] // 5, BEND[0]), BEND[1]) if rows else 0)
        top = bent + TITLE * _nested(tree, index, 0) + (4 if rows else 0)
        rows.append(Row(start, bent, top, top + _height(tree, items, index)))
    return rows


def _height(tree: Tree, items: Mapping[str, Item], row: int) -> int:
    return max((items[unit.name].height for unit in tree.units if unit.is_box and unit.first == row), default=0)


def _nested(tree: Tree, row: int, end: int) -> int:
    """How many clusters, one in another, begin (end 0) or end (end 1) in this row."""
    paths = [path for path, span in tree.spans.items() if span[end] == row]
    return max((sum(path[: len(p)] == p for p in paths) for path in paths), default=0)


def _slants(tree: Tree, slots: Slots, x: Mapping[Hashable, int]) -> list[int]:
    """The farthest that a link goes sideways below each row."""
    widest = [0] * len(tree.segments)
    for chain, start, end in zip(tree.chains, slots.start, slots.end, strict=True):
        points = [x[hop.unit] for hop in chain]
        points[0] += start
        points[-1] += end
        for hop, a, b in zip(chain[1:], points[:-1], points[1:], strict=True):
            widest[hop.row - 1] = max(widest[hop.row - 1], abs(a - b))
    return widest


def _clusters(tree: Tree, frames: Mapping[str, Frame], x: Mapping[Hashable, int], shift: float) -> dict[Path, Frame]:
    found: dict[Path, Frame] = {}
    for path in sorted(tree.spans, key=len, reverse=True):
        inner = [frames[unit.name] for unit in tree.units if unit.is_box and unit.cluster == path]
        inner += [frame for sub, frame in found.items() if sub[:-1] == path]
        top = min(frame.y for frame in inner) - TITLE
        left, right = x["left", path] + shift, x["right", path] + shift
        found[path] = Frame(left, top, right - left, max(frame.bottom for frame in inner) + PAD - top)
    return dict(sorted(found.items(), key=lambda entry: len(entry[0])))


def _route(
    tree: Tree,
    frames: Mapping[str, Frame],
    rows: list[Row],
    slots: Slots,
    wire: int,
    x: Mapping[Hashable, int],
    shift: float,
) -> Route:
    first, *between, last = tree.chains[wire]
    source, target = (frames[tree.units[hop.unit].name] for hop in (first, last))
    end = x[last.unit] + slots.end[wire] + shift
    stops = [*((hop.row, x[hop.unit] + shift) for hop in between), (last.row, end)]
    steps = tuple(Step(rows[row].above, to, rows[row].bent) for row, to in stops)
    return Route(x[first.unit] + slots.start[wire] + shift, source.bottom, steps, end, target.y)
