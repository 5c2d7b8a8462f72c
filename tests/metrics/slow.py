"""Metrics by their definitions, written as slow as they read: no sums, no sorting of many groups at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations, pairwise, permutations
from statistics import fmean

Scores = list[float]
EDGE = 2.0**-23


def auc(scores: Scores, labels: Scores) -> float | None:
    """The share of (positive, negative) pairs in the right order; equal scores count one half."""
    positives = [s for s, y in zip(scores, labels, strict=True) if y == 1]
    negatives = [s for s, y in zip(scores, labels, strict=True) if y == 0]
    pairs = [(p, n) for p in positives for n in negatives]
    return fmean((p > n) + 0.5 * (p == n) for p, n in pairs) if pairs else None


def xauc(scores: Scores, labels: Scores) -> float | None:
    """The share of pairs with different labels in the right order; equal scores count one half."""
    rows = list(zip(scores, labels, strict=True))
    pairs = [(a, b) if a[1] < b[1] else (b, a) for a, b in combinations(rows, 2) if a[1] != b[1]]
    return fmean((low[0] < high[0]) + 0.5 * (low[0] == high[0]) for low, high in pairs) if pairs else None


def logloss(scores: Scores, labels: Scores) -> float:
    """−log of the probability given to what happened."""
    likely = [min(max(p, EDGE), 1 - EDGE) for p in scores]
    return fmean(-math.log(p) * y - math.log(1 - p) * (1 - y) for p, y in zip(likely, labels, strict=True))


def normalized_entropy(scores: Scores, labels: Scores) -> float | None:
    """The logloss over that of always predicting the mean label."""
    rate = fmean(labels)
    return logloss(scores, labels) / logloss([rate] * len(labels), labels) if 0 < rate < 1 else None


def ece(scores: Scores, labels: Scores, bins: int = 15) -> float:
    """Each bin's distance of prediction and observation, weighted by its rows."""
    total = 0.0
    for i in range(bins):
        own = [(p, y) for p, y in zip(scores, labels, strict=True) if min(math.floor(p * bins), bins - 1) == i]
        if own:
            total += len(own) / len(scores) * abs(fmean(p for p, _ in own) - fmean(y for _, y in own))
    return total


def accuracy(scores: Scores, labels: Scores, threshold: float = 0.5) -> float:
    """The share of rows on the right side."""
    return fmean((p > threshold) == (y == 1) for p, y in zip(scores, labels, strict=True))


def mae(scores: Scores, labels: Scores) -> float:
    """Mean distance."""
    return fmean(abs(p - y) for p, y in zip(scores, labels, strict=True))


def mse(scores: Scores, labels: Scores) -> float:
    """Mean squared distance."""
    return fmean((p - y) ** 2 for p, y in zip(scores, labels, strict=True))


def rmse(scores: Scores, labels: Scores) -> float:
    """Its root."""
    return math.sqrt(mse(scores, labels))


def over_orders(
    of: Callable[[Scores, int], float], graded: bool = False
) -> Callable[[Scores, Scores, int], float | None]:
    """The mean of `of(gains in order, k)` over all orders in which the scores fall; None if the order cannot matter."""

    def value(scores: Scores, labels: Scores, k: int) -> float | None:
        if len({y if graded else y > 0 for y in labels}) == 1:
            return None
        rows = list(zip(scores, labels, strict=True))
        orders = [o for o in permutations(rows) if all(a[0] >= b[0] for a, b in pairwise(o))]
        return fmean(of([y for _, y in order], k) for order in orders)

    return value


def dcg(gains: Scores, k: int) -> float:
    """Gains in order, discounted by their place."""
    return sum(gain / math.log2(1 + place) for place, gain in enumerate(gains[:k], 1))


recall = over_orders(lambda gains, k: sum(g > 0 for g in gains[:k]) / sum(g > 0 for g in gains))
precision = over_orders(lambda gains, k: sum(g > 0 for g in gains[:k]) / k)
hit = over_orders(lambda gains, k: float(any(g > 0 for g in gains[:k])))
mrr = over_orders(lambda gains, k: next((1 / place for place, g in enumerate(gains[:k], 1) if g > 0), 0.0))
ndcg = over_orders(lambda gains, k: dcg(gains, k) / dcg(sorted(gains, reverse=True), k), graded=True)

EVERY = {f.__name__: f for f in (auc, xauc, logloss, normalized_entropy, ece, accuracy, mae, mse, rmse)}
RANKING = {"recall": recall, "precision": precision, "hit": hit, "mrr": mrr, "ndcg": ndcg}
