"""From left to right: few crossings, by barycentres and then by moving one thing at a time.

One order holds for all rows, so that trunks stay straight and clusters never interleave
(sifting: Matuszewski et al., Graph Drawing 1999; global sifting: Bachmaier et al., 2010).
"""

from __future__ import annotations

import random
from bisect import bisect_right, insort
from dataclasses import dataclass
from typing import cast

from blockrec.viz.layout.tree import Tree
from blockrec.viz.layout.values import Path

Child = int | Path
SWEEPS = 8
REACH = 24
ROUNDS = 6


def arrange(tree: Tree) -> None:
    """Reorder `tree.children` in place for few crossings; the same tree always gives the same order."""
    chance = random.Random(0)  # noqa: S311 - shuffles starting orders
    best = (crossings(tree), _copy(tree))
    for attempt in range(3 if len(tree.units) < 120 else 1):
        if attempt:
            for children in tree.children.values():
                chance.shuffle(children)
        _sweep(tree)
        _sift(tree)
        best = min(best, (crossings(tree), _copy(tree)), key=lambda found: found[0])
    tree.children = best[1]


def crossings(tree: Tree) -> int:
    """Pairs of segments that cross."""
    place = tree.positions()
    return sum(_inversions(sorted((place[a], place[b]) for a, b in row)) for row in tree.segments)


def _inversions(pairs: list[tuple[int, int]]) -> int:
    """Pairs with a < a' and b > b', of pairs sorted by a."""
    seen: list[int] = []
    waiting: list[int] = []
    total, at = 0, -1
    for a, b in pairs:
        if a != at:
            for earlier in waiting:
                insort(seen, earlier)
            waiting, at = [], a
        total += len(seen) - bisect_right(seen, b)
        waiting.append(b)
    return total


def _copy(tree: Tree) -> dict[Path, list[Child]]:
    return {path: list(children) for path, children in tree.children.items()}


def _sweep(tree: Tree) -> None:
    """Sort children by the mean place of what they are linked to, several times; keep the best order met."""
    best = (crossings(tree), _copy(tree))
    owners = {path: _owners(tree, path) for path in tree.children}
    for _ in range(SWEEPS):
        for path in tree.children:
            _by_barycentre(tree, path, owners[path])
        best = min(best, (crossings(tree), _copy(tree)), key=lambda found: found[0])
    tree.children = best[1]


def _owners(tree: Tree, path: Path) -> dict[int, Child]:
    """Unit → the child of `path` that it is in."""
    return {unit: child for child in tree.children[path] for unit in tree.leaves(child)}


def _by_barycentre(tree: Tree, path: Path, owner: dict[int, Child]) -> None:
    place = tree.positions()
    pulls: dict[Child, list[int]] = {child: [] for child in tree.children[path]}
    for row in tree.segments:
        for a, b in row:
            if a != b and owner.get(a) != owner.get(b):
                for end, other in ((a, b), (b, a)):
                    if end in owner:
                        pulls[owner[end]].append(place[other])
    here = {child: _mean([place[u] for u in tree.leaves(child)]) for child in tree.children[path]}
    tree.children[path].sort(key=lambda child: _mean(pulls[child]) if pulls[child] else here[child])


def _mean(numbers: list[int]) -> float:
    return sum(numbers) / len(numbers)


def _sift(tree: Tree) -> None:
    """Move each child past its siblings to where fewest links cross, until nothing improves."""
    tables = [Siblings(tree, path) for path in tree.children if len(tree.children[path]) > 1]
    for _ in range(ROUNDS):
        place = tree.positions()
        saved = [siblings.improve(place) for siblings in tables]
        if not any(saved):
            return


@dataclass
class Siblings:
    """The children of one cluster, with the segments that start (`down`) or end (`up`) in each, row by row."""

    tree: Tree
    path: Path

    def __post_init__(self) -> None:
        self.owner = _owners(self.tree, self.path)
        children = self.tree.children[self.path]
        self.down: dict[Child, dict[int, list[tuple[int, int]]]] = {child: {} for child in children}
        self.up: dict[Child, dict[int, list[tuple[int, int]]]] = {child: {} for child in children}
        for row, segments in enumerate(self.tree.segments):
            for a, b in segments:
                if a in self.owner:
                    self.down[self.owner[a]].setdefault(row, []).append((a, b))
                if b in self.owner:
                    self.up[self.owner[b]].setdefault(row, []).append((b, a))

    def improve(self, place: list[int]) -> bool:
        """One pass over all children; whether a move saved a crossing."""
        saved = [self._move(child, place) for child in list(self.tree.children[self.path])]
        return any(saved)

    def _move(self, child: Child, place: list[int]) -> bool:
        order = self.tree.children[self.path]
        start = order.index(child)
        low, high = max(0, start - REACH), min(len(order) - 1, start + REACH)
        best, at, gain = start, start, 0
        least = 0
        for stop, step in ((high, 1), (low, -1)):
            while at != stop:
                gain += self._swap(min(at, at + step), place)
                at += step
                if gain < least:
                    least, best = gain, at
        while at != best:
            self._swap(at, place)
            at += 1
        return least < 0

    def _swap(self, left: int, place: list[int]) -> int:
        """Exchange the neighbours at `left` and `left + 1`; the change in crossings."""
        order = self.tree.children[self.path]
        a, b = order[left], order[left + 1]
        change = self._change(self.down, a, b, place) + self._change(self.up, a, b, place)
        order[left], order[left + 1] = b, a
        ours, theirs = self._members(a), self._members(b)
        for unit in ours:
            place[unit] += len(theirs)
        for unit in theirs:
            place[unit] -= len(ours)
        return change

    def _members(self, child: Child) -> list[int]:
        return [child] if isinstance(child, int) else self.tree.leaves(child)

    def _change(self, ends: dict[Child, dict[int, list[tuple[int, int]]]], a: Child, b: Child, place: list[int]) -> int:
        """Crossings gained when `a`, left of `b`, goes to its right, among segments with one end in each."""
        change = 0
        theirs = ends[b]
        for row, ours in ends[a].items():
            for _, x in ours:
                for _, y in theirs.get(row, ()):
                    if x != y and not self._turns(x, y, a, b):
                        change += 1 if place[x] < place[y] else -1
        return change

    def _turns(self, x: int, y: int, a: Child, b: Child) -> bool:
        """Whether the other ends change sides as well."""
        pair = (self.owner.get(x), self.owner.get(y))
        return cast(object, pair) in ((a, b), (b, a))
