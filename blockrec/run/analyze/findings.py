"""What an analysis found, as plain data: tables, figures, values and notes. Text, JSON and report are made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from blockrec.run.tables import NONE, aligned

Cell = str | float | int | None
Row = Sequence[Cell]


@dataclass(frozen=True)
class Listing:
    """A table; a cell is a text, a number, or None where there is nothing to say."""

    title: str
    header: Sequence[str]
    rows: Sequence[Row]

    def __str__(self) -> str:
        return f"{self.title}\n{aligned(self.header, [[shown(cell) for cell in row] for row in self.rows])}"


@dataclass(frozen=True)
class Lines:
    """Series over a number. series: name → (x, y); of a few points each."""

    title: str
    x: str
    series: Mapping[str, Sequence[tuple[float, float]]]
    caption: str = ""
    kind: str = "lines"


@dataclass(frozen=True)
class Bars:
    """Histograms over common edges. series: name → counts [edges − 1]."""

    title: str
    x: str
    edges: Sequence[float]
    series: Mapping[str, Sequence[float]]
    caption: str = ""
    kind: str = "bars"


@dataclass(frozen=True)
class Grids:
    """Matrices of values in [0, 1] side by side, with the same rows and columns. grids: name → [rows][columns]."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    grids: Mapping[str, Sequence[Sequence[float]]]
    caption: str = ""
    kind: str = "grids"


Figure = Lines | Bars | Grids


@dataclass(frozen=True)
class Findings:
    """values: by name, what other programs read. notes: what a reader has to know beside the numbers."""

    tables: Sequence[Listing]
    figures: Sequence[Figure] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data; null for a number that is not finite."""
        found: dict[str, Any] = _plain(asdict(self))
        return found

    def __str__(self) -> str:
        return "\n\n".join([*map(str, self.tables), *self.notes])


def shown(cell: Cell) -> str:
    """A cell as a terminal shows it."""
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return NONE
    if isinstance(cell, float):
        return f"{cell:.4f}" if cell == 0 or abs(cell) >= 0.001 else f"{cell:.2e}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
