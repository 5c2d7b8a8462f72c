"""What features learned from training data, as a value; and read back from the run that learned it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blockrec import cache
from blockrec.data.arrow import one_chunk
from blockrec.data.encoding.numbers import Edges, Fit, Scale, from_json
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.diagnostics import Diagnostics
from blockrec.disk import sha256_of
from blockrec.language.features import Buckets, Feature, Listed

NUMBERS = "numbers.json"


@dataclass(frozen=True)
class Fits:
    """Vocabularies and numbers by root feature; of dense numbers by feature.

    key: names the content of what was read from a folder; empty for what was learned here.
    """

    vocabularies: Mapping[str, Vocabulary]
    numbers: Mapping[str, Fit]
    key: str = ""

    def of(self, feature: Feature) -> Vocabulary | Fit | None:
        """What applies to a feature; None if nothing was learned for it."""
        if feature.kind == "dense":
            return self.numbers.get(feature.name)
        return self.vocabularies.get(feature.root) or self.numbers.get(feature.root)

    def save(self, folder: Path) -> None:
        """Write `<feature>.parquet` (columns value, row) for each vocabulary, and numbers.json: edges and scales."""
        folder.mkdir(parents=True, exist_ok=True)
        for root, vocabulary in self.vocabularies.items():
            rows = np.arange(1, 1 + len(vocabulary.values))
            pq.write_table(pa.table({"value": vocabulary.values, "row": rows}), folder / f"{root}.parquet")
        if self.numbers:
            numbers = {name: fit.to_json() for name, fit in self.numbers.items()}
            (folder / NUMBERS).write_text(json.dumps(numbers, indent=1), "utf-8")

    @classmethod
    def load(cls, folder: Path, features: Iterable[Feature], report: Diagnostics) -> Fits:
        """What `save` wrote into `folder`, as far as `features` need it; E501 for what is missing.

        Raises `OSError` for a file that cannot be read.
        """
        wanted = [*features]
        listed = {f.root: f for f in wanted if isinstance(f.ids, Listed)}
        found = {root: v for root, f in listed.items() if (v := _vocabulary(folder, f)) is not None}
        written = folder / NUMBERS
        numbers = json.loads(written.read_text("utf-8")) if written.is_file() else {}
        fits = cls(found, {name: from_json(fit) for name, fit in numbers.items()}, _content(folder))
        missing = [feature for feature in wanted if not fits._suits(feature)]
        for name, feature in {f.name if f.kind == "dense" else f.root: f for f in reversed(missing)}.items():
            message = f"`{folder}` does not say what the training data taught `{name}`"
            report.error("E501", message, feature.span, help="it is written by a run that reads this feature")
        return fits

    def _suits(self, feature: Feature) -> bool:
        kind = {Listed: Vocabulary, Buckets: Edges}.get(type(feature.ids), Scale if feature.norm else None)
        return kind is None or isinstance(self.of(feature), kind)


def _vocabulary(folder: Path, feature: Feature) -> Vocabulary | None:
    path = folder / f"{feature.root}.parquet"
    if not path.is_file():
        return None
    assert isinstance(feature.ids, Listed)
    return Vocabulary(one_chunk(pq.read_table(path, columns=["value"]).column("value")), feature.ids.cold)


def _content(folder: Path) -> str:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return cache.digest((path.name, sha256_of(path)) for path in files)
