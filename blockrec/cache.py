"""A folder of things that can be computed again: signatures, event stores, compiled kernels."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blockrec.disk import replace_text


def folder() -> Path:
    """`$BLOCKREC_CACHE`, else `blockrec` under the user's cache folder."""
    chosen = os.environ.get("BLOCKREC_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "blockrec"


def digest(parts: Iterable[object]) -> str:
    """A short hash of the `repr` of some plain values."""
    return hashlib.sha256(repr(list(parts)).encode()).hexdigest()[:20]


def read_json(name: str) -> Any:
    """The value stored under `name`, or None if there is none that can be read."""
    try:
        return json.loads((folder() / f"{name}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None


def write_json(name: str, value: Any) -> None:
    """Store `value` whole or not at all; a folder that cannot be written means no cache, not an error."""
    path = folder() / f"{name}.json"
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, json.dumps(value))
