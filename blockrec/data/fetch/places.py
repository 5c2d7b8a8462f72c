"""Where fetched data sets lie, and what is known of them: the user's own catalogue."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blockrec import cache
from blockrec.diagnostics import fail
from blockrec.disk import replace_text

RECORD = "catalogue.json"


def home() -> Path:
    """`$BLOCKREC_DATA`, else the folder `datasets` of the cache."""
    chosen = os.environ.get("BLOCKREC_DATA")
    return Path(chosen) if chosen else cache.folder() / "datasets"


def folder_of(name: str) -> Path:
    """The folder of a data set, whether it is there or not."""
    return home().joinpath(*name.split("/"))


@dataclass(frozen=True)
class Seen:
    """A file that was downloaded once: from where, its SHA-256 and its size."""

    url: str
    sha256: str
    bytes: int


def recorded(name: str) -> dict[str, Seen]:
    """What the user's catalogue says of the files of a data set, by file name; {} if it says nothing. Raises
    `BlockrecError` (E506) if it is damaged.
    """
    return {file: Seen(**entry) for file, entry in _read().get(name, {}).items()}


def record(name: str, files: Mapping[str, Seen]) -> None:
    """Write into the user's catalogue, whole or not at all."""
    known = _read()
    known[name] = {**known.get(name, {}), **{file: asdict(seen) for file, seen in files.items()}}
    home().mkdir(parents=True, exist_ok=True)
    replace_text(home() / RECORD, json.dumps(known, indent=1))


def _read() -> dict[str, dict[str, Any]]:
    path = home() / RECORD
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except ValueError:
        help = "remove it; the checksums of first downloads are lost then"
        raise fail("E506", f"`{path}` is not what blockrec wrote there", help=help) from None
