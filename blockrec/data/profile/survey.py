"""The columns of files, each seen once, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import Table
from blockrec.data.profile.stats import Stats
from blockrec.data.rows_source.nested import homes, members, split_texts, with_members
from blockrec.data.rows_source.pace import Pace
from blockrec.data.sources.tables import Files, Need
from blockrec.diagnostics import Diagnostics


@dataclass(frozen=True)
class Survey:
    """What is in files that are read as one table."""

    paths: tuple[Path, ...]
    rows: int
    columns: Mapping[str, Stats]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        columns = [stats.to_json() for stats in self.columns.values()]
        return {"files": [str(path) for path in self.paths], "rows": self.rows, "columns": columns}


def survey(
    files: Files, report: Diagnostics, progress: Callable[[str], None], only: Collection[str] | None = None
) -> Survey:
    """Look at the columns of files, or at some of them; raises `BlockrecError` after errors (E501, E503)."""
    known = files.columns(report)
    report.raise_errors()
    inner = set.intersection(*(set(members(path)) for path in files.paths))
    outer = {name.partition(".")[0] for name in inner}
    names = [name for name in [*known, *sorted(inner)] if name not in outer]
    names = names if only is None else [name for name in names if name in only]
    home = homes(names, known)
    stats = {name: Stats(name) for name in names}
    pace, rows, listed = Pace(progress, "looking at"), 0, None
    for _, table in files.pieces({of: Need("any") for of in home.values()}, report):
        rows += len(table)
        pace.add(len(table))
        table = with_members(table, home)
        listed = listed if listed is not None else _listed(table, files)
        for name, column in zip(names, table.columns, strict=True):
            stats[name].add(split_texts(column, str(files.form.lists), "number") if name in listed else column)
    report.raise_errors()
    return Survey(files.paths, rows, stats)


def _listed(table: Table, files: Files) -> set[str]:
    """Columns of texts that hold several values, as the first rows of a CSV file tell."""
    mark = files.form.lists
    if mark is None:
        return set()
    texts = [name for name in table.column_names if pa.types.is_string(table.schema.field(name).type)]
    return {name for name in texts if pc.any(pc.match_substring(table.column(name), mark)).as_py()}
