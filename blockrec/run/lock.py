"""One process at a time trains in a run directory; the lock goes with the process, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blockrec.diagnostics import fail
from blockrec.disk import locked


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
