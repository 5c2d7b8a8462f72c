"""Positives with the negatives drawn for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Table, one_chunk
from blockrec.data.events import Index, Log
from blockrec.data.negatives import Forbidden, NegativesPlan, draw
from blockrec.data.samples import ARRAYS, SamplePlan, Samples, with_column
from blockrec.data.vocabulary import codes_of


def with_negatives(
    samples: Samples, log: Log, trained: NDArray[np.bool_], plan: SamplePlan, item: str
) -> tuple[Samples, Index]:
    """Each sample followed by its negatives, and for each of them the sample that it stems from."""
    assert plan.negatives is not None and plan.positives is not None
    samples = replace(samples, table=_plain(samples.table))
    values, codes = codes_of(log.table.column(item))
    of = np.repeat(np.arange(len(samples)), plan.negatives.per_positive)
    drawn = _drawn(samples, log, codes, len(values), trained, plan.negatives, of)
    of, drawn = of[drawn >= 0], drawn[drawn >= 0]
    last = _last_event(log, codes, trained, len(values))[drawn]
    negatives = samples.take(of)
    table = with_column(negatives.table, item, values.take(pa.array(drawn)))
    for name in plan.attributes:
        table = with_column(table, name, one_chunk(log.table.column(name)).take(pa.array(last)))
    table = with_column(table, plan.positives.label, pa.array(np.zeros(len(of), np.int8)))
    both = _appended(samples, replace(negatives, table=table))
    stem = np.concatenate([np.arange(len(samples)), of])
    order = np.argsort(stem, kind="stable")
    return both.take(order), stem[order]


def _drawn(
    samples: Samples, log: Log, codes: Index, items: int, trained: NDArray[np.bool_], plan: NegativesPlan, of: Index
) -> Index:
    counts = np.bincount(codes[trained & (codes >= 0)], minlength=items)
    weights = counts if plan.by == "popularity" else (counts > 0).astype(np.int64)
    if plan.avoid == "seen":
        queries, forbidden = samples.user[of], Forbidden.of(log.owner, codes, items)
    else:
        queries, forbidden = of, Forbidden.of(np.arange(len(samples)), codes[samples.event], items)
    return draw(queries, weights, forbidden, np.random.default_rng(plan.seed))


def _last_event(log: Log, codes: Index, trained: NDArray[np.bool_], items: int) -> Index:
    """[items] the item's last event of the training part."""
    events = np.flatnonzero(trained & (codes >= 0))
    events = events[np.argsort(log.time[events], kind="stable")]
    last = np.zeros(items, np.int64)
    last[codes[events]] = events  # of several events of one item, numpy keeps the one assigned last
    return last


def _appended(first: Samples, second: Samples) -> Samples:
    arrays: dict[str, Any] = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in ARRAYS}
    return replace(first, table=pa.concat_tables([first.table, second.table]), **arrays)


def _plain(table: Table) -> Table:
    """Text that is stored as numbers into a dictionary, as text."""
    for i, field_ in enumerate(table.schema):
        if pa.types.is_dictionary(field_.type):
            table = table.set_column(i, field_.name, one_chunk(table.column(i)))
    return table
