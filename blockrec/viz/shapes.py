"""The inside of a box: which lines of text it shows, and the size that holds them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blockrec.viz.layout import SLOT, Item
from blockrec.viz.measure import text_width
from blockrec.viz.scene import Box, Read, Scene
from blockrec.words import counted, human, shortened

NAME, TEXT, SMALL = 13, 11, 10
"""Font sizes: names, facts, port labels."""
MARGIN = 12
LINE = {NAME: 18, TEXT: 15}
STRIP = 15
"""Height of a row of port labels."""
LONGEST = 46


@dataclass(frozen=True)
class Line:
    """A text from the left, and one from the right; `kind` is its style: name, fact, type or row."""

    kind: str
    text: str
    right: str = ""

    @property
    def size(self) -> int:
        return NAME if self.kind == "name" else TEXT

    @property
    def width(self) -> int:
        right = 18 + text_width(self.right, TEXT) if self.right else 0
        return text_width(self.text, self.size, self.kind in ("name", "row")) + right


@dataclass(frozen=True)
class Shape:
    """Lines of a box, and the labels of its ports: those above the lines and those below, by name."""

    lines: tuple[Line, ...]
    ports: dict[str, str]
    outputs: dict[str, str]

    def item(self, box: Box) -> Item:
        """The size to place."""
        inputs, outputs = _widths(self.ports), _widths(self.outputs)
        labels = max(sum(side.values()) for side in (inputs, outputs))
        links = SLOT * sum(box.ports.values())
        width = max([line.width for line in self.lines] + [labels, links, 60]) + 2 * MARGIN
        height = sum(LINE[line.size] for line in self.lines) + 12 + STRIP * (bool(self.ports) + bool(self.outputs))
        return Item(width + width % 2, height, box.cluster, inputs, outputs)


def shape(scene: Scene, box: Box) -> Shape:
    """What `box` shows: name, block, settings that the user wrote, type; labels only where there are several ports."""
    used = list(dict.fromkeys(link.output for link in scene.links if link.source == box.id))
    ports = {port: port for port in box.ports} if len(box.ports) > 1 else {}
    several = len(used) > 1 and box.role != "input"
    outputs = {name: f"{name} {box.outputs.get(name, '')}".strip() for name in used} if several else {}
    return Shape(tuple(_lines(box, used, several)), ports, outputs)


def _lines(box: Box, used: Sequence[str], labelled: bool) -> Iterable[Line]:
    if box.role == "input":
        yield from [Line("name", box.label)] if box.label else []
        yield from (Line("row", row.name.removeprefix(f"{box.label}."), row.detail) for row in box.rows)
        return
    yield Line("name", shortened(box.label, 2 * LONGEST))
    yield from (Line("fact", shortened(fact, LONGEST)) for fact in _facts(box) if fact)
    if not labelled and (types := _type(box, used)):
        yield Line("type", types)


def _facts(box: Box) -> list[str]:
    words = {"composite": counted(len(box.inside), "node"), "output": "output", "watch": "watched"}
    what = words.get(box.role, box.block)
    head = f"{box.role} · {what}" if box.role in ("task", "loss", "composite") and what else what
    size = f"{human(box.parameters)} params" if box.parameters else ""
    tables, *rest = reads(box.reads) if box.role == "embed" else [("", "")]
    first = " · ".join(filter(None, [head, tables[0], size]))
    written = " · ".join(f"{name} {box.settings[name]}" for name in box.written)
    return [first, tables[1], *(fact for pair in rest for fact in pair), written, *box.notes]


def reads(found: Sequence[Read]) -> list[tuple[str, str]]:
    """(`att × 16`, `item, category`): a table with its dim, and the features read from it."""
    groups: dict[tuple[str, int], list[str]] = {}
    for read in found:
        groups.setdefault((read.table, read.dim), []).append(read.feature)
    return [(f"{table} × {dim}", _together(names)) for (table, dim), names in groups.items()]


def _together(names: list[str]) -> str:
    """Names in a row, fields of one sequence without its name (a link shows it); a count for many."""
    if len(names) > 6:
        return counted(len(names), "feature")
    one = len({name.rpartition(".")[0] for name in names}) == 1
    return ", ".join(name.rpartition(".")[2] if one else name for name in names)


def _type(box: Box, used: Sequence[str]) -> str:
    name = used[0] if used else next(iter(box.outputs), "")
    prefix = "" if name == "out" or box.role == "composite" else f"{name} "
    return prefix + box.outputs[name] if box.outputs.get(name) else ""


def _widths(labels: dict[str, str]) -> dict[str, int]:
    return {name: text_width(label, SMALL) + 10 for name, label in labels.items()}
