"""A scene as lines of text: every node with what it reads and yields, in an order that can be computed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from blockrec.graph.ir import Graph
from blockrec.viz.build import build
from blockrec.viz.order import common_path
from blockrec.viz.scene import Box, Cluster, Link, Path, Scene
from blockrec.viz.shapes import reads
from blockrec.words import counted, human, shortened

INDENT = "  "
NAME, BLOCK, TYPE = 34, 26, 24
"""Greatest widths of columns; inputs take the rest."""


@dataclass(frozen=True)
class Row:
    """A line of the table: name (indented), block, inputs (wrapped), output type, parameters."""

    name: str
    block: str = ""
    inputs: str = ""
    type: str = ""
    parameters: str = ""


def text(graph: Graph, *, depth: int | None = None, width: int = 100) -> str:
    """A table, at most `width` wide if names allow; composites deeper than `depth` are closed (default: none)."""
    scene = build(graph, depth)
    sections = [_nodes(scene), _sinks(scene)]
    rows = [row for section in sections for row in section]
    widths = _widths(rows, width)
    head = [scene.name, *textwrap.wrap(scene.doc, width), scene.caption, ""]
    tables = [
        "\n".join(line for row in section for line in _line(row, widths)) for section in sections if len(section) > 1
    ]
    return "\n".join([*head, *_features(scene), "\n\n".join(tables)]) + "\n"


def _features(scene: Scene) -> list[str]:
    rows = [row for box in scene.boxes if box.role == "input" for row in box.rows]
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"{INDENT}{row.name:<{width}}  {row.detail}" for row in rows]
    return ["features", *lines, ""] if rows else []


def _nodes(scene: Scene) -> list[Row]:
    rows = [Row("nodes", "block", "inputs", "output", "params")]
    here: Path = ()
    for box in scene.boxes:
        if box.role in ("embed", "block", "composite"):
            rows += _opened(scene, here, box.cluster)
            rows.append(_node(scene, box))
            here = box.cluster
    return rows


def _opened(scene: Scene, old: Path, new: Path) -> Iterator[Row]:
    """A line for each composite that is entered."""
    for level in range(len(common_path(old, new)) + 1, len(new) + 1):
        cluster = next(c for c in scene.clusters if c.path == new[:level])
        yield Row(INDENT * level + cluster.path[-1], _size(cluster), parameters=_count(cluster.parameters))


def _size(cluster: Cluster) -> str:
    return f"({counted(cluster.nodes, 'node')})"


def _node(scene: Scene, box: Box) -> Row:
    block = {"composite": f"({counted(len(box.inside), 'node')})"}.get(box.role, box.block)
    tables = reads(box.reads) if box.role == "embed" else []
    block += f" {tables[0][0]}" if len(tables) == 1 else ""
    inputs = ", ".join(_input(link, box) for link in scene.into(box))
    used = dict.fromkeys(link.output for link in scene.links if link.source == box.id) or list(box.outputs)[:1]
    types = "  ".join(_type(box, output) for output in used)
    return Row(INDENT * (len(box.cluster) + 1) + box.label, block, inputs, types, _count(box.parameters))


def _type(box: Box, output: str) -> str:
    type = box.outputs.get(output, "")
    return type if output == "out" or box.role == "composite" else f"{output} {type}"


def _input(link: Link, box: Box) -> str:
    """What a link brings, named from inside the box's composite; with its port if the box has several."""
    prefix = ".".join([*box.cluster, ""])
    values = ", ".join(value.removeprefix(prefix) for value in link.values)
    return f"{link.port}={values}" if len(box.ports) > 1 and link.port not in link.values else values


def _sinks(scene: Scene) -> list[Row]:
    rows = [Row("results", "loss", "from", "", "params")]
    for box in scene.boxes:
        if box.role in ("task", "loss", "output", "watch"):
            block = " ".join(filter(None, [box.role, box.block]))
            inputs = ", ".join(value for link in scene.into(box) for value in link.values)
            notes = f" ({'; '.join(box.notes)})" if box.notes else ""
            rows.append(Row(INDENT + box.label, block, inputs + notes, "", _count(box.parameters)))
    return rows


def _count(number: int | None) -> str:
    return human(number) if number else ""


def _widths(rows: list[Row], total: int) -> tuple[int, int, int, int]:
    """Of name, block, inputs and type; parameters take seven."""
    name = min(NAME, max(len(row.name) for row in rows))
    block = min(BLOCK, max(len(row.block) for row in rows))
    type = min(TYPE, max(len(row.type) for row in rows))
    inputs = max(len(row.inputs) for row in rows)
    return name, block, min(inputs, max(20, total - name - block - type - 7 - 4 * len(INDENT))), type


def _line(row: Row, widths: tuple[int, int, int, int]) -> Iterator[str]:
    name, block, inputs, type = widths
    first, *more = textwrap.wrap(row.inputs, inputs, break_on_hyphens=False) or [""]
    if len(row.name) > name:
        yield row.name
    shown = row.name if len(row.name) <= name else ""
    cells = [
        f"{shown:<{name}}",
        f"{shortened(row.block, block):<{block}}",
        f"{first:<{inputs}}",
        f"{shortened(row.type, type):<{type}}",
    ]
    yield INDENT.join([*cells, f"{row.parameters:>7}"]).rstrip()
    yield from (" " * (name + block + 2 * len(INDENT)) + line for line in more)
