"""Whether two models differ by more than their seeds do: a paired test over the seeds that both were trained with."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blockrec.run.compare.student import quantile, two_sided

CONFIDENCE = 0.95
ASSUMES = (
    "p: two-sided paired t-test over seeds, Holm-corrected for the comparisons of a metric. It takes the\n"
    "differences of the seeds as independent and normal; it tells an effect from the chance of training,\n"
    "not from that of the data."
)


@dataclass(frozen=True)
class Paired:
    """A metric of a model minus that of another one, seed by seed.

    mean, half: the mean difference and half of its 95 % confidence interval. p: two-sided, uncorrected. adjusted: by
    Holm's method for all comparisons of the metric.
    """

    metric: str
    seeds: tuple[int, ...]
    mean: float
    half: float
    p: float
    adjusted: float = math.nan

    @classmethod
    def of(cls, metric: str, ours: Mapping[int, float], theirs: Mapping[int, float]) -> Paired | None:
        """From values by seed; None with fewer than two seeds in common."""
        seeds = tuple(sorted(ours.keys() & theirs.keys()))
        if len(seeds) < 2:
            return None
        differences = [ours[seed] - theirs[seed] for seed in seeds]
        mean, error = statistics.fmean(differences), statistics.stdev(differences) / math.sqrt(len(seeds))
        freedom = len(seeds) - 1
        t = mean / error if error else math.copysign(math.inf, mean) if mean else 0.0
        return cls(metric, seeds, mean, quantile(CONFIDENCE, freedom) * error, two_sided(t, freedom))

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        interval = [self.mean - self.half, self.mean + self.half]
        return {
            "difference": self.mean,
            "interval": interval,
            "p": self.p,
            "p_adjusted": self.adjusted,
            "seeds": [*self.seeds],
        }


def adjusted(p_values: Sequence[float]) -> list[float]:
    """Holm (1979): what to compare with a level so that all comparisons together err with at most that probability.

    >>> adjusted([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    found, highest = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, p_values[i] * (len(p_values) - rank)))
        found[i] = highest
    return found


def by_seed(runs: Iterable[Any], metric: str) -> dict[int, float]:
    """Seed → the metric's value; a seed that several runs have counts once, by its first run."""
    found: dict[int, float] = {}
    for run in runs:
        if metric in run.metrics:
            found.setdefault(run.seed, run.metrics[metric])
    return found
