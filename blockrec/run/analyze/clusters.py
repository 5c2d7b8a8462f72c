"""Clusters of vectors, and what they tell about a label."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def k_means(vectors: Floats, number: int, rng: np.random.Generator, rounds: int = 30) -> Ints:
    """[n] the cluster of each vector [n, d]: Lloyd's algorithm from centres drawn by k-means++ (Arthur and
    Vassilvitskii, 2007). A cluster that loses all its vectors keeps its centre."""
    centres = _spread(vectors, number, rng)
    labels = np.full(len(vectors), -1)
    for _ in range(rounds):
        found = distances(vectors, centres).argmin(1)
        if (found == labels).all():
            break
        labels = found
        counts = np.bincount(labels, minlength=number)
        sums = np.stack([np.bincount(labels, column, minlength=number) for column in vectors.T], axis=1)
        centres = np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)
    return labels


def _spread(vectors: Floats, number: int, rng: np.random.Generator) -> Floats:
    chosen = [int(rng.integers(len(vectors)))]
    nearest = distances(vectors, vectors[chosen])[:, 0]
    while len(chosen) < number:
        total = nearest.sum()
        odds = nearest / total if total > 0 else np.full(len(vectors), 1 / len(vectors))
        chosen.append(int(rng.choice(len(vectors), p=odds)))
        nearest = np.minimum(nearest, distances(vectors, vectors[chosen[-1:]])[:, 0])
    return vectors[chosen]


def distances(vectors: Floats, centres: Floats) -> Floats:
    """[n, k] squared distances."""
    found: Floats = (vectors**2).sum(1)[:, None] - 2 * vectors @ centres.T + (centres**2).sum(1)
    return np.maximum(found, 0)


def shared_information(left: Ints, right: Ints) -> tuple[float, float]:
    """(MI in nats, NMI) of two labellings: NMI is MI over the mean of both entropies, 0 if both are constant."""
    table = np.zeros((int(left.max()) + 1, int(right.max()) + 1))
    np.add.at(table, (left, right), 1)
    joint = table / len(left)
    rows, columns = joint.sum(1), joint.sum(0)
    seen = joint > 0
    information = float((joint[seen] * np.log(joint[seen] / np.outer(rows, columns)[seen])).sum())
    mean = (_entropy(rows) + _entropy(columns)) / 2
    return max(0.0, information), max(0.0, information) / mean if mean > 0 else 0.0


def _entropy(shares: Floats) -> float:
    known = shares[shares > 0]
    return float(-(known * np.log(known)).sum())
