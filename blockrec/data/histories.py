"""Which events enter the histories of a sequence, and where each history starts and ends among them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blockrec.data.events import Index, Log
from blockrec.data.plan import Plan
from blockrec.data.samples import Samples
from blockrec.diagnostics import Diagnostics

Mask = NDArray[np.bool_]


def kept_events(plan: Plan, log: Log, sequence: str, report: Diagnostics) -> Mask | None:
    """[events] which of them enter the histories of a sequence; None: all."""
    where = plan.histories.get(sequence)
    return None if where is None else where.mask(log.table, report)


def bounds_of(log: Log, kept: Mask | None, owner: Index, end: Index) -> tuple[Index, Index]:
    """[n], [n] where histories start and end among the kept events."""
    start = log.first(owner)
    if kept is None:
        return start, end
    before = np.concatenate([[0], np.cumsum(kept)])
    return before[start], before[end]


def lengths_of(plan: Plan, log: Log, samples: Samples, report: Diagnostics) -> Index:
    """[n] steps in the shortest history of each sample that `history:` describes, else its earlier events."""
    masks = [kept_events(plan, log, name, report) for name in plan.histories] or [None]
    bounds = [bounds_of(log, mask, samples.owner, samples.end) for mask in masks]
    return np.asarray(np.min([end - start for start, end in bounds], axis=0))
