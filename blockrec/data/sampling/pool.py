"""The items that may be negatives: those of the training part, with what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column, Table, array_of, one_chunk
from blockrec.data.events import Index, Log
from blockrec.data.histories import Mask
from blockrec.data.reader import is_list
from blockrec.data.rows import Rows
from blockrec.data.samples import Samples, with_column
from blockrec.data.sampling.plan import POPULARITY, PROBABILITY, SAMPLED, DrawPlan
from blockrec.data.sources.joined import ROW
from blockrec.data.vocabulary import codes_of
from blockrec.diagnostics import Diagnostics, fail

CANDIDATES, SEEN = "candidates.arrow", "seen.arrow"


@dataclass(frozen=True)
class Pool:
    """Candidates, and who has met which.

    items: [m] their ids. table: [m] the last event of each in the training part. counts: [m] their events there.
    pairs: sorted user · m + item of what users met in the training part; None if that does not matter.
    """

    plan: DrawPlan
    items: Column
    table: Table
    counts: Index
    pairs: Index | None
    log: Log

    @classmethod
    def of(cls, plan: DrawPlan, log: Log, trained: Mask) -> Pool:
        """The items of the events that are `trained`."""
        events = np.flatnonzero(trained)
        items, codes = codes_of(log.table.column(plan.item).take(pa.array(events)))
        events, codes = events[codes >= 0], codes[codes >= 0]
        last = _last_of_each(codes, log.time[events], len(items))
        avoids = plan.sampled is not None and plan.sampled.avoid == "seen"
        pairs = np.unique(log.owner[events].astype(np.int64) * len(items) + codes) if avoids else None
        counts = np.bincount(codes, minlength=len(items))
        return cls(plan, items, log.table.take(pa.array(events[last])), counts, pairs, log)

    def weights(self) -> NDArray[np.float64]:
        """[m] how often each is drawn, up to a factor."""
        assert self.plan.sampled is not None
        return np.asarray(self.counts.astype(np.float64) ** self.plan.sampled.alpha)

    def rows(self) -> Rows:
        """What the fields of negatives are encoded from."""
        table = self._described(self.table, np.arange(len(self.items)))
        rows = table.column(ROW)
        return Rows(table, lambda i: str(self.log.origin.place(rows[i].as_py())), np.ones(len(table), bool))

    def described(self, samples: Samples) -> Samples:
        """The samples with the made columns of their own items; E503 if their items are of another kind."""
        column = samples.table.column(self.plan.item)
        try:
            return replace(samples, table=self._described(samples.table, self.codes(column)))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise fail("E503", self._other_kind(self.plan.item, column), self.plan.at) from error

    def codes(self, items: Column) -> Index:
        """[n] the candidate that each item is; −1 for null and an item that the training part does not have."""
        plain = one_chunk(items)
        if plain.type != self.items.type:
            plain = plain.cast(self.items.type)
        return array_of(pc.fill_null(pc.index_in(plain, self.items), -1)).astype(np.int64)

    def _described(self, table: Table, codes: Index) -> Table:
        table = with_column(table, POPULARITY, pa.array(_logarithms(self.counts.astype(np.float64))[codes]))
        if self.plan.sampled is not None:
            table = with_column(table, PROBABILITY, pa.array(_logarithms(self.weights())[codes]))
        return table

    def columns(self, samples: Samples) -> dict[str, Array]:
        """What drawing needs of each sample: its own candidate, and its user if that matters."""
        if SAMPLED not in self.plan.sequences:
            return {}
        found: dict[str, Array] = {f"{SAMPLED}/item": self.codes(samples.table.column(self.plan.item)).astype(np.int32)}
        return found if self.pairs is None else {**found, f"{SAMPLED}/user": samples.user.astype(np.int32)}

    def hard(self, samples: Samples, report: Diagnostics) -> tuple[Index, Index]:
        """[n + 1] offsets and [Σ] candidates of the hard negatives; those that the training part lacks are left out."""
        assert self.plan.hard is not None
        column = one_chunk(samples.table.column(self.plan.hard))
        offsets = np.arange(len(samples) + 1)
        if is_list(column.type):
            lengths = array_of(pc.fill_null(pc.list_value_length(column), 0))
            offsets, column = np.concatenate([[0], np.cumsum(lengths)]), column.flatten()
        try:
            codes = self.codes(column)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            report.error("E503", self._other_kind(self.plan.hard, column), self.plan.at)
            return np.zeros(len(samples) + 1, np.int64), np.zeros(0, np.int64)
        owner = np.repeat(np.arange(len(samples)), np.diff(offsets))
        own = self.codes(samples.table.column(self.plan.item))
        kept = (codes >= 0) & (codes != own[owner])
        return np.concatenate([[0], np.cumsum(np.bincount(owner[kept], minlength=len(samples)))]), codes[kept]

    def _other_kind(self, name: str, column: Column) -> str:
        return f"column `{name}` is {one_chunk(column).type}, and items of the log are {self.items.type}"

    def write(self, folder: Path) -> None:
        """What draws are made from."""
        if SAMPLED in self.plan.sequences:
            arrow.write(folder / CANDIDATES, arrow.table_of({"weight": self.weights()}))
            if self.pairs is not None:
                arrow.write(folder / SEEN, arrow.table_of({"pair": self.pairs}))


def _last_of_each(codes: Index, time: Array, number: int) -> Index:
    """[number] the last place of each code; of equal times the later place."""
    latest = np.full(number, time.min(initial=0), time.dtype)
    np.maximum.at(latest, codes, time)
    places = np.flatnonzero(time == latest[codes])
    last = np.zeros(number, np.int64)
    last[codes[places]] = places  # of several places of one code, numpy keeps the one assigned last
    return last


def _logarithms(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m + 1] of the shares; the last one is for items that are none of them, as if met once."""
    total = max(float(weights.sum()), 1.0)
    return np.log(np.append(weights, 1.0) / total)
