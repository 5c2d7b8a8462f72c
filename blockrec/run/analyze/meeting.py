"""How two parts of gradients of the same rows agree, over the steps of a training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from blockrec.run.analyze.gradients import Part, Parts


@dataclass
class Strength:
    """Mean norm of the rows of a part that has some, step by step."""

    norms: list[float] = field(default_factory=list)

    def see(self, part: Part) -> None:
        if len(part.rows):
            self.norms.append(float(part.norms.mean()))

    @property
    def mean(self) -> float:
        return float(np.mean(self.norms)) if self.norms else float("nan")


@dataclass
class Meeting:
    """The angle between two parts, row by row.

    cosines: of each step, the mean over rows that both have. opposed, compared: row → steps in which its parts had a
    negative dot product, and one that is not 0.
    """

    cosines: list[float] = field(default_factory=list)
    opposed: dict[int, int] = field(default_factory=dict)
    compared: dict[int, int] = field(default_factory=dict)

    def see(self, attention: Part, rest: Part, *, count_rows: bool) -> None:
        """A step."""
        rows, left, right = np.intersect1d(attention.rows, rest.rows, assume_unique=True, return_indices=True)
        if not len(rows):
            return
        dots = (attention.values[left] * rest.values[right]).sum(1)
        self.cosines.append(float((dots / (attention.norms[left] * rest.norms[right])).mean()))
        for row, dot in zip(rows.tolist(), dots.tolist(), strict=True) if count_rows else ():
            if dot:
                self.compared[row] = self.compared.get(row, 0) + 1
                self.opposed[row] = self.opposed.get(row, 0) + (dot < 0)

    @property
    def opposed_steps(self) -> float:
        """The share of steps whose mean cosine is negative."""
        return float(np.mean(np.array(self.cosines) < 0)) if self.cosines else float("nan")

    @property
    def opposed_rows(self) -> NDArray[np.float64]:
        """Of each row, the share of steps in which its parts pointed apart."""
        return np.array([self.opposed[row] / steps for row, steps in self.compared.items()])


@dataclass
class Roles:
    """All tables. first: so many steps count for norms and rows. meetings: (through attention, rest) → their angle."""

    first: int
    attention: dict[str, Strength] = field(default_factory=dict)
    rest: dict[str, Strength] = field(default_factory=dict)
    meetings: dict[tuple[str, str], Meeting] = field(default_factory=dict)

    def see(self, parts: Mapping[str, Parts], step: int) -> None:
        """A step, counted from 1."""
        early = step <= self.first
        for path, part in parts.items() if early else ():
            self.attention.setdefault(path, Strength()).see(part.attention)
            self.rest.setdefault(path, Strength()).see(part.rest)
        for left, right in _pairs(parts):
            meeting = self.meetings.setdefault((left, right), Meeting())
            meeting.see(parts[left].attention, parts[right].rest, count_rows=early)


def feature_of(path: str) -> str:
    """`tables.main.behaviors.item.weight` → `behaviors.item`."""
    return path.removesuffix(".weight").split(".", 2)[2]


def _pairs(parts: Mapping[str, Parts]) -> list[tuple[str, str]]:
    """A table with both roles with itself; a table of attention alone with one of the rest alone, of one feature."""
    attention = [path for path, part in parts.items() if len(part.attention.rows)]
    rest = [path for path, part in parts.items() if len(part.rest.rows)]
    both = [(path, path) for path in attention if path in rest]
    apart = [
        (left, right)
        for left in attention
        for right in rest
        if left not in rest and right not in attention and feature_of(left) == feature_of(right)
        if parts[left].attention.values.shape[1] == parts[right].rest.values.shape[1]
    ]
    return [*both, *apart]
