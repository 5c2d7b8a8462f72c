"""Items in an order in which near vectors stand side by side, for the leaves of a tree."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from blockrec.data.tree.tree import depth_of, even_places
from blockrec.run.analyze.clusters import Floats, Ints, distances, k_means

ROUNDS, ENOUGH = 10, 20_000
"""Of the clustering of each node; of so many items at most, drawn at random."""


def clustered_order(vectors: Floats, branching: int, seen: Callable[[int], None] = lambda _: None) -> Ints:
    """[m] the items of vectors [m, d] in the order of their leaves on an even tree.

    Each node divides its items by k-means among its children, which take as many as they have leaves. A full one
    refuses those that lose least by going to the next nearest. seen: is told how many have their leaf.
    """
    order = np.arange(len(vectors))
    places = even_places(len(vectors), branching)
    rng, done = np.random.default_rng(0), 0
    open_ = [(0, len(vectors), branching ** (depth_of(len(vectors), branching) - 1))]
    while open_:
        start, stop, size = open_.pop()
        if stop - start <= branching or size == 1:
            done += stop - start
            seen(done)
            continue
        child = places[start:stop] // size
        sizes = np.unique(child, return_counts=True)[1]
        mine = order[start:stop]
        order[start:stop] = mine[np.argsort(divided(vectors[mine], sizes, rng), kind="stable")]
        ends = start + np.cumsum([0, *sizes])
        open_ += [(int(a), int(b), size // branching) for a, b in pairwise(ends)]
    return order


def divided(vectors: Floats, sizes: Ints, rng: np.random.Generator) -> Ints:
    """[m] which of the parts with these sizes [k] each vector is in."""
    if len(sizes) == 1:
        return np.zeros(len(vectors), np.int64)
    away = distances(vectors, _centres(vectors, len(sizes), rng))
    found, room = np.full(len(vectors), -1), sizes.copy()
    while (found < 0).any():
        left = np.flatnonzero(found < 0)
        costs = np.where(room > 0, away[left], np.inf)
        wish = costs.argmin(axis=1)
        best, second = np.partition(costs, 1, axis=1)[:, :2].T
        for part in np.unique(wish):
            those = np.flatnonzero(wish == part)
            taken = left[those[np.argsort(best[those] - second[those], kind="stable")[: room[part]]]]
            found[taken] = part
            room[part] -= len(taken)
    return found


def _centres(vectors: Floats, number: int, rng: np.random.Generator) -> Floats:
    some = vectors if len(vectors) <= ENOUGH else vectors[rng.choice(len(vectors), ENOUGH, replace=False)]
    labels = k_means(some, number, rng, ROUNDS)
    means = [some[labels == part].mean(axis=0) if (labels == part).any() else some[part] for part in range(number)]
    return np.stack(means)
