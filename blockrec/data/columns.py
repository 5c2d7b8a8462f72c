"""Columns of numbers on disk: one file each, written piece by piece and mapped into memory afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from blockrec.data.arrow import Array

INDEX = "columns.json"


class ColumnWriter:
    """Appends pieces to columns that lie in `folder` as .npy files; a column keeps the type of its first piece.

    Use it by `column_writer`.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.columns: dict[str, _Column] = {}
        self.files = 0

    def append(self, name: str, values: Array) -> None:
        """Further rows of a column: [n] or [n, width]."""
        if name not in self.columns:
            self.columns[name] = _Column(self.folder / f"{self.files}.npy", values)
            self.files += 1
        self.columns[name].append(values)

    def write(self, name: str, values: Array) -> None:
        """All rows of a column, instead of what was written of it."""
        if name in self.columns:
            self.columns[name].start(values)
        self.append(name, values)

    def drop(self, name: str) -> None:
        """Forget what was written of a column, if anything was."""
        if name in self.columns:
            self.columns.pop(name).close()

    def close(self) -> None:
        """Close all files."""
        for column in self.columns.values():
            column.close()


@contextmanager
def column_writer(folder: Path) -> Iterator[ColumnWriter]:
    """A writer into `folder`; what it wrote can be mapped if nothing was raised."""
    writer = ColumnWriter(folder)
    with closing(writer):
        yield writer
    columns = {name: {"file": column.name, "largest": column.largest} for name, column in writer.columns.items()}
    (folder / INDEX).write_text(json.dumps(columns), "utf-8")


class _Column:
    def __init__(self, path: Path, like: Array) -> None:
        self.name = path.name
        self.file: BinaryIO = path.open("wb")
        self.start(like)

    def start(self, like: Array) -> None:
        self.rows, self.dtype, self.shape = 0, like.dtype, like.shape[1:]
        self.largest: int | None = None
        self.file.seek(0)
        self.file.truncate()
        self._header()

    def append(self, values: Array) -> None:
        assert values.dtype == self.dtype and values.shape[1:] == self.shape, (values.dtype, self.dtype)
        self.file.write(np.ascontiguousarray(values).data)
        self.rows += len(values)
        if np.issubdtype(self.dtype, np.integer) and values.size:
            most = int(values.max())
            self.largest = most if self.largest is None else max(most, self.largest)

    def close(self) -> None:
        self.file.seek(0)
        self._header()
        self.file.close()

    def _header(self) -> None:
        """As long for any number of rows: numpy leaves room for it."""
        shape = (self.rows, *self.shape)
        header = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        npy.write_array_header_1_0(self.file, header)


def mapped(folder: Path) -> dict[str, Array]:
    """The columns in `folder`: nothing is read before it is used."""
    columns = _index(folder)
    return {name: np.asarray(np.load(folder / column["file"], mmap_mode="r")) for name, column in columns.items()}


def largest(folder: Path) -> dict[str, int]:
    """The largest number of every column of integers in the folders inside `folder`."""
    inside = [_index(path.parent) for path in sorted(folder.glob(f"*/{INDEX}"))]
    found = {name: column["largest"] for columns in inside for name, column in columns.items()}
    return {name: number for name, number in found.items() if number is not None}


def _index(folder: Path) -> dict[str, dict[str, Any]]:
    columns: dict[str, dict[str, Any]] = json.loads((folder / INDEX).read_text("utf-8"))
    return columns
