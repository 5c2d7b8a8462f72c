"""What every node costs; what a constructor refuses becomes a diagnostic at the node.

Costs are cached by (block source, parameters, sizes), so that checking a known model imports no torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache as once
from pathlib import Path
from typing import Any

from blockrec import cache
from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node
from blockrec.graph.library import Library
from blockrec.graph.measured import SAMPLES, UNKNOWN_LENGTH, Measured
from blockrec.graph.passes.infer import input_types
from blockrec.language.features import Sequence
from blockrec.registry import Entry
from blockrec.signature import Type

MOST = 2_000
"""Results kept of one block; beyond it they start anew."""
COUNTED_BY = ("graph/cost.py", "graph/counter.py", "jagged.py", "ops/__init__.py", "ops/work.py")
_PACKAGE = Path(__file__).parents[2]

Shape = tuple[str, str, tuple[int, ...], "int | None"]
"""Port, dtype, shape, and steps a sample of a sequence."""


def measure(
    graph: Graph, library: Library, sequences: Mapping[str, Sequence], report: Diagnostics
) -> tuple[Graph, dict[str, Measured]]:
    """Every typed node with `parameters`, `flops` and `bytes`, and what else is known of the block of each.

    Work is that of one sample whose sequences are as long as their `max_len`, else of 100 steps. A node that shares
    another one's weights has no parameters of its own.
    """
    store = _Store()
    work = _Lengths(graph, assumed_lengths(graph, sequences))
    nodes, found = dict(graph.nodes), {}
    for node in graph.nodes.values():
        if node.role == "lookup":
            nodes[node.name] = _lookup(node, work)
        elif node.outputs is not None:
            known = store.measured(library.entries[node.block], node, tuple(work.shapes(node)))
            found[node.name] = known
            work.learn(node, known)
            nodes[node.name] = _with(node, known, report)
    store.write()
    return graph.with_nodes(nodes), found


def assumed_lengths(graph: Graph, sequences: Mapping[str, Sequence]) -> dict[str, int]:
    """Steps of the sequences and lists that the model reads, by the name of their axis."""
    read = [graph.features[name] for name in graph.used_features() if name in graph.features]
    most = {f.axis: f.max_len if f.pool else sequences[f.axis].max_len for f in read if f.axis}
    return {axis: length or UNKNOWN_LENGTH for axis, length in most.items()}


def _with(node: Node, known: Measured, report: Diagnostics) -> Node:
    if known.refused:
        message, help = f"`{node.name}` (block {node.block}): {known.refused}", f"see `blockrec explain {node.block}`"
        report.error("E104", message, node.params_at.get("block", node.span), help=help)
    parameters = 0 if node.shares else known.size
    return replace(node, parameters=parameters, flops=known.flops, bytes=known.bytes)


def _lookup(node: Node, work: _Lengths) -> Node:
    """Rows are copied; rows that become one vector are also added."""
    if node.broken or node.outputs is None:
        return node
    ((_, edge),) = node.edges()
    dim, read = node.params["dim"], work.rows(work.types[edge.source, edge.output])
    given = work.rows(node.outputs["out"])
    return replace(node, flops=read * dim if given < read else 0, bytes=given * dim * 4)


class _Lengths:
    """Shapes of the values of a graph, of one sample or of the measured batch."""

    def __init__(self, graph: Graph, lengths: dict[str, int]) -> None:
        self.lengths = lengths
        self.types = input_types(graph)
        for node in graph.nodes.values():
            self.types |= {(node.name, output): type for output, type in (node.outputs or {}).items()}

    def steps(self, type: Type) -> int | None:
        """Steps a sample of a sequence, None for another value."""
        return self.lengths.get(str(type.axes[1]), UNKNOWN_LENGTH) if type.jagged else None

    def rows(self, type: Type) -> int:
        """Vectors a sample."""
        return self.steps(type) or 1

    def shapes(self, node: Node) -> Iterator[Shape]:
        """What the ports take; the block of a lifted node sees steps as rows."""
        for port, edge in node.edges():
            type = self.types[edge.source, edge.output]
            steps = self.steps(type)
            inner = type.axes[2:] if type.jagged else type.axes[1:]
            sizes = tuple(size if isinstance(size, int) else self.lengths.get(size, UNKNOWN_LENGTH) for size in inner)
            shape = (SAMPLES * (1 if steps is None else steps), *sizes) if type.axes else ()
            yield port, type.dtype, shape, None if node.lifted else steps

    def learn(self, node: Node, known: Measured) -> None:
        """Lengths of sequences that are born at this node."""
        for output, steps in known.lengths.items():
            type = self.types[node.name, output]
            if type.jagged:
                self.lengths.setdefault(str(type.axes[1]), steps)


@dataclass
class _Store:
    """Results by block and key, in memory and on disk."""

    blocks: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    met: dict[tuple[str, str], Measured] = field(default_factory=dict)

    def measured(self, entry: Entry, node: Node, shapes: tuple[Shape, ...]) -> Measured:
        given = json.dumps([dict(node.params), dict(node.axes), shapes], default=str)
        if (node.block, given) not in self.met:
            self.met[node.block, given] = self._found(entry, node, given, shapes)
        return self.met[node.block, given]

    def _found(self, entry: Entry, node: Node, given: str, shapes: tuple[Shape, ...]) -> Measured:
        name = f"measures/{cache.digest([node.block, entry.module])}"
        if name not in self.blocks:
            self.blocks[name] = cache.read_json(name) or {}
        key, known = cache.digest([entry.state, _counting(), given]), self.blocks[name]
        if key not in known or not entry.state:
            known = self.blocks[name] = known if len(known) < MOST else {}
            known[key] = _run(entry, node, shapes).to_json()
            self.changed.add(name)
        return Measured.from_json(known[key])

    def write(self) -> None:
        for name in self.changed:
            cache.write_json(name, self.blocks[name])


def _run(entry: Entry, node: Node, shapes: tuple[Shape, ...]) -> Measured:
    from blockrec.graph.cost import Input, measured

    return measured(entry, node.params, node.axes, [Input(*shape) for shape in shapes])


@once
def _counting() -> str:
    """Changes when the code does that counts."""
    files = [*(_PACKAGE / name for name in COUNTED_BY), *sorted((_PACKAGE / "ops").glob("*/*.py"))]
    return cache.digest([(f.name, (s := f.stat()).st_mtime_ns, s.st_size) for f in files])
