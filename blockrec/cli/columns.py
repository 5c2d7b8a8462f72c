"""Rows of words in columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence

GAP = "  "


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """One line a row, cells padded to the widest of their column; `right`: columns of numbers."""
    if not rows:
        return []
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return [
        GAP.join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def titled(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns under a title; empty without rows."""
    return "\n".join([*([title] if title else []), *(f"  {line}" for line in columns(rows))]) if rows else ""
