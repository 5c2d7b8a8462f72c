"""Ranking metrics of the first k places; the places of equal scores are drawn, and the value is the expected one.

So a model that gives every item one score ranks like chance, in whichever order the rows stand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from blockrec.metrics.groups import OfGroups
from blockrec.metrics.measure import Array, Numbers, group_sums, shares, sizes_of
from blockrec.metrics.runs import Runs

OfLists = Callable[[Numbers, Runs, Array, "int | None"], Numbers]
"""gains [n] in order of list and falling score, runs, starts of lists [g], k → [g]."""


def ranked(metric: OfLists, k: int | None) -> OfGroups:
    """The metric of each list of candidates. Labels above 0 are gains; they differ for `ndcg` alone.

    NaN for a list whose rows all gain the same: it has one value in every order, often a perfect one.
    """

    def of_groups(scores: Numbers, labels: Numbers, starts: Array) -> Numbers:
        falling, gains = scores[::-1], np.maximum(labels[::-1], 0.0)
        gains = gains if metric is ndcg else (gains > 0).astype(np.float64)
        lists = (len(scores) - np.append(starts[1:], len(scores)))[::-1]
        values = metric(gains, Runs.of(falling, lists), lists, k)
        told = np.maximum.reduceat(gains, lists) > np.minimum.reduceat(gains, lists)
        found: Numbers = np.where(told, values, np.nan)[::-1]
        return found

    return of_groups


def recall(gains: Numbers, runs: Runs, lists: Array, k: int | None) -> Numbers:
    """Positives among the first k / positives."""
    return shares(_found(gains, runs, k), group_sums(gains > 0, lists))


def precision(gains: Numbers, runs: Runs, lists: Array, k: int | None) -> Numbers:
    """Positives among the first k / k; a list shorter than k is filled up with negatives."""
    return _found(gains, runs, k) / (k or sizes_of(lists, len(gains)))


def ndcg(gains: Numbers, runs: Runs, lists: Array, k: int | None) -> Numbers:
    """Σ gain / log2(1 + place) over the first k, over that of the best order.

    Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002, with the gain as it is.
    """
    owner = np.repeat(np.arange(len(lists)), sizes_of(lists, len(gains)))
    best = gains[np.lexsort((-gains, owner))]
    place = np.arange(len(gains)) - lists[owner]
    ideal = group_sums(best * discounts(place, k), lists)
    return shares(runs.of_groups(runs.sums(gains) * expected(discounts, k, runs.before, runs.sizes)), ideal)


def hit(gains: Numbers, runs: Runs, lists: Array, k: int | None) -> Numbers:  # noqa: ARG001 - one form for all
    """The probability of a positive among the first k."""
    positives = runs.sums(gains > 0).astype(np.int64)
    places = np.clip((k or len(gains)) - runs.before, 0, runs.sizes)
    negatives = runs.sizes - positives
    logs = _log_factorials(runs.sizes)
    possible = places <= negatives  # else a positive must be among them
    rest = np.where(possible, negatives - places, 0)
    none = logs[negatives] - logs[rest] - logs[runs.sizes] + logs[runs.sizes - places]
    missed = runs.of_groups(np.where(possible, none, -np.inf))
    found: Numbers = -np.expm1(missed)
    return found


def mrr(gains: Numbers, runs: Runs, lists: Array, k: int | None) -> Numbers:
    """1 / place of the first positive; 0 beyond k."""
    positives = runs.sums(gains > 0).astype(np.int64)
    of = np.flatnonzero((positives > 0) & (runs.earlier(positives) == 0))  # of each list with one, the run that has it
    n, p, before = runs.sizes[of], positives[of], runs.before[of]
    lengths = n - p + 1
    run = np.repeat(np.arange(len(of)), lengths)
    place = np.arange(len(run)) - np.repeat(np.cumsum(lengths) - lengths, lengths)  # of the first positive in its run
    logs = _log_factorials(n)

    def choose(whole: Array, part: Array) -> Numbers:
        found: Numbers = logs[whole] - logs[part] - logs[whole - part]
        return found

    likely = np.exp(choose((n - 1)[run] - place, (p - 1)[run]) - choose(n, p)[run])
    whole = before[run] + place + 1
    values = np.bincount(run, likely / whole * (whole <= (k or math.inf)), len(of))
    home = np.searchsorted(runs.first, of, side="right") - 1
    found: Numbers = np.bincount(home, values, len(lists)).astype(np.float64)
    return found


METRICS: Mapping[str, OfLists] = {"recall": recall, "precision": precision, "ndcg": ndcg, "hit": hit, "mrr": mrr}


def discounts(places: Array, k: int | None) -> Numbers:
    """1 / log2(1 + place) of places counted from 0; 0 from place k on."""
    return np.where(places < (k or math.inf), 1 / np.log2(places + 2.0), 0.0)


def ones(places: Array, k: int | None) -> Numbers:
    """1 of places counted from 0; 0 from place k on."""
    return np.where(places < (k or math.inf), 1.0, 0.0)


def reciprocals(places: Array, k: int | None) -> Numbers:
    """1 / place of places counted from 0 (the first is 1); 0 from place k on."""
    return np.where(places < (k or math.inf), 1 / (places + 1.0), 0.0)


Worth = Callable[[Array, "int | None"], Numbers]


def _sums_of(worth: Worth, k: int | None) -> Callable[[Array], Numbers]:
    """Whole numbers x → the worth of the first x places."""

    def up_to(x: Array) -> Numbers:
        most = int(min(k or math.inf, x.max(initial=0)))
        sums = np.concatenate([[0.0], np.cumsum(worth(np.arange(most), k))])
        found: Numbers = sums[np.minimum(x, most)]
        return found

    return up_to


def expected(worth: Worth, k: int | None, before: Array, sizes: Array) -> Numbers:
    """The mean worth of `sizes` places after the first `before`."""
    up_to = _sums_of(worth, k)
    return (up_to(before + sizes) - up_to(before)) / sizes


def _found(gains: Numbers, runs: Runs, k: int | None) -> Numbers:
    """[g] expected positives among the first k."""
    return runs.of_groups(runs.sums(gains > 0) * expected(ones, k, runs.before, runs.sizes))


def _log_factorials(sizes: Array) -> Numbers:
    """log 0!, log 1!, … up to the largest size."""
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, int(sizes.max(initial=0)) + 1)))])
