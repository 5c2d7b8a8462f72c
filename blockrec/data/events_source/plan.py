"""What is built from a section `data:` and the features of a model, as plain checked values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from blockrec.data.encoding.derived import is_age, is_read
from blockrec.data.encoding.fits import Fits
from blockrec.data.events_source.events import LogPlan
from blockrec.data.events_source.samples import SamplePlan
from blockrec.data.sampling.plan import DrawPlan
from blockrec.data.splits import SplitPlan
from blockrec.data.where import Condition
from blockrec.diagnostics import Span
from blockrec.language.features import Feature, Label, Listed, Sequence


@dataclass(frozen=True)
class Plan:
    """What to build.

    features, labels: those whose columns the data have.  used: names of those that the model reads.
    sequences: all that are declared, but for those of negatives.  histories: conditions on the steps of some of them.
    draws: negatives and what is made for them, if the model reads any.
    columns: columns of the samples that are read though no feature is (a metric groups by them).
    item: the column of the item id, if the log has one.
    fitted: what another run learned, instead of what these data would teach.
    """

    log: LogPlan
    samples: SamplePlan
    histories: dict[str, Condition]
    split: SplitPlan
    shuffle_histories: bool
    features: dict[str, Feature]
    sequences: dict[str, Sequence]
    labels: tuple[Label, ...]
    columns: tuple[str, ...]
    item: str | None
    used: frozenset[str]
    at: dict[str, Span] = field(repr=False)
    draws: DrawPlan | None = None
    fitted: Fits | None = field(default=None, repr=False)

    def with_fits(self, fits: Fits) -> Plan:
        """The plan that encodes with `fits`; features that the model does not read may have none and are left out."""
        read = {name: f for name, f in self.features.items() if name in self.used}
        return replace(self, features=read, fitted=fits)

    @property
    def files(self) -> list[Path]:
        """Every file whose content matters."""
        impressions = self.samples.impressions
        words = [f.ids.file for f in self.features.values() if isinstance(f.ids, Listed) and f.ids.file is not None]
        return [*self.log.source.paths, *(impressions.source.files.paths if impressions else ()), *words]

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is built from a given log."""
        histories = {name: condition.text for name, condition in self.histories.items()}
        features = [_key(f) for f in self.features.values() if is_read(f)]
        windows = {f.sequence for f in self.features.values() if is_age(f)}
        sequences = [(s.name, (s.max_len, s.keep) if s.name in windows else ()) for s in self.sequences.values()]
        labels = [(x.name, x.column, x.at_least, x.bit, x.type, x.sequence, x.classes) for x in self.labels]
        made = [self.samples.key, histories, self.split, self.shuffle_histories]
        fitted = [self.fitted.key] if self.fitted is not None else []
        draws = [self.draws.key] if self.draws is not None else []
        return [*made, features, sequences, labels, self.columns, *fitted, *draws]


def _key(feature: Feature) -> tuple[object, ...]:
    """What decides how its values are stored: not its place, nor what only tables and batches need."""
    f = feature
    return (f.name, f.sequence, f.kind, f.root, f.vocab, f.ids, f.source, f.width, f.dtype, f.pool, f.norm)
