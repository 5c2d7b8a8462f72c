"""Files that are whole or absent, what is in them, and who works on them."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

CHUNK = 1 << 22
"""Bytes read at a time."""


def replace_text(file: Path, text: str) -> None:
    """Write a file so that it has its old content or the new one, whoever else writes it and whenever the power goes.

    Raises `OSError`; then nothing is left of the attempt.
    """
    fresh = file.with_name(f".{file.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with fresh.open("w", encoding="utf-8") as content:
            content.write(text)
            content.flush()
            os.fsync(content.fileno())
        fresh.replace(file)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def point(link: Path, target: Path) -> None:
    """Let a link point to a folder beside it, in one operation."""
    fresh = link.with_name(f".{link.name}.{target.name}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name, target_is_directory=True)
    fresh.replace(link)


def sha256_of(file: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal digits."""
    found = sha256()
    with file.open("rb") as content:
        while piece := content.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def locked(file: IO[str] | int) -> bool:
    """Take the lock of an open file or folder, which holds as long as that is open; False if another process has it."""
    try:
        import fcntl
    except ImportError:  # Windows has no such locks
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
