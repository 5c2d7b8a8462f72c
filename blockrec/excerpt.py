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
        before = ("…" if first else "") + _shown(line[first:column])
        here = _shown(line[column : min(column + length, last)])
        after = _shown(line[column + length : last]) + ("…" if last < len(line) else "")
        return cls((before + here + after).rstrip(), width(before), max(1, width(here)))


def _window(line: str, column: int, length: int) -> tuple[int, int]:
    """The part of the line to print: all of it if short, else what fits around the place."""
    if len(line) <= WIDEST and width(_shown(line)) <= WIDEST:
        return 0, max(len(line), column + length)
    first = max(0, min(column - WIDEST // 3, len(line) - WIDEST + 2))
    room = WIDEST - 2
    for last in range(first, min(len(line), first + WIDEST)):
        room -= width(_shown(line[last]))
        if room < 0:
            return first, last
    return first, min(len(line), first + WIDEST)


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
