"""A column that is encoded part by part, as if it were encoded at once."""

from __future__ import annotations

from collections.abc import Callable

from blockrec.data.arrow import Array
from blockrec.data.columns import ColumnWriter
from blockrec.data.frame import spans
from blockrec.diagnostics import Diagnostics

Part = Callable[[int, int, Diagnostics], "Array | None"]
"""Encodes the rows `start:stop`; None if some do not fit."""


def write_parts(out: ColumnWriter, name: str, rows: int, part: Part, report: Diagnostics) -> bool:
    """Write a column part by part; where a part does not fit, the whole column decides, and says why."""
    for start, stop in spans(rows):
        values = part(start, stop, Diagnostics())
        if values is None:
            whole = part(0, rows, report)
            if whole is None:
                out.drop(name)
                return False
            out.write(name, whole)
            return True
        out.append(name, values)
    return True
