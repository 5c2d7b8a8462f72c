"""The rows filled: boxes, trunks of long links, and the clusters they are in, as one tree to put in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blockrec.viz.layout.values import Item, Path, Wire


@dataclass(frozen=True)
class Unit:
    """A box, or the trunk of a long link: a vertical line from row `first` to row `last`, shared by all links of
    one output that run outside the same clusters."""

    index: int
    name: str
    first: int
    last: int
    cluster: Path
    width: int
    is_box: bool


@dataclass
class Tree:
    """units by index; children: cluster → its units (int) and clusters (path) from left to right.

    segments: row → (upper unit, lower unit) of what runs from that row to the next; chains: wire → its units, top down.
    spans: cluster → first and last row.
    """

    units: list[Unit] = field(default_factory=list)
    children: dict[Path, list[int | Path]] = field(default_factory=lambda: {(): []})
    segments: list[list[tuple[int, int]]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    spans: dict[Path, tuple[int, int]] = field(default_factory=dict)

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
    tree = Tree(segments=[[] for _ in range(max(rows.values()))])
    boxes = {name: _unit(tree, name, rows[name], rows[name], item.cluster, item.width, True) for name, item in items.items()}
    trunks: dict[tuple[str, str, Path], int] = {}
    for key, last in _trunks(items, wires, rows).items():
        trunks[key] = _unit(tree, key[1], rows[key[0]] + 1, last, key[2], TRUNK, False)
    drawn: dict[tuple[int, int, int], None] = {}
    for wire in wires:
        a, b = boxes[wire.source], boxes[wire.target]
        long = rows[wire.target] - rows[wire.source] > 1
        chain = [a, trunks[wire.source, wire.output, _shared(items, wire)], b] if long else [a, b]
        tree.chains.append(chain)
        drawn |= dict.fromkeys(_segments(chain, rows[wire.source], rows[wire.target]))
    for row, upper, lower in drawn:
        tree.segments[row].append((upper, lower))
    tree.spans = _spans(tree)
    return tree


def _segments(chain: list[int], first: int, last: int) -> list[tuple[int, int, int]]:
    inner = [(row, chain[1], chain[1]) for row in range(first + 1, last - 1)]
    return [(first, chain[0], chain[1]), *inner, *([(last - 1, chain[1], chain[2])] if len(chain) > 2 else [])]


def _trunks(items: Mapping[str, Item], wires: Sequence[Wire], rows: Mapping[str, int]) -> dict[tuple[str, str, Path], int]:
    """(source, output, cluster) of each trunk → its last row."""
    last: dict[tuple[str, str, Path], int] = {}
    for wire in wires:
        if rows[wire.target] - rows[wire.source] > 1:
            key = (wire.source, wire.output, _shared(items, wire))
            last[key] = max(last.get(key, 0), rows[wire.target] - 1)
    return last


def _shared(items: Mapping[str, Item], wire: Wire) -> Path:
    """The clusters that both ends are in."""
    a, b = items[wire.source].cluster, items[wire.target].cluster
    same = [x == y for x, y in zip(a, b, strict=False)]
    return a[: same.index(False) if False in same else len(same)]


def _unit(tree: Tree, name: str, first: int, last: int, cluster: Path, width: int, is_box: bool) -> int:
    index = len(tree.units)
    tree.units.append(Unit(index, name, first, last, cluster, width, is_box))
    for level in range(1, len(cluster) + 1):
        if cluster[:level] not in tree.children:
            tree.children[cluster[:level]] = []
            tree.children[cluster[: level - 1]].append(cluster[:level])
    tree.children[cluster].append(index)
    return index


def _spans(tree: Tree) -> dict[Path, tuple[int, int]]:
    spans: dict[Path, tuple[int, int]] = {}
    for unit in tree.units:
        for level in range(1, len(unit.cluster) + 1):
            old = spans.get(unit.cluster[:level], (unit.first, unit.last))
            spans[unit.cluster[:level]] = (min(old[0], unit.first), max(old[1], unit.last))
    return spans
