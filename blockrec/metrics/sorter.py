"""Rows in order of group and score, in bounded memory: what does not fit is sorted in parts on disk and merged."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from blockrec.diagnostics import fail
from blockrec.metrics.measure import Array

ROW = np.dtype([("group", "i8"), ("score", "f8"), ("label", "f8")])
HELD = 2**21
"""Rows in memory (24 bytes each); sorting needs about as much again."""
FIRST = 4096


@dataclass(frozen=True)
class Run:
    """Sorted rows, on disk or in memory. They are read and not mapped: mapped pages would count as memory too."""

    size: int
    path: Path | None = None
    rows: Array | None = None

    @classmethod
    def written(cls, rows: Array, path: Path) -> Run:
        """Rows put on disk."""
        rows.tofile(path)
        return cls(len(rows), path)

    def read(self, start: int, count: int) -> Array:
        """At most `count` rows from `start` on."""
        count = min(count, self.size - start)
        if self.rows is not None:
            return self.rows[start : start + count]
        assert self.path is not None
        return np.fromfile(self.path, ROW, count, offset=start * ROW.itemsize)


class Sorter:
    """`add()` rows in any order, then read them once from `chunks()`, then `close()`.

    held: rows that stay in memory. With more of them, parts of that many are written to a temporary folder (in
    `TMPDIR`) and merged block by block, so that no more than about `held` rows are in memory at a time.
    """

    def __init__(self, held: int = HELD) -> None:
        self.held, self.count = held, 0
        self.buffer: Array = np.empty(min(FIRST, held), ROW)
        self.folder: Path | None = None
        self.runs: list[Run] = []

    def add(self, groups: Array, scores: Array, labels: Array) -> None:
        """groups: [n] numbers of any type; equal ones are a group."""
        rows = np.empty(len(scores), ROW)
        rows["group"], rows["score"], rows["label"] = as_whole(groups), scores, labels
        while len(rows):
            part, rows = rows[: self.held - self.count], rows[self.held - self.count :]
            self._reserve(self.count + len(part))
            self.buffer[self.count : self.count + len(part)] = part
            self.count += len(part)
            if self.count == self.held:
                self._spill()

    def _reserve(self, rows: int) -> None:
        if rows > len(self.buffer):
            grown = np.empty(min(max(rows, 2 * len(self.buffer)), self.held), ROW)
            grown[: self.count] = self.buffer[: self.count]
            self.buffer = grown

    def _spill(self) -> None:
        """Put the rows in memory on disk; E708 if that fails."""
        try:
            if self.folder is None:
                self.folder = Path(tempfile.mkdtemp(prefix="blockrec-metrics-"))
            path = self.folder / f"{len(self.runs)}.rows"
            self.runs.append(Run.written(_in_order(self.buffer[: self.count]), path))
        except OSError as error:
            name = self.folder or error.filename or "a temporary folder"
            message = f"cannot write rows that metrics sort to `{name}`: {error.strerror or error}"
            raise fail("E708", message, help="`TMPDIR=FOLDER` names a folder with more room") from error
        self.count = 0

    def chunks(self) -> Iterator[Array]:
        """All rows in order of group and score, a part at a time."""
        rest = _in_order(self.buffer[: self.count])
        if not self.runs:
            yield rest
        else:
            runs = [*self.runs, Run(len(rest), rows=rest)]
            yield from _merged(runs, max(1, self.held // len(runs)))

    def close(self) -> None:
        """Delete the temporary files."""
        self.runs = []
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def as_whole(groups: Array) -> Array:
    """[n] int64, equal where the numbers are equal."""
    if groups.dtype.kind == "f":
        return (groups.astype(np.float64) + 0.0).view(np.int64)  # −0 becomes 0
    return groups.astype(np.int64, copy=False)


def _in_order(rows: Array) -> Array:
    groups = rows["group"]
    if len(rows) and (groups == groups[0]).all():
        return rows[np.argsort(rows["score"])]
    return rows[np.lexsort((rows["score"], groups))]


def _merged(runs: list[Run], block: int) -> Iterator[Array]:
    """Sorted rows of sorted runs: of the next block of each those up to the least end of a block that has more behind.

    That block is then used up whole, so each turn goes on by a block at least.
    """
    places = [0] * len(runs)
    while any(place < run.size for place, run in zip(places, runs, strict=True)):
        parts = [run.read(place, block) for place, run in zip(places, runs, strict=True)]
        ends = [
            (part["group"][-1], part["score"][-1])
            for place, part, run in zip(places, parts, runs, strict=True)
            if len(part) and place + len(part) < run.size
        ]
        counts = [_up_to(part, min(ends)) if ends else len(part) for part in parts]
        places = [place + count for place, count in zip(places, counts, strict=True)]
        yield _in_order(np.concatenate([part[:count] for part, count in zip(parts, counts, strict=True)]))


def _up_to(part: Array, bound: tuple[int, float]) -> int:
    group, score = bound
    return int(((part["group"] < group) | ((part["group"] == group) & (part["score"] <= score))).sum())


def whole_groups(chunks: Iterable[Array]) -> Iterator[Array]:
    """The same rows, cut so that no group is divided; in memory is a chunk and its last group."""
    rest: Array = np.empty(0, ROW)
    for chunk in chunks:
        rows = np.concatenate([rest, chunk])
        last = int(np.searchsorted(rows["group"], rows["group"][-1])) if len(rows) else 0
        if last:
            yield rows[:last]
        rest = rows[last:]
    if len(rest):
        yield rest


def starts_of(rows: Array) -> Array:
    """[g] where each group begins."""
    new = np.ones(len(rows), bool)
    new[1:] = rows["group"][1:] != rows["group"][:-1]
    return np.flatnonzero(new)
