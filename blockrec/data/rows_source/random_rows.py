"""Random rows of the types that features and labels declare: `data: {synthetic: {rows, seed}}`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blockrec.data import store
from blockrec.data.arrow import Column
from blockrec.data.encoding.derived import with_moments
from blockrec.data.rows_source.binding import Binding
from blockrec.data.rows_source.random_values import LONGEST, Draw, draws_of, integers, label_draw, lists
from blockrec.data.settings import setting
from blockrec.language.features import Calendar, Feature, Features, Label
from blockrec.language.values import Map

FILE = "rows.parquet"
_PIECE = 1 << 16


def drawn(
    section: Map, features: Features, used: Collection[str], cache: Path, progress: Callable[[str], None]
) -> Path:
    """The folder with the file `FILE`, made if it is not there."""
    rows, seed = (setting(section, "synthetic", key) for key in ("rows", "seed"))
    made = _Columns(with_moments(features, str(setting(section, "time"))), frozenset(used))
    folder = cache / store.name_of("synthetic", rows, seed, made.key)

    def build(scratch: Path) -> None:
        progress(f"drawing {rows:,} random rows")
        made.write(scratch / FILE, rows, np.random.default_rng(seed))

    return store.built(folder, build)


@dataclass(frozen=True)
class _Columns:
    features: Features
    used: frozenset[str]

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is written."""
        features = [(f.name, f.kind, f.vocab, f.ids, f.source, f.width, f.dtype, f.pool) for f in self._read()]
        longest = [(name, s.max_len) for name, s in self.features.sequences.items()]
        labels = [(x.column, x.at_least, x.bit, x.type, x.sequence, x.classes) for x in self._labels()]
        return [features, longest, labels, sorted(self.used)]

    def write(self, path: Path, rows: int, rng: np.random.Generator) -> None:
        """Write the rows piece by piece."""
        writer = None
        for start in range(0, rows, _PIECE):
            table = self._table(min(_PIECE, rows - start), rng)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()

    def _read(self) -> list[Feature]:
        """Named as the file has them: lists are columns `SEQUENCE.FIELD`."""
        binding = Binding(None)
        return [binding.feature(f) for f in self.features.features.values() if f.name in self.used]

    def _labels(self) -> Iterable[Label]:
        binding, declared = Binding(None), self.features.features.values()
        return [binding.label(x, declared) for x in self.features.labels.values() if x.name in self.used]

    def _table(self, rows: int, rng: np.random.Generator) -> pa.Table:
        columns: dict[str, Column] = {}
        lengths = {name: rng.integers(0, 1 + self._longest(name), rows) for name in sorted(self.features.sequences)}
        for name, (sequence, draw) in self._draws().items():
            if sequence is None:
                columns[name] = draw(rng, rows)
            else:
                columns[name] = lists(lengths[sequence], draw(rng, int(lengths[sequence].sum())))
        return pa.table(columns)

    def _longest(self, sequence: str) -> int:
        return min(self.features.sequences[sequence].max_len or LONGEST, 2 * LONGEST)

    def _draws(self) -> dict[str, tuple[str | None, Draw]]:
        """Column → its sequence, and how its values are drawn; of several who read it, the first that is choosy."""
        found: dict[str, tuple[str | None, Draw]] = {}
        others = self.used - self.features.features.keys() - self.features.labels.keys()
        for label in self._labels():
            found[label.column] = (label.sequence, label_draw(label))
        for feature in self._read():
            for name, draw in draws_of(feature).items():
                chosen = isinstance(feature.vocab, int) or name not in found
                sequence = None if _is_moment(feature, name) else feature.sequence
                found = {**found, name: (sequence, draw)} if chosen else found
        return {**{name: (None, integers(50)) for name in sorted(others)}, **found}


def _is_moment(feature: Feature, column: str) -> bool:
    """Whether it is the time of the sample that a field counts to."""
    source = feature.source
    return isinstance(source, Calendar) and source.since is not None and column == source.column
