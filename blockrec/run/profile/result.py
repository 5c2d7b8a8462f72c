"""What a profile found, as a table and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from blockrec.run.tables import aligned

SHOWN = 20
"""Nodes in the table; all are in the plain data."""


@dataclass(frozen=True)
class NodeTime:
    """Seconds that a node takes a step."""

    node: str
    block: str
    forward: float
    backward: float

    @property
    def total(self) -> float:
        return self.forward + self.backward


@dataclass(frozen=True)
class Profile:
    """Means over `steps` steps with `rows` samples in all; nodes in the order in which they are computed."""

    device: str
    precision: str
    steps: int
    rows: int
    nodes: Sequence[NodeTime]

    @property
    def total(self) -> float:
        """Seconds of all nodes a step."""
        return sum(node.total for node in self.nodes)

    def to_json(self) -> dict[str, Any]:
        """Plain data; seconds a step."""
        return asdict(self) | {"nodes": [asdict(node) for node in self.nodes]}

    def __str__(self) -> str:
        """The nodes that take longest first."""
        ordered = sorted(self.nodes, key=lambda n: n.total, reverse=True)
        shown = [[n.node, n.block, *self._columns(n.forward, n.backward)] for n in ordered[:SHOWN]]
        if rest := ordered[SHOWN:]:
            sums = sum(n.forward for n in rest), sum(n.backward for n in rest)
            shown.append([f"{len(rest)} more", "", *self._columns(*sums)])
        sums = sum(n.forward for n in self.nodes), sum(n.backward for n in self.nodes)
        shown.append(["all nodes", "", *self._columns(*sums)])
        return aligned(["node", "block", "forward ms", "backward ms", "share"], shown)

    def _columns(self, forward: float, backward: float) -> list[str]:
        share = (forward + backward) / self.total if self.total else 0.0
        return [f"{forward * 1e3:.3f}", f"{backward * 1e3:.3f}", f"{share:.0%}"]
