"""Positives with the negatives drawn for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blockrec.data.arrow import Array
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.samples import Drawn, SamplePlan, Samples
from blockrec.data.frame import spans
from blockrec.data.sampling.negatives import Forbidden, NegativesPlan, draw

Index = NDArray[np.int64]


def with_negatives(
    samples: Samples, log: Log, trained: NDArray[np.bool_], plan: SamplePlan, item: str
) -> tuple[Samples, Array]:
    """Each sample followed by its negatives, and for each of them the sample that it stems from."""
    assert plan.negatives is not None and plan.positives is not None
    values, codes = log.frame.codes(item)
    of = np.repeat(np.arange(len(samples), dtype=samples.row.dtype), plan.negatives.per_positive)
    drawn = _drawn(samples, log, codes, len(values), trained, plan.negatives, of)
    of, drawn = of[drawn >= 0], drawn[drawn >= 0]
    stem = np.concatenate([np.arange(len(samples), dtype=of.dtype), of])
    order = np.argsort(stem, kind="stable")
    stem = stem[order]
    items = np.concatenate([np.full(len(samples), -1, np.int32), drawn.astype(np.int32)])[order]
    last = _last_event(log, codes, trained, len(values))
    columns = {name: log.frame.columns[name].take(last) for name in plan.attributes}
    both = samples.take(stem)
    made = {**both.made, plan.positives.label: (items < 0).astype(np.int8)}
    return replace(both, made=made, drawn=Drawn(items, {**columns, item: values})), stem


def _drawn(
    samples: Samples, log: Log, codes: Array, items: int, trained: NDArray[np.bool_], plan: NegativesPlan, of: Array
) -> Index:
    counts = np.bincount(codes[trained & (codes >= 0)], minlength=items)
    weights = counts if plan.by == "popularity" else (counts > 0).astype(np.int64)
    if plan.avoid == "seen":
        queries, forbidden = samples.user[of].astype(np.int64), _met(log, codes, items)
    else:
        queries = of.astype(np.int64)
        forbidden = Forbidden.of(np.arange(len(samples)), codes[samples.event], items)
    return draw(queries, weights, forbidden, np.random.default_rng(plan.seed))


def _met(log: Log, codes: Array, items: int) -> Forbidden:
    """What users met: sorted by user, as the log is, a part at a time."""
    parts = [np.zeros(0, np.int64)]
    for start, stop in spans(len(log)):
        pairs = Forbidden.of(log.owner[start:stop], codes[start:stop], items).pairs
        if len(pairs):
            before = parts.pop()
            # The first user may lie in the part before, too.
            first = np.searchsorted(before, pairs[0] // items * items)
            parts += [before[:first], np.union1d(before[first:], pairs)]
    return Forbidden(np.concatenate(parts), items)


def _last_event(log: Log, codes: Array, trained: NDArray[np.bool_], items: int) -> Index:
    """[items] the item's last event of the training part (0: none); of several at one moment, the last in the log."""
    last = np.full(items, -1, np.int64)
    for start, stop in spans(len(log)):
        events = start + np.flatnonzero(trained[start:stop] & (codes[start:stop] >= 0))
        events = events[np.argsort(log.time[events], kind="stable")]
        newest = np.full(items, -1, np.int64)
        newest[codes[events]] = events  # of several events of one item, numpy keeps the one assigned last
        found = np.flatnonzero(newest >= 0)
        later = found[(last[found] < 0) | (log.time[newest[found]] >= log.time[last[found]])]
        last[later] = newest[later]
    return np.maximum(last, 0)
