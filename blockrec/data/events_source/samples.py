"""The samples of a log: events, chosen events with sampled negatives, or impressions from a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Column
from blockrec.data.events_source.events import Log
from blockrec.data.frame import Frame, Held, Values, index_type, spans
from blockrec.data.sampling.negatives import NegativesPlan
from blockrec.data.sources.joined import JoinedFiles
from blockrec.data.sources.tables import Need, Origin, kinds_of
from blockrec.data.splits import TRAIN, Part, rank_from_end
from blockrec.data.where import Condition, masked
from blockrec.diagnostics import Diagnostics, Span, fail


@dataclass(frozen=True)
class Positives:
    """Which events are positives: of those that fulfil `where`, the `last` of a user; of these the `newest` and every
    n-th before them.
    """

    where: Condition | None
    last: int | None
    every: int
    newest: int
    label: str
    at: Span = field(repr=False)

    @property
    def key(self) -> list[object]:
        """Plain values that decide which events are chosen."""
        return [self.where and self.where.text, self.last, self.every, self.newest, self.label]


@dataclass(frozen=True)
class Impressions:
    """A file of samples, its user and time under the names they have in the log. `needs`: columns that are read."""

    source: JoinedFiles
    needs: dict[str, Need]


@dataclass(frozen=True)
class SamplePlan:
    """How samples are made. `labels`: columns made from a row. `attributes`: columns that belong to the item."""

    min_history: int
    labels: dict[str, Condition]
    positives: Positives | None
    negatives: NegativesPlan | None
    impressions: Impressions | None
    attributes: tuple[str, ...]

    @property
    def key(self) -> list[object]:
        """Plain values that decide which samples a given log gives."""
        labels = {name: condition.text for name, condition in self.labels.items()}
        positives = self.positives and self.positives.key
        needs = self.impressions and [self.impressions.source.key, kinds_of(self.impressions.needs)]
        return [self.min_history, labels, positives, self.negatives, needs, self.attributes]


@dataclass(frozen=True)
class Base:
    """Rows that samples are chosen from: the events of a log, or impressions.

    own: [rows] its user among all samples.  user: [rows] its user in the log (−1: has no events).
    end: [rows] the event before which its history ends.
    """

    frame: Frame
    origin: Origin
    own: Array
    user: Array
    time: Array
    end: Array
    is_log: bool


@dataclass(frozen=True)
class Drawn:
    """item: [n] the place of the item that was drawn, −1 for a positive. values: of all items, by column."""

    item: Array
    values: Mapping[str, Column]


@dataclass(frozen=True)
class Samples:
    """Samples before they are encoded: places in `base`, so that one takes a few bytes.

    row: [n] which row each is.  donor: [n] the row whose history it has (its own).
    made: name → [n], columns that are not in `base`.  drawn: where negatives were drawn.
    """

    base: Base
    row: Array
    donor: Array
    made: Mapping[str, Array] = field(default_factory=dict)
    drawn: Drawn | None = None

    def __len__(self) -> int:
        return len(self.row)

    @property
    def own(self) -> Array:
        """[n] the user among all samples."""
        return self.base.own[self.row]

    @property
    def user(self) -> Array:
        """[n] the user in the log, −1 for one without events."""
        return self.base.user[self.row]

    @property
    def time(self) -> Array:
        """[n] its moment."""
        return self.base.time[self.row]

    @property
    def event(self) -> Array:
        """[n] its own event in the log, −1 for an impression."""
        return self.row if self.base.is_log else np.full(len(self), -1)

    @property
    def frame(self) -> Frame:
        """The columns of each."""
        found = self.base.frame.chosen(self.row)
        made: dict[str, Values] = {name: Held(pa.array(values)) for name, values in self.made.items()}
        if self.drawn is not None:
            for name, values in self.drawn.values.items():
                made[name] = Replaced(found.columns[name], self.drawn.item, values)
        return found.having(made)

    def take(self, index: Array | slice) -> Samples:
        """The samples at `index`, in that order."""
        row = self.row[index]
        donor = row if self.donor is self.row else self.donor[index]
        made = {name: values[index] for name, values in self.made.items()}
        drawn = self.drawn and replace(self.drawn, item=self.drawn.item[index])
        return replace(self, row=row, donor=donor, made=made, drawn=drawn)

    def keep(self, mask: NDArray[np.bool_], what: str, at: Span) -> Samples:
        """Those where `mask` holds; E505 if that removes the last one."""
        if len(self) and not mask.any():
            raise fail("E505", f"no sample is left: {what} removes the last {len(self):,}", at)
        return self if mask.all() else self.take(np.flatnonzero(mask).astype(self.row.dtype))


@dataclass(frozen=True)
class Replaced:
    """A column of samples; those that were drawn have the values of their item."""

    values: Values
    item: Array
    of_items: Column

    @property
    def type(self) -> Any:
        return self.values.type

    def part(self, start: int, stop: int) -> Column:
        return self._mixed(self.values.part(start, stop), self.item[start:stop])

    def take(self, rows: Array) -> Column:
        return self._mixed(self.values.take(rows), self.item[rows])

    def _mixed(self, own: Column, item: Array) -> Column:
        drawn = np.flatnonzero(item >= 0)
        index = np.arange(len(own))
        index[drawn] = len(own) + np.arange(len(drawn))
        return pa.concat_arrays([own, self.of_items.take(pa.array(item[drawn]))]).take(pa.array(index))


def of_events(log: Log, ordered: bool = False) -> Samples:
    """Every event as a sample; `ordered`: events of its own moment that stand before it are earlier than it."""
    row = np.arange(len(log), dtype=index_type(len(log)))
    earlier = row if ordered else log.earlier
    return Samples(Base(log.frame, log.origin, log.owner, log.owner, log.time, earlier, True), row, row)


def with_labels(samples: Samples, labels: dict[str, Condition], report: Diagnostics) -> Samples:
    """Samples with a 0/1 column for each condition."""
    frame = samples.frame
    made = {name: masked(condition, frame, report).astype(np.int8) for name, condition in labels.items()}
    report.raise_errors()
    return replace(samples, made={**samples.made, **made})


def chosen(samples: Samples, plan: Positives, report: Diagnostics) -> Samples:
    """The positives, labelled 1."""
    if plan.where is not None:
        mask = masked(plan.where, samples.frame, report)
        report.raise_errors()
        samples = samples.keep(mask, f"`where: {plan.where.text}`", plan.where.at)
    back = rank_from_end(samples.own)
    taken = (back < plan.newest) | ((back - plan.newest) % plan.every == 0)
    if plan.last is not None:
        taken &= back < plan.last
    samples = samples.keep(taken, "`positives`", plan.at)
    return replace(samples, made={**samples.made, plan.label: np.ones(len(samples), np.int8)})


def trained_events(log: Log, samples: Samples, part: Part) -> NDArray[np.bool_]:
    """[events] which belong to the training part: those up to a user's last training sample, itself included."""
    last = log.starts[:-1].copy()
    for start, stop in spans(len(samples)):
        some = samples.take(slice(start, stop))
        train = np.flatnonzero((part[start:stop] == TRAIN) & (some.user >= 0))
        np.maximum.at(last, some.user[train], np.maximum(some.base.end[some.row], some.event + 1)[train])
    trained = np.empty(len(log), bool)
    for start, stop in spans(len(log)):
        trained[start:stop] = np.arange(start, stop) < last[log.owner[start:stop]]
    return trained
