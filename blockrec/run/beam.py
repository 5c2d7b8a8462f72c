"""Retrieval down a tree: the best nodes of a level are opened, until items are reached."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import numpy as np

from blockrec.data.batching.batches import Batch, Gather, Index
from blockrec.data.batching.catalogue import Catalogue
from blockrec.data.tree.nodes import Nodes
from blockrec.metrics.measure import Array, Numbers

Score = Callable[[Batch], Numbers]


@dataclass(frozen=True)
class Reached:
    """Items that were scored, of all samples, of each by falling score. owner: places in the samples.

    items: by their places in `Nodes.rows`. scored: how many nodes were scored, those of inner levels too.
    """

    owner: Index
    items: Index
    scores: Numbers
    scored: int

    def only(self, kept: Array) -> Reached:
        """Those of which `kept` [n] is true."""
        return replace(self, owner=self.owner[kept], items=self.items[kept], scores=self.scores[kept])

    def first(self, width: int) -> Reached:
        """At most so many of each sample."""
        return self.only(_ranks(self.owner) < width)


@dataclass(frozen=True)
class Beam:
    """catalogue: of the nodes. size: samples with a node that are scored at a time."""

    nodes: Nodes
    catalogue: Catalogue
    score: Score
    size: int

    @classmethod
    def of(cls, nodes: Nodes, gather: Gather, needed: Collection[str], score: Score, size: int) -> Beam:
        """needed: features that a batch has to have."""
        return cls(nodes, Catalogue.of_nodes(nodes, gather, needed), score, size)

    def reached(self, samples: Index, width: int) -> Reached:
        """The items below the `width` best nodes of each level, from the first level on that has more to choose from.

        If each level ranked its nodes as their best items are ranked, these would be the best items of all (Zhu et al.,
        "Learning Tree-based Deep Model for Recommender Systems", KDD 2018, §3.1).
        """
        tree = self.nodes.tree
        level = self.first_level(width)
        nodes = np.tile(np.asarray(tree.numbers(level)), len(samples))
        owner = np.repeat(np.arange(len(samples)), len(tree.numbers(level)))
        scored = 0
        while True:
            scores = self.scores(samples, owner, nodes)
            scored += len(nodes)
            order = np.lexsort((-scores, owner))
            owner, nodes, scores = owner[order], nodes[order], scores[order]
            if level == tree.depth:
                return Reached(owner, tree.items[nodes - tree.inner], scores, scored)
            kept = _ranks(owner) < width
            parent, children = tree.children(level, nodes[kept])
            owner, nodes, level = owner[kept][parent], children, level + 1

    def first_level(self, width: int) -> int:
        """The first one with at least `branching` · `width` nodes, else that of the items."""
        tree = self.nodes.tree
        wide = (level for level in range(1, tree.depth) if len(tree.levels[level]) >= tree.branching * width)
        return next(wide, tree.depth)

    def every(self, samples: Index) -> Reached:
        """All items, each scored."""
        return self.reached(samples, len(self.nodes.tree))

    def scores(self, samples: Index, owner: Index, nodes: Index) -> Numbers:
        """[n] of pairs."""
        found = [np.zeros(0)]
        for start in range(0, len(nodes), self.size):
            part = slice(start, start + self.size)
            batch = {**self.catalogue.others.batch(samples[owner[part]]), **self.catalogue.own.batch(nodes[part])}
            found.append(self.score(batch))
        return np.concatenate(found)


def _ranks(owner: Index) -> Index:
    """[n] the place of each among those of the same owner, which stand together."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    lengths = np.diff(np.append(first, len(owner)))
    return np.arange(len(owner)) - np.repeat(first, lengths)
