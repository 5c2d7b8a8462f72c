"""A line of a user's file as a terminal shows it: wide characters, tabs, and lines too long to print."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

TAB = 4
WIDEST = 120
"""Longer lines are cut around the place."""


@dataclass(frozen=True)
class Excerpt:
    """text: what is printed; column, length: where the marks go below it, in terminal columns."""

    text: str
    column: int
    length: int

    @classmethod
    def of(cls, line: str, column: int, length: int) -> Excerpt:
        """`column` and `length` count characters of `line`."""
        first, last = _window(line, column, length)
        before = _open(first) + _shown(line[first:column])
        here = _shown(line[column : min(column + length, last)])
        after = _shown(line[column + length : last]) + ("…" if last < len(line) else "")
        return cls((before + here + after).rstrip(), width(before), max(1, width(here)))


def _open(first: int) -> str:
    return "…" if first else ""


def _window(line: str, column: int, length: int) -> tuple[int, int]:
    """The part of the line to print: all of it if short, else around the place."""
    if width(_shown(line)) <= WIDEST:
        return 0, max(len(line), column + length)
    first = max(0, min(column - WIDEST // 3, len(line) - WIDEST))
    last = first
    for used in _running_width(line[first:]):
        if used > WIDEST - 2:
            break
        last += 1
    return first, last


def _running_width(text: str) -> list[int]:
    total, widths = 0, []
    for character in text:
        total += width(_shown(character))
        widths.append(total)
    return widths


def _shown(text: str) -> str:
    return plain(text.replace("\t", " " * TAB))


def plain(text: str) -> str:
    """`text` on one line, without characters that move the cursor or colour the terminal."""
    return "".join(c if c.isprintable() or unicodedata.combining(c) else "�" for c in text)


def width(text: str) -> int:
    """Columns that a terminal needs."""
    return sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
