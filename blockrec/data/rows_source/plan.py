"""What is built from rows, as plain checked values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from blockrec.data.encoding.fits import Fits
from blockrec.data.sampling.plan import DrawPlan
from blockrec.data.sources.tables import Files, Need
from blockrec.data.splits import SplitPlan
from blockrec.data.where import Condition
from blockrec.diagnostics import Span
from blockrec.language.features import Feature, Label, Listed, Sequence


@dataclass(frozen=True)
class RowsPlan:
    """What to build.

    parts: train, valid and test, as far as there are files.  split: divides train if there are no others.
    needs: columns that are read.  home: column → that of the files that it is read from (a list of structures).
    features, labels: those that the model reads and what else it does not, named as the files have them.
    columns: that metrics group by.  user, time: columns that the split reads.  draws: negatives, if there are any.
    """

    parts: Mapping[str, Files]
    split: SplitPlan | None
    where: Condition | None
    needs: Mapping[str, Need]
    home: Mapping[str, str]
    features: dict[str, Feature]
    sequences: dict[str, Sequence]
    labels: tuple[Label, ...]
    columns: tuple[str, ...]
    used: frozenset[str]
    user: str
    time: str
    at: Span = field(repr=False)
    fitted: Fits | None = field(default=None, repr=False)
    draws: DrawPlan | None = None

    def with_fits(self, fits: Fits) -> RowsPlan:
        """The plan that encodes with `fits`."""
        return replace(self, fitted=fits)

    @property
    def files(self) -> list[Path]:
        """Every file whose content matters."""
        words = [f.ids.file for f in self.features.values() if isinstance(f.ids, Listed) and f.ids.file is not None]
        return [*(path for files in self.parts.values() for path in files.paths), *words]

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is built from given files."""
        parts = [(name, len(files.paths), files.key) for name, files in self.parts.items()]
        features = [
            (f.name, f.kind, f.root, f.vocab, f.ids, f.source, f.width, f.dtype, f.pool, f.norm) for f in self._read
        ]
        windows = [(f.sequence, self._window(f.sequence)) for f in self._read if f.sequence]
        labels = [(x.name, x.column, x.at_least, x.bit, x.type, x.sequence, x.classes) for x in self.labels]
        made = [parts, self.split, self.user, self.time, self.where and self.where.text, sorted(self.home.items())]
        fitted = [self.fitted.key] if self.fitted is not None else []
        draws = [self.draws.key] if self.draws is not None else []
        return [*made, features, windows, labels, self.columns, *fitted, *draws]

    def is_listed(self, sequence: str | None) -> bool:
        """Whether the steps of a sequence are lists in the files."""
        return sequence is not None and (self.draws is None or sequence not in self.draws.sequences)

    @property
    def _read(self) -> list[Feature]:
        return [*self.features.values()]

    def _window(self, name: str) -> tuple[object, ...]:
        """What of a sequence decides what is learned of ages."""
        sequence = self.sequences.get(name)
        return (sequence.max_len, sequence.keep) if sequence else ()
