"""What features learn from the training part of the data before a model does: vocabularies, edges, scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow.compute as pc

from blockrec.data.arrow import Array, Column, array_of
from blockrec.data.batching.batches import steps_of, window
from blockrec.data.encoding import calendar
from blockrec.data.encoding.calendar import MISSING
from blockrec.data.encoding.derived import is_age, is_read, moments
from blockrec.data.encoding.encode import numbers_of, reader_of
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.learned import edges_of, vocabulary_of
from blockrec.data.encoding.numbers import Edges, Floats, Scale
from blockrec.data.encoding.reader import Reader, is_list, is_value
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.events_source.histories import Bounds
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.rows import Rows
from blockrec.data.frame import spans
from blockrec.data.sampling.scales import scales_of_negatives
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Calendar, Feature, Listed

AGES = 1 << 16
"""Training samples, evenly spaced, whose histories tell how ages are distributed."""


@dataclass(frozen=True)
class Fitter:
    """rows: by sequence, None for the samples. bounds: of histories, by sequence."""

    plan: Plan
    rows: Mapping[str | None, Rows]
    bounds: Mapping[str, Bounds]

    def fits(self) -> Fits:
        """All of the features that are read; a column that does not fit is left for `encode` to report."""
        listed = [f for f in self._features() if isinstance(f.ids, Listed)]
        vocabularies = {root: self._vocabulary(of) for root, of in _by_root(listed).items()}
        scales = {f.name: s for f in self._features() if f.norm and (s := self._scale(f)) is not None}
        edges = {root: self._edges(of) for root, of in _by_root(self._bucketed()).items()}
        return Fits(vocabularies, {**scales, **scales_of_negatives(self._features(), scales), **edges})

    def _features(self) -> Iterator[Feature]:
        return (f for f in self.plan.features.values() if is_read(f))

    def _bucketed(self) -> list[Feature]:
        return [f for f in self._features() if isinstance(f.ids, Buckets)]

    def _vocabulary(self, features: list[Feature]) -> Vocabulary:
        def columns() -> list[Column]:
            return [column.unique() for f in features for column in self._training(f) or ()]

        return vocabulary_of(features[0], columns, self.plan.features)

    def _training(self, feature: Feature) -> list[Column] | None:
        """The ids or numbers of the training part, piece by piece; None if the column has another form."""
        found = []
        for column in self._trained(feature):
            if is_list(column.type) != (feature.pool is not None):
                return None
            found.append(column.flatten() if feature.pool else column)
        return found if found and all(is_value(column.type) for column in found) else None

    def _trained(self, feature: Feature) -> list[Column]:
        """What the column has in the training part, piece by piece; nothing if it does not fit."""
        rows = self.rows[feature.sequence]
        whole = [(0, len(rows))]
        for parts in (spans(len(rows)), whole):
            found = [(rows.column(feature, Diagnostics(), *part), part[0]) for part in parts]
            known = [rows.in_training(column, start) for column, start in found if column is not None]
            # What is odd in a piece, such as times that are all early, may not be in the whole column.
            if len(known) == len(found):
                return known
        return []

    def _edges(self, features: list[Feature]) -> Edges:
        def values() -> Floats:
            found = [values for f in features if (values := self._numbers(f)) is not None]
            return np.concatenate([np.zeros(0), *found])

        return edges_of(features[0], values)

    def _numbers(self, feature: Feature) -> Array | None:
        """[n] float64 of the training part, NaN for null."""
        if is_age(feature):
            return self._ages(feature)
        columns = self._training(feature)
        found = [self._reader(feature).with_gaps(column) for column in columns or ()]
        known = [values for values in found if values is not None]
        return np.concatenate(known) if known and len(known) == len(found) else None

    def _scale(self, feature: Feature) -> Scale | None:
        assert feature.norm is not None
        if is_age(feature):
            ages = self._ages(feature)
            values = None if ages is None else ages[~np.isnan(ages)].reshape(-1, 1)
        else:
            read = [numbers_of(feature, pc.drop_null(c), self._reader(feature)) for c in self._trained(feature)]
            known = [numbers for numbers in read if numbers is not None]
            values = np.concatenate(known) if known and len(known) == len(read) else None
        return None if values is None else Scale.of(feature.norm, values)

    def _reader(self, feature: Feature) -> Reader:
        return reader_of(feature, self.rows[feature.sequence].place, Diagnostics())

    def _ages(self, feature: Feature) -> Array | None:
        """[n] minutes from the steps in histories of training samples to these."""
        times = self.times(feature, Diagnostics())
        trained = np.flatnonzero(self.rows[None].trained)
        return None if times is None else self._minutes(feature, *times, trained[:: -(-len(trained) // AGES)])

    def times(self, feature: Feature, report: Diagnostics) -> tuple[Array, Array] | None:
        """[steps] since when an age counts, `MISSING` where that is null, and [samples] until when; None after E503."""
        since = self.rows[feature.sequence].column(feature, report)
        now = sample_moments(feature, self.rows[None], report) if since is not None else None
        return None if since is None or now is None else (array_of(pc.fill_null(since, MISSING)), now)

    def has_negative_age(self, feature: Feature, since: Array, now: Array) -> bool:
        """Whether a step counts from a time after its sample."""
        pieces = (np.arange(i, min(i + AGES, len(now))) for i in range(0, len(now), AGES))
        return any(bool((self._minutes(feature, since, now, piece) < 0).any()) for piece in pieces)

    def _minutes(self, feature: Feature, since: Array, now: Array, chosen: Array) -> Array:
        """[Σ] the ages of the steps of chosen samples."""
        assert feature.sequence is not None
        start, end = self.bounds[feature.sequence][chosen]
        start, end = window(self.plan.sequences[feature.sequence], start, end)
        return calendar.minutes(since[steps_of(start, end)], np.repeat(now[chosen], end - start))


def sample_moments(feature: Feature, samples: Rows, report: Diagnostics) -> Array | None:
    """[n] the moments of the samples that ages of `feature` count to; None after E503."""
    source = feature.source
    assert isinstance(source, Calendar) and source.column is not None
    return moments(feature, source, samples.table([source.column]).column(source.column), source.column, report)


def _by_root(features: list[Feature]) -> dict[str, list[Feature]]:
    found: dict[str, list[Feature]] = {}
    for feature in features:
        found.setdefault(feature.root, []).append(feature)
    return found
