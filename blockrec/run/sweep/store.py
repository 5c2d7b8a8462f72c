"""`table.jsonl`: what a sweep has finished, one run a line; whole or as it was before, whenever the power goes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from blockrec.diagnostics import fail
from blockrec.disk import locked, replace_text

Row = Mapping[str, Any]
"""point, seed, settings; then metrics, steps, rows_per_second, seconds, directory; or error."""


class Store:
    """The rows of a sweep by (point, seed)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "table.jsonl"
        lines = self.path.read_text("utf-8").splitlines() if self.path.is_file() else []
        self.rows = {(row["point"], row["seed"]): row for row in map(json.loads, lines)}

    def add(self, row: Row) -> None:
        """Keep a row, in the place of an earlier one of that point and seed."""
        self.rows[row["point"], row["seed"]] = dict(row)
        replace_text(self.path, "".join(f"{json.dumps(kept)}\n" for kept in self.rows.values()))

    @contextmanager
    def held(self) -> Iterator[IO[str]]:
        """Keep other processes from running the same sweep; E706 if one does.

        The open file is the lock. A process that inherits it holds on to it: runs that outlive a killed sweep keep the
        next one from writing to their directories.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            if not locked(lock):
                message = f"another process runs this sweep: {self.folder}"
                raise fail("E706", message, help="wait for it, or look at its results with `--table`")
            yield lock
