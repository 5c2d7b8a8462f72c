"""What a layout takes and gives; all lengths are in pixels, y grows downward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

Path = tuple[str, ...]

GAP = 28
"""Least distance of two boxes of a row."""
PAD = 14
"""Least distance of a cluster's border from what is in it."""
TITLE = 26
"""Height of a cluster's title bar."""
SLOT = 14
"""Width that a link without a label needs at the border of a box."""


@dataclass(frozen=True)
class Item:
    """A box to place, with an even width that holds the ports of either border: a label or a `SLOT` a link for each.

    cluster: the clusters around it, outermost first.
    inputs, outputs: width of each port's label (0 for none) on the upper and lower border.
    """

    width: int
    height: int
    cluster: Path = ()
    inputs: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)


class Wire(NamedTuple):
    """A link to route: from an output of one item to a port of another."""

    source: str
    output: str
    target: str
    port: str


@dataclass(frozen=True)
class Frame:
    """A placed rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


class Step(NamedTuple):
    """Part of a route: straight down from the last point to y = `start`, then a curve that ends at (x, end)."""

    start: float
    x: float
    end: float


@dataclass(frozen=True)
class Route:
    """From (x, y) on the source's lower border down to (end_x, end_y) on the target's upper border."""

    x: float
    y: float
    steps: tuple[Step, ...]
    end_x: float
    end_y: float


@dataclass(frozen=True)
class Layout:
    """Where everything stands. ports, outputs: x of (box, port) on the upper, of (box, output) on the lower border."""

    boxes: Mapping[str, Frame]
    clusters: Mapping[Path, Frame]
    routes: tuple[Route, ...]
    ports: Mapping[tuple[str, str], float]
    outputs: Mapping[tuple[str, str], float]
    width: float
    height: float
