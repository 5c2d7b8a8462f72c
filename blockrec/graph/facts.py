"""What the compiler knows of a checked model and its file does not show, as plain data; needs no torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from blockrec.graph.compile import Checked
from blockrec.graph.ir import Graph, Node
from blockrec.graph.passes.fuse import vanishing
from blockrec.graph.passes.measure import assumed_lengths
from blockrec.graph.passes.share import share_lookups
from blockrec.graph.passes.train import Idle, idle_parameters
from blockrec.graph.size import counts


@dataclass(frozen=True)
class NodeFacts:
    """One node: parameters of its own, operations and written bytes of its forward pass for one sample.

    parameters: 0 for a lookup, whose table is counted apart. None: could not be found out.
    """

    name: str
    block: str
    parameters: int | None
    flops: int | None
    bytes: int | None
    shares: str | None


@dataclass(frozen=True)
class TableFacts:
    """An embedding table: its rows (None if the data decides) of `dim` numbers, and the nodes that read it."""

    table: str
    feature: str
    rows: int | None
    dim: int
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Lookup:
    """The same rows of a table, read for several nodes at once."""

    table: str
    feature: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """A node whose block takes a kernel: what is asked for, and the ops that it binds."""

    node: str
    kernel: str
    ops: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """A checked model.

    sizes: see `graph.size.counts`. flops, bytes: of the forward pass for one sample, equal lookups done once;
    unknown: nodes that these leave out. lengths: steps that sequences are assumed to have, `max_len` or 100.
    several_tables: feature → its tables, if it has more than one (each gives it independent vectors).
    shared: lookups that serve several nodes. fused: node → ports that read tables themselves, where kernels of the
    machine can; unwritten: bytes a sample that are therefore not written. pruned: nodes that are not part of the module
    → why. idle: parameters that no task or loss reaches.
    """

    model: str
    sizes: Mapping[str, int]
    nodes: tuple[NodeFacts, ...]
    flops: int
    bytes: int
    unknown: tuple[str, ...]
    lengths: Mapping[str, int]
    tables: tuple[TableFacts, ...]
    several_tables: Mapping[str, tuple[str, ...]]
    shared: tuple[Lookup, ...]
    fused: Mapping[str, tuple[str, ...]]
    unwritten: int
    pruned: Mapping[str, str]
    idle: tuple[Idle, ...]
    kernels: tuple[Request, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def facts(checked: Checked) -> Facts:
    """The facts of a model that was checked without errors."""
    graph = checked.graph
    sizes = counts(graph)
    tables = tuple(_tables(graph))
    return Facts(
        model=graph.name,
        sizes=sizes,
        nodes=tuple(_node(node) for node in graph.nodes.values()),
        flops=sizes["flops"],
        bytes=sizes["bytes"],
        unknown=tuple(node.name for node in graph.nodes.values() if node.flops is None),
        lengths=assumed_lengths(graph, checked.document.features.sequences),
        tables=tables,
        several_tables=_several(tables),
        shared=tuple(_shared(graph)),
        fused={node.name: node.fused for node in graph.nodes.values() if node.fused},
        unwritten=sum(node.bytes or 0 for node in vanishing(share_lookups(graph)).values()),
        pruned=dict(_pruned(checked.whole, graph)),
        idle=tuple(idle_parameters(graph, checked.measured)),
        kernels=tuple(_requests(checked)),
    )


def written(name: str) -> str:
    """The node of the file that a node of the compiler belongs to: `query/item` → `query`."""
    return name.partition("/")[0]


def _node(node: Node) -> NodeFacts:
    parameters = 0 if node.role == "lookup" else node.parameters
    return NodeFacts(node.name, node.block, parameters, node.flops, node.bytes, node.shares)


def _lookups(graph: Graph) -> Iterator[Node]:
    return (node for node in graph.nodes.values() if node.role == "lookup")


def _tables(graph: Graph) -> Iterator[TableFacts]:
    readers: dict[tuple[str, str], dict[str, None]] = {}
    for node in _lookups(graph):
        root = graph.features[node.params["feature"]].root
        readers.setdefault((node.params["table"], root), {})[written(node.name)] = None
    for (table, root), dim in graph.tables().items():
        vocab: int | Literal["auto"] | None = graph.features[root].vocab
        rows = vocab if isinstance(vocab, int) else None
        yield TableFacts(table, root, rows, dim, tuple(readers[table, root]))


def _several(tables: tuple[TableFacts, ...]) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for table in tables:
        names[table.feature] = (*names.get(table.feature, ()), table.table)
    return {feature: several for feature, several in names.items() if len(several) > 1}


def _shared(graph: Graph) -> Iterator[Lookup]:
    readers: dict[tuple[str, str], list[str]] = {}
    for node in _lookups(graph):
        readers.setdefault((node.params["table"], node.params["feature"]), []).append(written(node.name))
    return (Lookup(*rows, tuple(nodes)) for rows, nodes in readers.items() if len(nodes) > 1)


def _pruned(whole: Graph, graph: Graph) -> Iterator[tuple[str, str]]:
    readers: dict[str, dict[str, None]] = {}
    for node in whole.nodes.values():
        for _, edge in node.edges():
            if written(edge.source) != written(node.name):
                readers.setdefault(written(edge.source), {})[written(node.name)] = None
    for name in whole.nodes:
        if name not in graph.nodes and written(name) == name:
            others = ", ".join(f"`{reader}`" for reader in readers.get(name, ()))
            yield name, f"only {others} reads it, which is left out too" if others else "nothing reads it"


def _requests(checked: Checked) -> Iterator[Request]:
    for name, node in checked.graph.nodes.items():
        if node.signature is not None and node.signature.takes_kernel:
            known = checked.measured.get(name)
            reads = (node.signature.looks_up[port] for port in node.fused)
            yield Request(name, node.kernel or checked.kernels, (*(known.ops if known else ()), *dict.fromkeys(reads)))
