"""How a file is written, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Form = Literal["parquet", "arrow", "json", "csv"]

_ENDINGS: dict[str, Form] = {
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
}
_PACKED = (".gz", ".bz2", ".zst", ".lz4")


def form_of(path: Path) -> Form:
    """By its ending, before that of a packed file; CSV if the ending says nothing.

    >>> form_of(Path("log.jsonl.gz")), form_of(Path("u.data"))
    ('json', 'csv')
    """
    name = path.with_suffix("") if path.suffix in _PACKED else path
    return _ENDINGS.get(name.suffix, "csv")
