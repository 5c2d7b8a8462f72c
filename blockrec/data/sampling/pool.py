"""The items that may be negatives: those of the training part, with what is known of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import UNFIT, Array, Column, array_of, one_chunk
from blockrec.data.encoding.derived import Place
from blockrec.data.encoding.reader import is_list
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.histories import Mask
from blockrec.data.events_source.rows import Rows
from blockrec.data.frame import Frame, Held, spans
from blockrec.data.sampling.collector import Collector
from blockrec.data.sampling.numbering import Index
from blockrec.data.sampling.plan import POPULARITY, PROBABILITY, SAMPLED, DrawPlan, avoids_seen
from blockrec.data.sources.joined import ROW
from blockrec.diagnostics import fail

CANDIDATES, SEEN = "candidates.arrow", "seen.arrow"


@dataclass(frozen=True)
class Pool:
    """What was collected, and where its rows stand in the user's files.

    hard_seen: how many hard negatives were looked at, and how many of them are candidates.
    """

    plan: DrawPlan
    found: Collector
    place: Place
    hard_seen: Index = field(default_factory=lambda: np.zeros(2, np.int64))

    @classmethod
    def of(cls, plan: DrawPlan, log: Log, trained: Mask) -> Pool:
        """The items of the events that are `trained`."""
        found = Collector(plan.item, avoids_seen(plan))
        for start, stop in spans(len(log)):
            mask = trained[start:stop]
            table = log.frame.table(log.frame.columns, start, stop).filter(pa.array(mask))
            found.see(table, log.time[start:stop][mask], log.owner[start:stop][mask])
        rows = found.last.column(ROW)
        return cls(plan, found, lambda i: str(log.origin.place(rows[i].as_py())))

    def weights(self) -> NDArray[np.float64]:
        """[m] how often each is drawn, up to a factor."""
        assert self.plan.sampled is not None
        return np.asarray(self.found.counts.astype(np.float64) ** self.plan.sampled.alpha)

    def rows(self) -> Rows:
        """What the fields of negatives are encoded from: a row for each candidate."""
        made = {name: Held(pa.array(x)) for name, x in self._logarithms(np.arange(len(self.found.counts))).items()}
        return Rows(Frame.of(self.found.last).having(made), self.place, np.ones(len(self.found.counts), bool))

    def made(self, samples: Frame) -> dict[str, Array]:
        """The made columns of samples, about their own items: [n] each. E503 if those are of another kind."""
        return self._logarithms(self._codes(samples, self.plan.item)) if self.plan.made else {}

    def _logarithms(self, codes: Index) -> dict[str, Array]:
        """The made columns that are read, of candidates: [n] each."""
        weights = {POPULARITY: lambda: self.found.counts.astype(np.float64), PROBABILITY: self.weights}
        return {name: _logarithms(weights[name]())[codes] for name in self.plan.made}

    def columns(self, samples: Frame, users: Array) -> dict[str, Array]:
        """What drawing needs of samples: their own candidates, and their users if these matter."""
        if SAMPLED not in self.plan.sequences:
            return {}
        found: dict[str, Array] = {f"{SAMPLED}/item": self._codes(samples, self.plan.item).astype(np.int32)}
        return {**found, f"{SAMPLED}/user": users.astype(np.int32)} if avoids_seen(self.plan) else found

    def hard(self, samples: Frame) -> tuple[Index, Index]:
        """[n + 1] offsets and [Σ] candidates of the hard negatives; those that the training part lacks are left out."""
        assert self.plan.hard is not None
        own, counts, codes = (
            self._codes(samples, self.plan.item),
            np.zeros(samples.rows, np.int64),
            [np.zeros(0, np.int64)],
        )
        for start, stop in spans(samples.rows):
            column = one_chunk(samples.columns[self.plan.hard].part(start, stop))
            lengths = np.ones(stop - start, np.int64)
            if is_list(column.type):
                lengths, column = array_of(pc.fill_null(pc.list_value_length(column), 0)), column.flatten()
            found, owner = self._find(column, self.plan.hard), np.repeat(np.arange(start, stop), lengths)
            kept = (found >= 0) & (found != own[owner])
            counts += np.bincount(owner[kept], minlength=samples.rows)
            codes.append(found[kept])
            self.hard_seen[:] += np.array([len(found), np.count_nonzero(found >= 0)])
        return np.concatenate([[0], np.cumsum(counts)]), np.concatenate(codes)

    def check_hard(self) -> None:
        """E505 if there were hard negatives, and none of them is an item of the training part."""
        given, known = self.hard_seen.tolist()
        if given and not known and len(self.found.counts):
            items = f"the {len(self.found.counts):,} items of the training part"
            message = f"none of the {given:,} items in `{self.plan.hard}` is one of {items}"
            raise fail("E505", message, self.plan.at, help=f"both must be ids as those of `{self.plan.item}`")

    def _codes(self, samples: Frame, name: str) -> Index:
        column = samples.columns[name]
        return np.concatenate([self._find(column.part(*span), name) for span in spans(samples.rows)])

    def _find(self, column: Column, name: str) -> Index:
        """[n] the candidates that items are, −1 for others; E503 if they are of another kind."""
        try:
            return self.found.items.find(column)
        except UNFIT as error:
            kind = self.found.items.values.type
            message = f"column `{name}` is {one_chunk(column).type}, and items of the training part are {kind}"
            raise fail("E503", message, self.plan.at) from error

    def write(self, folder: Path) -> None:
        """What draws are made from."""
        if SAMPLED in self.plan.sequences:
            arrow.write(folder / CANDIDATES, arrow.table_of({"weight": self.weights()}))
            if avoids_seen(self.plan):
                arrow.write(folder / SEEN, arrow.table_of({"pair": self.found.met()}))


def _logarithms(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """[m + 1] of the shares; the last one is for items that are none of them, as if met once."""
    total = max(float(weights.sum()), 1.0)
    return np.log(np.append(weights, 1.0) / total)
