"""Layered drawing of a directed graph with nested clusters, in three steps: rows, order, coordinates.

Sugiyama, Tagawa and Toda, IEEE Transactions on Systems, Man, and Cybernetics 1981. The result is deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blockrec.viz.layout.columns import columns
from blockrec.viz.layout.layers import layers
from blockrec.viz.layout.ordering import arrange
from blockrec.viz.layout.place import place
from blockrec.viz.layout.slots import slots
from blockrec.viz.layout.tree import grow
from blockrec.viz.layout.values import PAD, SLOT, Frame, Item, Layout, Path, Route, Step, Wire

__all__ = ["PAD", "SLOT", "Frame", "Item", "Layout", "Route", "Step", "Wire", "layout"]


def layout(items: Mapping[str, Item], wires: Sequence[Wire], titles: Mapping[Path, int]) -> Layout:
    """Place items (at least one) and route wires (free of cycles); `titles`: width of each cluster's title.

    A title starts `PAD` from its cluster's left border; no link crosses it.
    """
    rows = layers(items, wires)
    tree = grow(items, wires, rows)
    arrange(tree)
    borders = slots(items, wires, tree)
    return place(items, tree, borders, columns(tree, wires, borders, titles))
