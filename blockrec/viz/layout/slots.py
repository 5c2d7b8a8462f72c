"""Where links meet the borders of a box: side by side in the order of where they come from or go to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blockrec.viz.layout.tree import Tree
from blockrec.viz.layout.values import SLOT, Item, Wire


@dataclass
class Slots:
    """Offsets from the middle of the box: of each wire's start and end, of each port and each output."""

    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    ports: dict[tuple[str, str], int] = field(default_factory=dict)
    outputs: dict[tuple[str, str], int] = field(default_factory=dict)


def slots(items: Mapping[str, Item], wires: Sequence[Wire], tree: Tree) -> Slots:
    """Slots for the tree's order of units: links to one port stay together, all links of an output share one slot."""
    place = tree.positions()
    found = Slots([0] * len(wires), [0] * len(wires))
    for name, item in items.items():
        _outputs(found, name, item, wires, tree, place)
        _ports(found, name, item, wires, tree, place)
    return found


def _outputs(found: Slots, name: str, item: Item, wires: Sequence[Wire], tree: Tree, place: list[int]) -> None:
    targets: dict[str, list[int]] = {}
    leaving = [i for i, wire in enumerate(wires) if wire.source == name]
    for i in leaving:
        targets.setdefault(wires[i].output, []).append(place[tree.chains[i][1].unit])
    order = sorted(targets, key=lambda output: sum(targets[output]) / len(targets[output]))
    for output, offset in zip(order, _spread([item.outputs.get(o, 0) for o in order], item.width), strict=True):
        found.outputs[name, output] = offset
    for i in leaving:
        found.start[i] = found.outputs[name, wires[i].output]


def _ports(found: Slots, name: str, item: Item, wires: Sequence[Wire], tree: Tree, place: list[int]) -> None:
    sources: dict[str, list[tuple[int, int]]] = {}
    for i, wire in enumerate(wires):
        if wire.target == name:
            sources.setdefault(wire.port, []).append((place[tree.chains[i][-2].unit], i))
    order = sorted(sources, key=lambda port: sum(p for p, _ in sources[port]) / len(sources[port]))
    widths = [max(item.inputs.get(port, 0), SLOT * len(sources[port])) for port in order]
    for port, offset in zip(order, _spread(widths, item.width), strict=True):
        found.ports[name, port] = offset
        inner = _spread([0] * len(sources[port]), SLOT * len(sources[port]))
        for (_, i), shift in zip(sorted(sources[port]), inner, strict=True):
            found.end[i] = offset + shift


def _spread(widths: list[int], room: int) -> list[int]:
    """Middles of segments of these widths, centred in `room` and with air between them if there is some."""
    natural = [max(width, SLOT) for width in widths]
    air = min(SLOT, max(0, room - sum(natural) - SLOT) // max(1, len(natural)))
    x = -(sum(natural) + air * (len(natural) - 1)) // 2
    middles = []
    for width in natural:
        middles.append(x + width // 2)
        x += width + air
    return middles
