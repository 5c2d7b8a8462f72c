"""A tree with items at its leaves, as places: any branching factor, whole numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from blockrec.data.batching.batches import steps_of

Index = NDArray[np.int64]


def depth_of(items: int, branching: int) -> int:
    """The smallest depth ≥ 1 at which a tree has room for the items.

    >>> depth_of(125, 5), depth_of(126, 5), depth_of(1, 2)
    (3, 4, 1)
    """
    depth, room = 1, branching
    while room < items:
        depth, room = depth + 1, room * branching
    return depth


def even_places(items: int, branching: int) -> Index:
    """[items] ascending places on the lowest level, over which items are spread evenly.

    Two subtrees of one level then differ by at most one item.
    """
    room = branching ** depth_of(items, branching)
    whole, rest = divmod(room, max(items, 1))
    rank = np.arange(items)
    return np.asarray(rank * whole + rank * rest // max(items, 1))


@dataclass(frozen=True)
class Tree:
    """Level 0 is the root; place p of a level has the children branching·p … branching·p + branching − 1 on the next.

    places: [m] distinct, where each item's leaf is on the level `depth`, all leaves being there. A *node* is a place
    below the root with an item beneath it; nodes are numbered level by level, so that leaves come last.
    """

    branching: int
    depth: int
    places: Index

    @cached_property
    def levels(self) -> tuple[Index, ...]:
        """For each level from 0 on its places that are nodes, ascending."""
        found = [np.sort(self.places)]
        for _ in range(self.depth):
            above = found[-1] // self.branching
            found.append(above[np.flatnonzero(np.diff(above, prepend=-1))])
        return tuple(reversed(found))

    @cached_property
    def starts(self) -> Index:
        """[depth + 2] the number of the first node of each level; the root has none, level 1 starts with 0."""
        sizes = [0, *(len(level) for level in self.levels[1:])]
        return np.cumsum([0, *sizes])

    def __len__(self) -> int:
        """Nodes, without the root."""
        return int(self.starts[-1])

    @property
    def inner(self) -> int:
        """Nodes that are no leaves; they have the numbers before those of the leaves."""
        return int(self.starts[self.depth])

    def numbers(self, level: int) -> range:
        """The nodes of a level."""
        return range(int(self.starts[level]), int(self.starts[level + 1]))

    def above(self, items: Index, level: int) -> Index:
        """[n] the node of a level ≥ 1 over each item, or its leaf."""
        place = self.places[items] // self.branching ** (self.depth - level)
        return np.asarray(self.starts[level] + np.searchsorted(self.levels[level], place))

    def children(self, level: int, nodes: Index) -> tuple[Index, Index]:
        """The nodes below `nodes` [n] of a level ≥ 1: whose child (a place in `nodes`), and which."""
        place, below = self.levels[level][nodes - self.starts[level]], self.levels[level + 1]
        start, end = (np.searchsorted(below, self.branching * p) for p in (place, place + 1))
        return np.repeat(np.arange(len(nodes)), end - start), self.starts[level + 1] + steps_of(start, end)

    @cached_property
    def items(self) -> Index:
        """[m] the item of each leaf, in the order of the leaves."""
        return np.argsort(self.places)

    def codes(self) -> Index:
        """[m] codes of the leaves, numbered through the whole tree: the root is 0, the i-th child of c n·c + i + 1."""
        before = (self.branching**self.depth - 1) // (self.branching - 1)
        return np.asarray(self.places + before)
