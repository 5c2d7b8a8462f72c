"""Left and right: links as straight as separation allows, clusters narrow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from blockrec.viz.layout.simplex import Differences
from blockrec.viz.layout.slots import Slots
from blockrec.viz.layout.tree import Tree, Unit
from blockrec.viz.layout.values import GAP, PAD, Path, Wire

Edge = tuple[Hashable, int]
"""A variable and how far the border is from it."""

STRAIGHT = {0: 1, 1: 2, 2: 8}
"""Cost of a slant by the number of its ends that are trunks."""
ALONE = 4
"""Cost where one link leaves a box and is all that reaches the next: chains stay straight."""


class Pull(NamedTuple):
    """A piece of a link: the lower unit's x + offset should be the upper's x."""

    upper: int
    lower: int
    offset: int
    cost: int


def columns(tree: Tree, wires: Sequence[Wire], slots: Slots, titles: Mapping[Path, int]) -> dict[Hashable, int]:
    """x of the middle of every unit (by index), and of clusters' borders: `("left", path)`, `("right", path)`."""
    x = Differences()
    for path in tree.children:
        for row in range(len(tree.segments) + 1):
            _separate(x, tree, path, row)
        if path:
            x.add(("left", path), ("right", path), titles[path] + 2 * PAD, 6)
    _clear_titles(x, tree, slots, titles)
    pulls = list(_pulls(tree, wires, slots))
    for pull in pulls:
        x.attract(pull.upper, pull.lower, pull.offset, pull.cost)
    return _balanced(x.solve(), x, tree, pulls)


def _separate(x: Differences, tree: Tree, path: Path, row: int) -> None:
    """Keep what stands in this row of a cluster apart, and inside the cluster (the page has a left border only)."""
    here = [child for child in tree.children[path] if _in_row(tree, child, row)]
    for child in here[:1]:
        x.add(("left", path), _left(tree, child)[0], PAD + _left(tree, child)[1])
    for a, b in pairwise(here):
        (u, right), (v, left) = _right(tree, a), _left(tree, b)
        x.add(u, v, right + left + _gap(tree, a, b))
    for child in here[-1:] if path else ():
        x.add(_right(tree, child)[0], ("right", path), PAD + _right(tree, child)[1])


def _clear_titles(x: Differences, tree: Tree, slots: Slots, titles: Mapping[Path, int]) -> None:
    """Links enter a cluster at the top to the right of its title."""
    for chain, end in zip(tree.chains, slots.end, strict=True):
        for hop in chain[1:]:
            cluster = tree.units[hop.unit].cluster
            offset = end if hop is chain[-1] else 0
            for path in (cluster[:level] for level in range(1, len(cluster) + 1)):
                if tree.spans[path][0] == hop.row:
                    x.add(("left", path), hop.unit, PAD + titles[path] + PAD // 2 - offset)


def _in_row(tree: Tree, child: int | Path, row: int) -> bool:
    first, last = tree.span(child)
    return first <= row <= last


def _left(tree: Tree, child: int | Path) -> Edge:
    return (child, tree.units[child].width // 2) if isinstance(child, int) else (("left", child), 0)


def _right(tree: Tree, child: int | Path) -> Edge:
    return (child, tree.units[child].width // 2) if isinstance(child, int) else (("right", child), 0)


def _gap(tree: Tree, a: int | Path, b: int | Path) -> int:
    trunks = sum(isinstance(child, int) and not tree.units[child].is_box for child in (a, b))
    return GAP - 9 * trunks


def _pulls(tree: Tree, wires: Sequence[Wire], slots: Slots) -> Iterator[Pull]:
    """Once for each distinct piece of a link."""
    leaving, entering = Counter(w.source for w in wires), Counter(w.target for w in wires)
    seen = set()
    for wire, chain, start, end in zip(wires, tree.chains, slots.start, slots.end, strict=True):
        alone = leaving[wire.source] == entering[wire.target] == 1
        for upper, lower in pairwise(chain):
            offset = (end if lower is chain[-1] else 0) - (start if upper is chain[0] else 0)
            trunks = sum(not tree.units[hop.unit].is_box for hop in (upper, lower))
            pull = Pull(upper.unit, lower.unit, offset, ALONE if alone else STRAIGHT[trunks])
            if pull not in seen:
                seen.add(pull)
                yield pull


def _balanced(found: dict[Hashable, int], x: Differences, tree: Tree, pulls: list[Pull]) -> dict[Hashable, int]:
    """Move units to the middle of the places that cost the same, as the simplex stops at an end of them."""
    wanted: dict[int, list[tuple[int, int, int]]] = {unit.index: [] for unit in tree.units}
    for a, b, offset, cost in pulls:
        wanted[a].append((b, offset, cost))
        wanted[b].append((a, -offset, cost))
    room = _neighbours(x, tree)
    for _ in range(2):
        for unit in tree.units:
            _centre(found, unit, wanted[unit.index], room[unit.index])
    return found


def _neighbours(x: Differences, tree: Tree) -> dict[int, list[tuple[Hashable, int, bool]]]:
    """Unit → (variable, distance, whether it is on the left) of its separations."""
    room: dict[int, list[tuple[Hashable, int, bool]]] = {unit.index: [] for unit in tree.units}
    for (a, b), (distance, cost) in x.pairs.items():
        if cost == 0 and isinstance(b, int):
            room[b].append((a, distance, True))
        if cost == 0 and isinstance(a, int):
            room[a].append((b, distance, False))
    return room


def _centre(
    found: dict[Hashable, int], unit: Unit, wanted: list[tuple[int, int, int]], room: list[tuple[Hashable, int, bool]]
) -> None:
    places = sorted(found[other] + offset for other, offset, cost in wanted for _ in range(cost))
    if not places:
        return
    low, high = places[(len(places) - 1) // 2], places[len(places) // 2]
    low = max([low, *(found[v] + d for v, d, left in room if left)])
    high = min([high, *(found[v] - d for v, d, left in room if not left)])
    if low < high:
        found[unit.index] = (low + high) // 2
