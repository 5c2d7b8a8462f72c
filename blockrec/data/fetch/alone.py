"""One process at a time: two that write one file would mix their bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blockrec.diagnostics import fail
from blockrec.disk import locked

LOCK = "lock"


@contextmanager
def alone(folder: Path, what: str) -> Iterator[None]:
    """Hold the folder, where the system can lock files; it is free again when the process ends, however it ends.
    Raises `BlockrecError` (E506) if another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("w") as file:
        if not locked(file):
            raise fail("E506", f"another process is fetching `{what}`", help="wait until it has ended")
        yield
