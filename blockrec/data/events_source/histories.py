"""Which events enter the histories of a sequence, and where each history starts and ends among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blockrec.data.arrow import Array
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.samples import Samples
from blockrec.data.frame import index_type, spans
from blockrec.data.where import masked
from blockrec.diagnostics import Diagnostics

Mask = NDArray[np.bool_]


def kept_events(plan: Plan, log: Log, sequence: str, report: Diagnostics) -> Mask | None:
    """[events] which of them enter the histories of a sequence; None: all."""
    where = plan.histories.get(sequence)
    return None if where is None else masked(where, log.frame, report)


@dataclass(frozen=True)
class Bounds:
    """Where histories start and end among the kept events. before: [events + 1] how many are kept; None: all are."""

    log: Log
    samples: Samples
    before: Array | None

    @classmethod
    def of(cls, log: Log, samples: Samples, kept: Mask | None) -> Bounds:
        """Of the histories of samples."""
        if kept is None:
            return cls(log, samples, None)
        kind = index_type(len(log) + 1)
        return cls(log, samples, np.concatenate([np.zeros(1, kind), np.cumsum(kept, dtype=kind)]))

    def __getitem__(self, rows: Array | slice) -> tuple[Array, Array]:
        """[n], [n] of some samples."""
        donor = self.samples.donor[rows]
        start, end = self.log.first(self.samples.base.user[donor]), self.samples.base.end[donor]
        if self.before is not None:
            start, end = self.before[start], self.before[end]
        kind = index_type(len(self.log) + 1)
        return start.astype(kind), end.astype(kind)


def lengths_of(plan: Plan, log: Log, samples: Samples, report: Diagnostics) -> Array:
    """[n] steps in the shortest history of each sample that `history:` describes, else its earlier events."""
    masks = [kept_events(plan, log, name, report) for name in plan.histories] or [None]
    bounds = [Bounds.of(log, samples, mask) for mask in masks]
    lengths = np.empty(len(samples), index_type(len(log) + 1))
    for start, stop in spans(len(samples)):
        found = (bound[start:stop] for bound in bounds)
        lengths[start:stop] = np.min([last - first for first, last in found], axis=0)
    return lengths
