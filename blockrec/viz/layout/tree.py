"""The rows filled: boxes, trunks of long links, and the clusters they are in, as one tree to put in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from blockrec.viz.layout.values import Item, Path, Wire


@dataclass(frozen=True)
class Unit:
    """A box, or a trunk of long links: a vertical line from row `first` to row `last` inside `cluster`, shared by the
    links of one output."""

    index: int
    name: str
    first: int
    last: int
    cluster: Path
    width: int
    is_box: bool


class Hop(NamedTuple):
    """A wire's way through a unit, which it enters at `row`."""

    unit: int
    row: int


@dataclass
class Tree:
    """units by index; children: cluster → its units (int) and clusters (path) from left to right.

    segments: row → (upper unit, lower unit) of what runs from that row to the next; chains: wire → its way down.
    spans: cluster → first and last row.
    """

    spans: dict[Path, tuple[int, int]]
    units: list[Unit] = field(default_factory=list)
    children: dict[Path, list[int | Path]] = field(default_factory=lambda: {(): []})
    segments: list[list[tuple[int, int]]] = field(default_factory=list)
    chains: list[list[Hop]] = field(default_factory=list)

    def leaves(self, child: int | Path) -> list[int]:
        """Units of a child, from left to right."""
        return [child] if isinstance(child, int) else [u for c in self.children[child] for u in self.leaves(c)]

    def span(self, child: int | Path) -> tuple[int, int]:
        """First and last row of a child."""
        return (self.units[child].first, self.units[child].last) if isinstance(child, int) else self.spans[child]

    def positions(self) -> list[int]:
        """Unit → its place from left to right, over all rows."""
        place = [0] * len(self.units)
        for i, unit in enumerate(self.leaves(())):
            place[unit] = i
        return place


TRUNK = 10


def grow(items: Mapping[str, Item], wires: Sequence[Wire], rows: Mapping[str, int]) -> Tree:
    """The tree in the order of `items`."""
    tree = Tree(_spans(items, rows), segments=[[] for _ in range(max(rows.values()))])
    boxes = {name: _unit(tree, name, (rows[name],) * 2, item.cluster, item.width) for name, item in items.items()}
    ways = [_way(items, wire, rows, tree.spans) for wire in wires]
    trunks = {
        key: _unit(tree, key[0], span, key[2], TRUNK, is_box=False) for key, span in _trunks(wires, ways, rows).items()
    }
    drawn: dict[tuple[int, int, int], None] = {}
    for wire, way in zip(wires, ways, strict=True):
        chain = [Hop(boxes[wire.source], rows[wire.source])]
        chain += [Hop(trunks[wire.source, wire.output, cluster], row) for cluster, row in way]
        tree.chains.append([*chain, Hop(boxes[wire.target], rows[wire.target])])
        drawn |= dict.fromkeys(_segments(tree.chains[-1]))
    for row, upper, lower in drawn:
        tree.segments[row].append((upper, lower))
    return tree


Key = tuple[str, str, Path]


def _segments(chain: list[Hop]) -> Iterator[tuple[int, int, int]]:
    """(row, upper, lower) of a wire, row by row."""
    for a, b in pairwise(chain):
        yield from ((row, a.unit, a.unit) for row in range(a.row, b.row - 1))
        yield b.row - 1, a.unit, b.unit


def _trunks(
    wires: Sequence[Wire], ways: Sequence[list[tuple[Path, int]]], rows: Mapping[str, int]
) -> dict[Key, tuple[int, int]]:
    """(source, output, cluster) of each trunk → its first and last row."""
    spans: dict[Key, tuple[int, int]] = {}
    for wire, way in zip(wires, ways, strict=True):
        ends = [row - 1 for _, row in way[1:]] + [rows[wire.target] - 1]
        for (cluster, first), last in zip(way, ends, strict=False):
            old = spans.get((wire.source, wire.output, cluster), (first, last))
            spans[wire.source, wire.output, cluster] = (min(old[0], first), max(old[1], last))
    return spans


def _way(
    items: Mapping[str, Item], wire: Wire, rows: Mapping[str, int], spans: Mapping[Path, tuple[int, int]]
) -> list[tuple[Path, int]]:
    """(cluster, row where it is entered) between the ends of a wire.

    A cluster around the source is left at its last row, one around the target is entered at its first.
    """
    start, end = items[wire.source].cluster, items[wire.target].cluster
    shared = _shared(start, end)
    leaving = [start[:level] for level in range(len(start), len(shared), -1)]
    entering = [end[:level] for level in range(len(end), len(shared), -1)]
    way: list[tuple[Path, int]] = []
    for row in range(rows[wire.source] + 1, rows[wire.target]):
        around = [path for path in leaving if row <= spans[path][1]]
        around += [path for path in entering if row >= spans[path][0]]
        here = around[0] if around else shared
        if not way or way[-1][0] != here:
            way.append((here, row))
    return way


def _shared(a: Path, b: Path) -> Path:
    """The clusters that both paths are in."""
    same = [x == y for x, y in zip(a, b, strict=False)]
    return a[: same.index(False) if False in same else len(same)]


def _unit(tree: Tree, name: str, span: tuple[int, int], cluster: Path, width: int, is_box: bool = True) -> int:
    index = len(tree.units)
    tree.units.append(Unit(index, name, *span, cluster, width, is_box))
    for level in range(1, len(cluster) + 1):
        if cluster[:level] not in tree.children:
            tree.children[cluster[:level]] = []
            tree.children[cluster[: level - 1]].append(cluster[:level])
    tree.children[cluster].append(index)
    return index


def _spans(items: Mapping[str, Item], rows: Mapping[str, int]) -> dict[Path, tuple[int, int]]:
    spans: dict[Path, tuple[int, int]] = {}
    for name, item in items.items():
        for level in range(1, len(item.cluster) + 1):
            old = spans.get(item.cluster[:level], (rows[name], rows[name]))
            spans[item.cluster[:level]] = (min(old[0], rows[name]), max(old[1], rows[name]))
    return spans
