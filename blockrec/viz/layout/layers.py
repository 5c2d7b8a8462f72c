"""Rows: every link goes down, links are short, clusters are compact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blockrec.viz.layout.simplex import Differences
from blockrec.viz.layout.values import Item, Wire

INPUT, INSIDE = 64, 3
"""What a row of length costs for a link from an input, or inside one cluster; 1 for others."""


def layers(items: Mapping[str, Item], wires: Sequence[Wire]) -> dict[str, int]:
    """Item → row, 0 at the top; what nothing feeds stands right above its readers, if it can."""
    rows = Differences()
    fed = {wire.target for wire in wires}
    for name in items:
        rows.add("above everything", name, 0)
    for wire in wires:
        together = items[wire.source].cluster == items[wire.target].cluster
        rows.add(wire.source, wire.target, 1, INPUT if wire.source not in fed else INSIDE if together else 1)
    for name, item in items.items():
        for level in range(1, len(item.cluster) + 1):
            rows.add(("top", item.cluster[:level]), name, 0, 1)
            rows.add(name, ("bottom", item.cluster[:level]), 0, 1)
    found = rows.solve()
    top = min(found[name] for name in items)
    return {name: found[name] - top for name in items}
