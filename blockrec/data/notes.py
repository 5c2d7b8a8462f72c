"""What is kept in a folder of the cache beside the columns: `notes.json`, and the values of vocabularies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from blockrec.data import arrow
from blockrec.data.encoding.fits import Fits
from blockrec.data.encoding.numbers import from_json
from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.data.splits import NAMES
from blockrec.language.features import Label

NOTES = "notes.json"


def write_notes(folder: Path, fits: Fits, counts: Iterable[int], labels: Iterable[Label], **others: Any) -> None:
    """counts: samples of each part. others: further plain values."""
    for root, vocabulary in fits.vocabularies.items():
        arrow.write(_file_of(folder, root), pa.table({"value": vocabulary.values}))
    notes = {
        "samples": {name: int(count) for name, count in zip(NAMES, counts, strict=True)},
        "vocabularies": {root: v.cold for root, v in fits.vocabularies.items()},
        "numbers": {name: fit.to_json() for name, fit in fits.numbers.items()},
        "binary": [label.name for label in labels if label.type == "binary"],
        **others,
    }
    (folder / NOTES).write_text(json.dumps(notes), "utf-8")


def read_notes(folder: Path) -> dict[str, Any]:
    """What `write_notes` noted."""
    notes: dict[str, Any] = json.loads((folder / NOTES).read_text("utf-8"))
    return notes


def noted_fits(folder: Path, notes: Mapping[str, Any]) -> Fits:
    """The fits that `write_notes` wrote; values of vocabularies are mapped."""
    values = {
        root: arrow.one_chunk(arrow.read(_file_of(folder, root)).column("value")) for root in notes["vocabularies"]
    }
    vocabularies = {root: Vocabulary(values[root], cold) for root, cold in notes["vocabularies"].items()}
    return Fits(vocabularies, {name: from_json(fit) for name, fit in notes["numbers"].items()})


def _file_of(folder: Path, root: str) -> Path:
    return folder / f"{root}.vocabulary.arrow"
