"""A difference of models as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from blockrec.cli.columns import columns
from blockrec.cli.model_page import cell
from blockrec.words import human, shortened

if TYPE_CHECKING:
    from blockrec.graph.diff import Aspect, Change, Diff

MARKS = {"added": "+", "removed": "-", "changed": "~", "renamed": "="}
COLORS = {"added": "\x1b[32m", "removed": "\x1b[31m", "changed": "\x1b[33m", "renamed": "\x1b[36m"}
WIDEST = 100
COUNTED = ("parameters", "flops", "bytes", "count")
"""Aspects that are counts."""


def text(found: Diff, *, color: bool = False) -> str:
    """Sections of lines: `+` only in the second model, `-` only in the first, `~` in both and not the same."""
    parts = []
    for section, changes in groupby(found.changes, key=lambda change: change.section):
        lines = [(change, line) for change in changes for line in _rows(change)]
        shown = columns([row for _, row in lines])
        painted = [_painted(line, change.kind, color) for line, (change, _) in zip(shown, lines, strict=True)]
        parts.append("\n".join([section, *(f"  {line}" for line in painted)]))
    return "\n\n".join(parts)


def _painted(line: str, kind: str, color: bool) -> str:
    return f"{COLORS[kind]}{line}\x1b[0m" if color else line


def _rows(change: Change) -> Iterator[tuple[str, str]]:
    """The name on the first line, an aspect a line; of what is only in one model all on one line."""
    head = f"{MARKS[change.kind]} {change.name}"
    if change.kind in ("added", "removed"):
        yield head, shortened(_alone(change), WIDEST)
        return
    words = [f"now {change.renamed}"] if change.renamed else []
    words += [_aspect(aspect) for aspect in change.aspects]
    yield from zip([head, *[""] * (len(words) - 1)], words, strict=True)


def _aspect(aspect: Aspect) -> str:
    name = "" if aspect.name in ("value", "count") else f"{aspect.name}: "
    if aspect.name in COUNTED and isinstance(aspect.old, int) and isinstance(aspect.new, int):
        return f"{name}{human(aspect.old)} → {human(aspect.new)}{_share(aspect.old, aspect.new)}"
    return f"{name}{_value(aspect.old)} → {_value(aspect.new)}"


def _share(old: int, new: int) -> str:
    """By how much a count grows: ` (+25%)`, with all digits if they are too close for that."""
    share = f"{(new - old) / old:+.0%}" if old else ""
    return f" ({new - old:+,})" if share in ("+0%", "-0%") else f" ({share})" if share else ""


def _alone(change: Change) -> str:
    """A thing of one model: its block and what is not zero or empty of it."""
    values = {a.name: a.old if change.kind == "removed" else a.new for a in change.aspects}
    block = values.pop("block", None)
    told = [f"{name}: {_value(value)}" for name, value in values.items() if value and name not in COUNTED]
    told = [word.removeprefix("value: ") for word in told]
    counts = [f"{human(values[name])} {name}" for name in COUNTED if values.get(name)]
    return ", ".join([*([block] if block else []), *told, *counts])


def _value(value: Any) -> str:
    return "nothing" if value is None else cell(value)
