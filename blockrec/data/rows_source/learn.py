"""What features learn from the training rows, piece by piece: vocabularies, edges of buckets, scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from blockrec.data.arrow import Array, Column, array_of
from blockrec.data.encoding import calendar
from blockrec.data.encoding.calendar import MISSING
from blockrec.data.encoding.derived import is_age, is_read
from blockrec.data.encoding.encode import numbers_of, reader_of
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.learned import edges_of, vocabulary_of
from blockrec.data.encoding.numbers import Edges, Fit
from blockrec.data.encoding.reader import is_list, is_value
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.rows_source.pieces import Piece
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.sample import Sample
from blockrec.data.rows_source.scales import Moments
from blockrec.data.rows_source.words import Words
from blockrec.data.sampling.scales import scales_of_negatives
from blockrec.data.splits import TRAIN
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Feature, Listed


@dataclass
class Learner:
    """Values that do not fit are left for `encode` to report.

    words: root → values seen. numbers: root of buckets → a sample of the values. scales: feature → their moments.
    """

    plan: RowsPlan
    words: dict[str, Words] = field(default_factory=dict)
    numbers: dict[str, Sample] = field(default_factory=dict)
    scales: dict[str, Moments] = field(default_factory=dict)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to learn."""
        return self.plan.fitted is None and any(_learns(f) for f in self._features())

    def see(self, piece: Piece) -> None:
        """Learn from the training rows of a piece, and of the sequences that it has."""
        for feature in [f for f in self._features() if f.sequence in piece.rows]:
            if isinstance(feature.ids, Listed) and feature.ids.file is None:
                self._see_words(feature, piece)
            elif isinstance(feature.ids, Buckets) and feature.ids.edges is None:
                values = self._numbers(feature, piece)
                if values is not None:
                    self.numbers.setdefault(feature.root, Sample()).add(values)
            elif feature.norm:
                self._see_scale(feature, piece)

    def fits(self) -> Fits:
        """What was learned, and what is written in files and in the declaration."""
        listed = {f.root: f for f in self._features() if isinstance(f.ids, Listed)}
        edged = {f.root: f for f in self._features() if isinstance(f.ids, Buckets)}
        scales: dict[str, Fit] = {name: m.scale for name, m in self.scales.items()}
        edges = {root: self._edges(f) for root, f in edged.items()}
        scales |= scales_of_negatives(self._features(), scales)
        return Fits({root: self._vocabulary(f) for root, f in listed.items()}, {**scales, **edges})

    def _features(self) -> Iterator[Feature]:
        return (f for f in self.plan.features.values() if is_read(f))

    def _see_words(self, feature: Feature, piece: Piece) -> None:
        rows = piece.rows[feature.sequence]
        column = rows.column(feature, Diagnostics())
        if column is None or is_list(column.type) != (feature.pool is not None):
            return
        column = rows.in_training(column)
        column = column.flatten() if feature.pool else column
        if is_value(column.type):
            self.words.setdefault(feature.root, Words()).add(column)

    def _vocabulary(self, feature: Feature) -> Vocabulary:
        words = self.words.get(feature.root, Words())
        return vocabulary_of(feature, lambda: words.columns(may_mix=self._split_texts), self.plan.features)

    def _edges(self, feature: Feature) -> Edges:
        return edges_of(feature, lambda: self.numbers.get(feature.root, Sample()).values)

    @property
    def _split_texts(self) -> bool:
        """Whether lists are parts of texts: numbers in one piece of a file, and words in another."""
        return any(files.form.lists is not None for files in self.plan.parts.values())

    def _numbers(self, feature: Feature, piece: Piece) -> Array | None:
        """[n] float64 of the training part, NaN for null."""
        if is_age(feature):
            return self._ages(feature, piece)
        rows = piece.rows[feature.sequence]
        column = rows.column(feature, Diagnostics())
        if column is None or is_list(column.type) != (feature.pool is not None):
            return None
        column = rows.in_training(column)
        column = column.flatten() if feature.pool else column
        return reader_of(feature, rows.place, Diagnostics()).with_gaps(column) if is_value(column.type) else None

    def _see_scale(self, feature: Feature, piece: Piece) -> None:
        assert feature.norm is not None
        if is_age(feature):
            ages = self._ages(feature, piece)
            values = None if ages is None else ages[~np.isnan(ages)].reshape(-1, 1)
        else:
            values = self._dense(feature, piece)
        if values is not None:
            self.scales.setdefault(feature.name, Moments(feature.norm, values.shape[1])).add(values)

    def _dense(self, feature: Feature, piece: Piece) -> Array | None:
        rows = piece.rows[feature.sequence]
        column = rows.column(feature, Diagnostics())
        if column is None:
            return None
        known: Column = pc.drop_null(rows.in_training(column))
        return numbers_of(feature, known, reader_of(feature, rows.place, Diagnostics()))

    def _ages(self, feature: Feature, piece: Piece) -> Array | None:
        """[n] minutes from the steps in the training rows to these, as far as `max_len` lets a batch see them."""
        times = ages_of(feature, piece, Diagnostics())
        if times is None:
            return None
        since, now = times
        assert feature.sequence is not None
        trained = (piece.part == TRAIN)[piece.owner(feature.sequence)]
        seen = trained & _in_window(self.plan, feature.sequence, piece)
        return calendar.minutes(since[seen], now[piece.owner(feature.sequence)][seen])


def ages_of(feature: Feature, piece: Piece, report: Diagnostics) -> tuple[Array, Array] | None:
    """[steps] since when an age counts, `MISSING` where that is null, and [rows] until when; None after E503."""
    since = piece.rows[feature.sequence].column(feature, report)
    now = piece.rows[None].moments(feature, report) if since is not None else None
    return None if since is None or now is None else (array_of(pc.fill_null(since, MISSING)), now)


def _in_window(plan: RowsPlan, name: str, piece: Piece) -> Array:
    """[steps] whether a step is among the `max_len` that are used."""
    sequence, lengths = plan.sequences[name], piece.lengths[name]
    owner = piece.owner(name)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if sequence.max_len is None:
        return np.ones(len(owner), bool)
    return place < sequence.max_len if sequence.keep == "first" else place >= lengths[owner] - sequence.max_len


def _learns(feature: Feature) -> bool:
    ids = feature.ids
    listed = isinstance(ids, Listed) and ids.file is None
    return listed or (isinstance(ids, Buckets) and ids.edges is None) or feature.norm is not None
