"""The samples of a log: events, chosen events with sampled negatives, or impressions from a file of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Table, one_chunk
from blockrec.data.events import Index, Log
from blockrec.data.keys import check_keys
from blockrec.data.negatives import NegativesPlan
from blockrec.data.sources.joined import JoinedFiles
from blockrec.data.sources.tables import Need, Origin, kinds_of
from blockrec.data.splits import TRAIN, Part, rank_from_end
from blockrec.data.spool import times_of
from blockrec.data.vocabulary import codes_of
from blockrec.data.where import Condition
from blockrec.diagnostics import Diagnostics, Span, fail

ARRAYS = ("own", "user", "time", "event", "owner", "end")


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
class Samples:
    """Samples before they are encoded.

    table: the columns of each; `ROW` is its row in `origin`.
    own: [n] its user among all samples.  user: [n] its user in the log (−1: has no events).
    event: [n] its own event in the log, −1 for an impression.
    owner, end: [n] the user whose events its history is (its own user), and the event before which it ends.
    """

    table: Table
    origin: Origin
    own: Index
    user: Index
    time: Array
    event: Index
    owner: Index
    end: Index

    def __len__(self) -> int:
        return len(self.user)

    def take(self, index: Index) -> Samples:
        """The samples at `index`, in that order."""
        arrays = {name: getattr(self, name)[index] for name in ARRAYS}
        return replace(self, table=self.table.take(pa.array(index)), **arrays)

    def keep(self, mask: NDArray[np.bool_], what: str, at: Span) -> Samples:
        """Those where `mask` holds; E505 if that removes the last one."""
        if len(self) and not mask.any():
            raise fail("E505", f"no sample is left: {what} removes the last {len(self):,}", at)
        return self.take(np.flatnonzero(mask))


def of_events(log: Log) -> Samples:
    """Every event as a sample."""
    owner, event = log.owner.astype(np.int64), np.arange(len(log))
    return Samples(log.table, log.origin, owner, owner, log.time, event, owner, log.earlier.astype(np.int64))


def of_impressions(plan: Impressions, log: Log, user: str, time: str, report: Diagnostics) -> Samples:
    """The rows of a file, by user and time."""
    table, origin = plan.source.read(plan.needs, report)
    at = plan.source.files.at
    check_keys(table, user, time, origin, {user: at, time: at}, report)
    for name in (user, time):
        _comparable(table, log, name, at, report)
    report.raise_errors()
    times = times_of(table.column(time))
    users, own = codes_of(table.column(user))
    known = log.user_codes(users)[own]
    event = np.full(len(table), -1)
    samples = Samples(table, origin, own, known, times, event, known, log.before(known, times))
    return samples.take(np.lexsort((times, own)))


def _comparable(table: Table, log: Log, name: str, at: Span, report: Diagnostics) -> None:
    here, there = one_chunk(table.column(name)).type, one_chunk(log.table.column(name)).type
    if len(table) and len(log) and _family(here) != _family(there):
        report.error("E503", f"column `{name}` is {there} in the events and {here} in the samples", at)


def _family(kind: Any) -> str:
    if pa.types.is_timestamp(kind) or pa.types.is_string(kind):
        return str(kind)
    return "number"


def with_labels(samples: Samples, labels: dict[str, Condition], report: Diagnostics) -> Samples:
    """Samples with a 0/1 column for each condition."""
    table = samples.table
    for name, condition in labels.items():
        table = with_column(table, name, pa.array(condition.mask(samples.table, report).astype(np.int8)))
    report.raise_errors()
    return replace(samples, table=table)


def chosen(samples: Samples, plan: Positives, report: Diagnostics) -> Samples:
    """The positives, labelled 1."""
    if plan.where is not None:
        mask = plan.where.mask(samples.table, report)
        report.raise_errors()
        samples = samples.keep(mask, f"`where: {plan.where.text}`", plan.where.at)
    back = rank_from_end(samples.own)
    taken = (back < plan.newest) | ((back - plan.newest) % plan.every == 0)
    if plan.last is not None:
        taken &= back < plan.last
    samples = samples.keep(taken, "`positives`", plan.at)
    return replace(samples, table=with_column(samples.table, plan.label, pa.array(np.ones(len(samples), np.int8))))


def trained_events(log: Log, samples: Samples, part: Part) -> NDArray[np.bool_]:
    """[events] which belong to the training part: those up to a user's last training sample, itself included."""
    last = log.starts[:-1].copy()
    train = (part == TRAIN) & (samples.user >= 0)
    np.maximum.at(last, samples.user[train], np.maximum(samples.end, samples.event + 1)[train])
    return np.arange(len(log)) < np.repeat(last, np.diff(log.starts))


def with_column(table: Table, name: str, values: Any) -> Table:
    """The table with a column added or replaced."""
    here = table.schema.get_field_index(name)
    return table.append_column(name, values) if here < 0 else table.set_column(here, name, values)
