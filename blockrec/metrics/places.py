"""Ranking metrics of lists with one positive each, from its place alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from blockrec.language.metrics import Metric
from blockrec.metrics.found import Found
from blockrec.metrics.measure import Array, Undefined, check_rows
from blockrec.metrics.ranking import Worth, discounts, expected, ones, reciprocals

WORTH: dict[str, Worth] = {"recall": ones, "hit": ones, "precision": ones, "ndcg": discounts, "mrr": reciprocals}


@dataclass
class Places:
    """Where positives stand in their lists; equal scores share their places.

    before: items with a higher score. sizes: items with the same score, itself included. missing: positives that no
    list has. not_finite: lists with a score that is no finite number. details: what is known beside the metrics.
    """

    before: list[Array] = field(default_factory=list)
    sizes: list[Array] = field(default_factory=list)
    missing: int = 0
    not_finite: int = 0
    details: dict[str, int | str] = field(default_factory=dict)

    def add(self, scores: Array, target: Array) -> None:
        """scores: [b, i], −∞ for what is not ranked; target: [b] the column of each positive."""
        own = scores[np.arange(len(target)), target][:, None]
        self.not_finite += int((np.isnan(scores) | (scores == np.inf)).any(axis=1).sum())
        self.before.append((scores > own).sum(axis=1))
        self.sizes.append((scores == own).sum(axis=1))

    def value(self, metric: Metric) -> float:
        """The mean over all positives; one that no list has is never found."""
        counted = sum(map(len, self.sizes))
        check_rows(counted + self.missing)
        if self.not_finite:
            raise Undefined(f"{self.not_finite:,} of {counted:,} lists have a score that is no finite number")
        if not counted:
            return 0.0
        worth = expected(WORTH[metric.kind.name], metric.k, np.concatenate(self.before), np.concatenate(self.sizes))
        most = metric.k if metric.kind.name == "precision" and metric.k else 1
        return float(worth.sum()) / most / (counted + self.missing)

    def results(self, metrics: list[Metric]) -> Found:
        """Of these metrics."""
        values: dict[str, float] = {}
        undefined: dict[str, str] = {}
        for metric in metrics:
            try:
                values[metric.name] = self.value(metric)
            except Undefined as reason:
                undefined[metric.name] = str(reason)
        return Found(values, undefined, dict.fromkeys(values, self.details))
