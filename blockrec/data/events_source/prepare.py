"""From a sorted log to what batches are gathered from: samples in their parts, sequences, vocabularies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Array
from blockrec.data.events_source.control import with_exchanged_histories
from blockrec.data.events_source.draws import with_negatives
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.histories import kept_events, lengths_of
from blockrec.data.events_source.impressions import of_impressions
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.samples import Samples, chosen, of_events, trained_events, with_labels
from blockrec.data.events_source.write import Writer
from blockrec.data.sampling.pool import Pool
from blockrec.data.splits import NAMES, TRAIN, Part
from blockrec.diagnostics import Diagnostics, fail


def prepare(plan: Plan, log: Log, folder: Path, report: Diagnostics, progress: Callable[[str], None]) -> None:
    """Write everything that a `Dataset` maps into `folder`; raises `BlockrecError` after errors."""
    progress("making samples")
    kept = {name: kept_events(plan, log, name, report) for name in plan.sequences}
    report.raise_errors()
    samples = _samples(plan, log, report)
    _same_clock(plan, log)
    part = plan.split.parts(samples.own, samples.time)
    if plan.fitted is None and not (part == TRAIN).any():
        raise fail("E505", f"no sample is left to train with: the split takes all {len(part):,}", plan.at["split"])
    trained = trained_events(log, samples, part)
    if plan.shuffle_histories:
        samples = with_exchanged_histories(samples, part)
    if plan.samples.negatives is not None:
        assert plan.item is not None
        samples, stem = with_negatives(samples, log, trained, plan.samples, plan.item)
        part = part[stem]
    order = _by_part(part, samples.row.dtype)
    samples, part = samples.take(order), part[order]
    progress(f"encoding {len(samples):,} samples")
    pool = Pool.of(plan.draws, log, trained) if plan.draws is not None else None
    if pool is not None:
        samples = replace(samples, made={**samples.made, **pool.made(samples.frame)})
    Writer(plan, log, samples, part, trained, kept, report, progress, pool).write(folder)


def _by_part(part: Part, kind: Any) -> Array:
    """[n] the samples of each part, in their order."""
    return np.concatenate([np.flatnonzero(part == name).astype(kind) for name in range(len(NAMES))])


def _same_clock(plan: Plan, log: Log) -> None:
    """E503 for moments of the split that are dates where times are numbers, or the reverse."""
    dated = pa.types.is_timestamp(log.frame.columns[plan.log.time].type)
    if plan.split.test_from is not None and plan.split.dated != dated:
        what = ("a date", "numbers") if plan.split.dated else ("a number", "timestamps")
        message = f"`test_from` is {what[0]}, but the times in column `{plan.log.time}` are {what[1]}"
        raise fail("E503", message, plan.at["split"])


def _samples(plan: Plan, log: Log, report: Diagnostics) -> Samples:
    made = plan.samples
    if made.impressions is not None:
        samples = of_impressions(made.impressions, log, plan.log.user, plan.log.time, report)
    else:
        samples = of_events(log, plan.log.ties == "ordered")
    _not_empty(plan, log, samples)
    if made.min_history:
        enough = lengths_of(plan, log, samples, report) >= made.min_history
        samples = samples.keep(enough, f"`min_history: {made.min_history}`", plan.at["min_history"])
    if made.positives is not None:
        samples = chosen(samples, made.positives, report)
    return with_labels(samples, made.labels, report)


def _not_empty(plan: Plan, log: Log, samples: Samples) -> None:
    if plan.log.where is not None and log.rows_read and not log.rows_fulfilling:
        where = plan.log.where
        raise fail("E505", f"no event is left: `where: {where.text}` removes all {log.rows_read:,}", where.at)
    least = plan.log.least
    if least is not None and log.rows_fulfilling and not len(log):
        message = f"no event is left: `min_events` removes all {log.rows_fulfilling:,}"
        raise fail("E505", message, least.at)
    if not len(samples):
        source = plan.samples.impressions.source if plan.samples.impressions else plan.log.source
        files = source.files
        raise fail("E505", f"no sample: {', '.join(f'`{p}`' for p in files.paths)} has no rows", files.at)
