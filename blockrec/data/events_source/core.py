"""Events of users and items that have enough of them: the k-core of the graph of users and items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from blockrec.diagnostics import Span

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Least:
    """`min_events`: the fewest events of a user and of an item; 1 asks for nothing."""

    user: int
    item: int
    at: Span = field(repr=False)


def core(users: Sequence[Codes], items: Sequence[Codes] | None, least: Least) -> list[Mask]:
    """Which events stay, by piece: the largest set in which every user and item has enough.

    An event whose item is missing (−1) does not count if items must have events. What an event is taken from may then
    have too few, so this goes on until nothing changes (Seidman, "Network structure and minimum degree", 1983).
    """
    alive = [np.ones(len(piece), bool) if items is None else items[i] >= 0 for i, piece in enumerate(users)]
    sides = [(users, least.user)] + ([(items, least.item)] if items is not None else [])
    before = -1
    while (left := sum(int(mask.sum()) for mask in alive)) != before:
        before = left
        for codes, fewest in sides:
            _drop(alive, codes, fewest)
    return alive


def _drop(alive: list[Mask], codes: Sequence[Codes], fewest: int) -> None:
    """Take out the events of those that have fewer."""
    number = 1 + max((int(piece.max(initial=0)) for piece in codes), default=0)
    counts = np.zeros(number, np.int64)
    for mask, piece in zip(alive, codes, strict=True):
        counts += np.bincount(piece[mask], minlength=number)
    enough = counts >= fewest
    for mask, piece in zip(alive, codes, strict=True):
        mask &= enough[piece]
