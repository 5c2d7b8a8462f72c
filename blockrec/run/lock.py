"""One process at a time works on a folder; the lock goes with the process, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from blockrec.diagnostics import fail


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


@contextmanager
def held(run: Path) -> Iterator[None]:
    """No other process trains in this run directory; E706 if one does."""
    folder = os.open(run, os.O_RDONLY)
    try:
        if not locked(folder):
            raise fail("E706", f"another process is training in `{run}`", help="wait for it, or stop it with Ctrl-C")
        yield
    finally:
        os.close(folder)
