"""Batches: rows of mapped columns, gathered without a loop over rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from blockrec.data.arrow import Array
from blockrec.data.batching.cuts import ALONE, Rank, Size, cuts, number_of
from blockrec.data.batching.order import Shuffle, order_of
from blockrec.data.batching.permutation import Key
from blockrec.data.batching.prefetch import prefetched
from blockrec.data.encoding import calendar
from blockrec.data.encoding.derived import is_age
from blockrec.data.encoding.numbers import Edges, Fit
from blockrec.data.sampling.plan import SAMPLED
from blockrec.data.sampling.sampler import Sampler
from blockrec.jagged import Jagged
from blockrec.language.features import Calendar, Constant, Feature, Position, Sequence

Index = NDArray[np.int64]
Batch = dict[str, "Tensor | Jagged"]


@dataclass(frozen=True)
class Gather:
    """What is read for a sample, and from where.

    columns: name → [samples, ...], values of the samples; with the bounds `<sequence>/start` and `<sequence>/end`.
    steps: field, label of steps or list → [steps, ...], values of the events of a sequence, or of lists.
    features: the features that are read.  labels: names of labels and other columns that are.
    sequences: by name, also one for each pooled feature.  step_labels: label → its sequence.
    numbers: what ages become: feature (buckets: root) → edges or scale.
    sampler: draws the steps of the sequence `negatives`, if there is one; `steps` has those of all candidates.
    """

    columns: dict[str, Array]
    steps: dict[str, Array]
    features: tuple[Feature, ...]
    sequences: dict[str, Sequence]
    labels: tuple[str, ...]
    step_labels: Mapping[str, str]
    numbers: Mapping[str, Fit]
    sampler: Sampler | None = None

    def batch(self, rows: Index, key: Key = (0, 0)) -> Batch:
        """The samples `rows`, in that order; `key` (seed, epoch) decides what is drawn for them."""
        batch: Batch = {}
        for name in self.sequences:
            batch |= self._sequence(name, rows, *self._steps(name, rows, key))
        for feature in self.features:
            if feature.axis is None:
                batch[feature.name] = self._value(feature, rows)
        for name in self.labels:
            batch[name] = torch.from_numpy(self.columns[name].take(rows, axis=0))
        return batch

    def lengths(self, rows: Index) -> Index:
        """[n] steps of all sequences of each sample, without lists of a feature and negatives that are drawn."""
        total = np.zeros(len(rows), np.int64)
        others = {f.name for f in self.features if f.pool} | ({SAMPLED} if self.sampler is not None else set())
        for name in {*self.sequences} - others:
            start, end = self._window(name, rows)
            total += end - start
        return total

    def _window(self, name: str, rows: Index) -> tuple[Index, Index]:
        return window(self.sequences[name], self.columns[f"{name}/start"][rows], self.columns[f"{name}/end"][rows])

    def _value(self, feature: Feature, rows: Index) -> Tensor:
        if isinstance(feature.source, Constant):
            return _constant(feature, feature.source.value, len(rows))
        return _tensor(feature, self.columns[feature.name].take(rows, axis=0))

    def _steps(self, name: str, rows: Index, key: Key) -> tuple[Index, Index]:
        """[n] the lengths of a sequence, and [Σ] which of its steps they are."""
        if self.sampler is not None and name == SAMPLED:
            return self.sampler.draw(rows, key)
        start, end = self._window(name, rows)
        return end - start, steps_of(start, end)

    def _sequence(self, name: str, rows: Index, lengths: Index, index: Index) -> Batch:
        """All fields of one sequence over the same offsets."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        owner = np.repeat(np.arange(len(rows)), lengths)
        place = np.arange(len(index))
        shape = (torch.from_numpy(offsets), int(lengths.max(initial=0)), torch.from_numpy(owner))
        batch: Batch = {}
        for feature in self.features:
            if feature.axis == name:
                age = self._age(feature, index, rows[owner]) if is_age(feature) else None
                values = age if age is not None else self._field(feature, index, place, offsets, owner)
                batch[feature.name] = Jagged(values, *shape)
        for label in [label for label, sequence in self.step_labels.items() if sequence == name]:
            batch[label] = Jagged(torch.from_numpy(self.steps[label].take(index, axis=0)), *shape)
        return batch

    def _age(self, feature: Feature, index: Index, sample: Index) -> Tensor:
        """[steps] the minutes from each step to its sample, in buckets or as dense numbers."""
        assert isinstance(feature.source, Calendar)
        now = self.columns[f"{feature.name}/now"][sample]
        minutes = calendar.minutes(self.steps[feature.name].take(index), now)
        if feature.source.default is not None:
            minutes = np.where(np.isnan(minutes), float(feature.source.default), minutes)
        fit = self.numbers.get(feature.root if feature.kind == "id" else feature.name)
        if isinstance(fit, Edges):
            return _tensor(feature, fit.rows(minutes))
        column = minutes.reshape(-1, 1)
        return _tensor(feature, fit.applied(column) if fit is not None else column)

    def _field(self, feature: Feature, index: Index, place: Index, offsets: Index, owner: Index) -> Tensor:
        if isinstance(feature.source, Constant):
            return _constant(feature, feature.source.value, len(index))
        if isinstance(feature.source, Position):
            backwards = feature.source.direction == "from_end"
            return _tensor(feature, offsets[owner + 1] - place if backwards else place + 1 - offsets[owner])
        return _tensor(feature, self.steps[feature.name].take(index, axis=0))


def window(sequence: Sequence, start: Index, end: Index) -> tuple[Index, Index]:
    """The `max_len` last or first steps of the histories `start:end`."""
    if sequence.max_len is None:
        return start, end
    if sequence.keep == "last":
        return np.maximum(start, end - sequence.max_len), end
    return start, np.minimum(end, start + sequence.max_len)


def steps_of(start: Index, end: Index) -> Index:
    """[Σ] all steps of the histories `start:end`, one history after another."""
    lengths = end - start
    return np.asarray(np.arange(lengths.sum()) + np.repeat(start - np.cumsum(lengths) + lengths, lengths))


def _constant(feature: Feature, value: float, size: int) -> Tensor:
    shape = (size, feature.width) if feature.kind == "dense" else (size,)
    return torch.from_numpy(np.full(shape, value, _dtype(feature)))


def _tensor(feature: Feature, values: Array) -> Tensor:
    """By numpy, in this thread: torch would wake its threads, which the training step needs."""
    return torch.from_numpy(values.astype(_dtype(feature), copy=False))


def _dtype(feature: Feature) -> str:
    """int64 for ids, float32 for dense features, the declared type for raw ones."""
    return {"id": "int64", "dense": "float32", "raw": feature.dtype}[feature.kind]


@dataclass(frozen=True)
class Split:
    """The samples of one part: rows `first:first + rows` of the columns."""

    name: str
    first: int
    rows: int
    gather: Gather

    def steps(self, batch_size: Size) -> int:
        """Number of batches an epoch, the same in every order; the last one may be smaller."""
        return number_of(batch_size, self.rows, self._weigh)

    def batches(
        self,
        batch_size: Size,
        *,
        seed: int = 0,
        epoch: int = 0,
        start: int = 0,
        shuffle: Shuffle = False,
        prefetch: bool = True,
        rank: Rank = ALONE,
    ) -> Iterator[Batch]:
        """One epoch from batch `start` on; of each batch the part of `rank`, which may be empty.

        The batches depend on (batch_size, shuffle, seed, epoch) only: after `start=i` come exactly the batches that
        an uninterrupted epoch would have given from its i-th on, and the parts of all ranks are the batches of one.
        With `prefetch` a thread computes two ahead.
        """
        order = order_of(shuffle, self.rows, (seed, epoch))
        places = cuts(batch_size, self.rows, order, self._weigh, start)
        rows = (self.first + order(rank.share(batch)) for batch in places)
        plain = (self.gather.batch(batch, (seed, epoch)) for batch in rows)
        return prefetched(plain) if prefetch else plain

    def _weigh(self, rows: Index) -> Index:
        return self.gather.lengths(self.first + rows)
