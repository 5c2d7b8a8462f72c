"""Folders of the cache that hold what is derived from files: complete or absent, named by a hash of what went in."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from blockrec import cache
from blockrec.disk import replace_text, sha256_of

FORMAT = 6
"""Part of every name: raised when the meaning of stored files changes."""


def name_of(kind: str, *parts: object) -> str:
    """Folder name of what is derived from `parts` (plain values)."""
    return f"{kind}-{cache.digest([FORMAT, *parts])}"


def built(folder: Path, build: Callable[[Path], None]) -> Path:
    """`folder`, filled by `build` in a temporary folder beside it and then renamed if it does not exist yet."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".building-", dir=folder.parent))
    try:
        build(scratch)
        try:
            scratch.rename(folder)
        except OSError:
            # Another process may have been faster: its folder holds the same.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def content_hash(path: Path, memory: Path) -> str:
    """SHA-256 of a file; remembered in the folder `memory` for as long as the file's size and time stay."""
    state = path.stat()
    seen = [str(path.resolve()), state.st_size, state.st_mtime_ns, state.st_ino]
    note = memory / f"{cache.digest(seen)}.json"
    with contextlib.suppress(OSError, ValueError):
        return str(json.loads(note.read_text("utf-8")))
    found = sha256_of(path)
    memory.mkdir(parents=True, exist_ok=True)
    replace_text(note, json.dumps(found))
    return found
