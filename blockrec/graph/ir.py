"""The checked model as a frozen value: what passes transform, `viz` draws and `lower` instantiates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from blockrec.diagnostics import Span
from blockrec.language.features import Feature, Label
from blockrec.signature import Signature, Type

if TYPE_CHECKING:
    import networkx as nx

Role = Literal["node", "lookup", "loss"]

UNRESOLVED = "?"
"""Source of an edge that an error left without one; passes stay quiet about it."""


@dataclass(frozen=True)
class Link:
    """Between two nodes of a chain that `repeat` makes: its name, where it says so, and what its first node takes."""

    chain: str
    at: Span
    source: str
    output: str


@dataclass(frozen=True)
class Edge:
    """A use of a value: `source` is a node, a feature or a label; `output` one of the node's outputs."""

    source: str
    output: str
    span: Span
    link: Link | None = None


@dataclass(frozen=True)
class Node:
    """One use of a block.

    name: graph path; members of a composite are `head.mlp`, nodes that the compiler made contain `/`.
    block: registered block; `lookup` for rows of a table (role `lookup`, params `table`, `feature`, `dim`).
    inputs: port → edges (several only for a variadic port, once `link` has run; before, the key `""` is the
    port that the file did not name). ports_at: where the ports are written.
    signature: what the block declares; None if the block is unknown.
    outputs: output name → type, the primary one is `out`; filled by `infer`.
    axes: constructor sizes that `infer` found, None for an optional one without an input.
    lifted: applied to the rows of sequences. broken: an error was reported about it, so that its type stays unknown.
    parameters: how many it learns, counted by `measure`; flops, bytes: of its forward pass for one sample.
    shares: graph path of the node whose module, with its weights, it uses.
    kernel: the backend that the file asks for, None if it does not.
    recompute: its inner values are not kept for the backward pass.
    fused: ports whose lookups the node does itself, where a kernel of the machine can.
    reads: port → those lookups, set by `fuse_lookups`; its inputs are then their ids.
    used_at: where the composites are used that this node belongs to, outermost first.
    """

    name: str
    block: str
    inputs: Mapping[str, tuple[Edge, ...]]
    params: Mapping[str, Any]
    span: Span
    role: Role = "node"
    doc: str = ""
    params_at: Mapping[str, Span] = field(default_factory=dict)
    ports_at: Mapping[str, Span] = field(default_factory=dict)
    used_at: tuple[Span, ...] = ()
    signature: Signature | None = None
    kernel: str | None = None
    outputs: Mapping[str, Type] | None = None
    axes: Mapping[str, int | None] = field(default_factory=dict)
    lifted: bool = False
    broken: bool = False
    parameters: int | None = None
    flops: int | None = None
    bytes: int | None = None
    shares: str | None = None
    recompute: bool = False
    fused: tuple[str, ...] = ()
    reads: Mapping[str, tuple[Node, ...]] = field(default_factory=dict)

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """(port, edge) of every input, in port order."""
        return ((port, edge) for port, edges in self.inputs.items() for edge in edges)


@dataclass(frozen=True)
class Sink:
    """A value that leaves the model: the logits of a task, a loss with its weight, an output, a watched value.

    warn: of a watched value, the statement that raises an alarm, as written.
    """

    name: str
    kind: Literal["task", "loss", "output", "watch"]
    edge: Edge
    weight: float = 1.0
    label: str | None = None
    metrics: tuple[Any, ...] = ()
    loss: str | None = None
    warn: str | None = None

    @property
    def key(self) -> str:
        """Where the module returns it: a task or an output under its name, else `loss.<name>` or `watch.<name>`."""
        return self.name if self.kind in ("task", "output") else f"{self.kind}.{self.name}"


@dataclass(frozen=True)
class Graph:
    """A model: `nodes` in file order (topological after `link`), tables keyed (table, root feature) → dim."""

    name: str
    features: Mapping[str, Feature]
    labels: Mapping[str, Label]
    nodes: Mapping[str, Node]
    sinks: tuple[Sink, ...]
    doc: str = ""

    def digraph(self) -> nx.MultiDiGraph[str]:
        """Nodes and their edges (features and labels left out); edge data: port, edge."""
        import networkx as nx  # takes longer than checking a model, and few commands need it

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        graph.add_nodes_from(self.nodes)
        graph.add_edges_from(
            (edge.source, node.name, {"port": port, "edge": edge})
            for node in self.nodes.values()
            for port, edge in node.edges()
            if edge.source in self.nodes
        )
        return graph

    def ancestors(self, names: set[str]) -> set[str]:
        """`names` and every node that they depend on."""
        found, open_ = set(names), list(names)
        while open_:
            for _, edge in self.nodes[open_.pop()].edges():
                if edge.source in self.nodes and edge.source not in found:
                    found.add(edge.source)
                    open_.append(edge.source)
        return found

    def used_features(self) -> list[str]:
        """Features and labels that some node or sink reads, in declaration order."""
        used = {e.source for n in self.nodes.values() for _, e in n.edges()} | {s.edge.source for s in self.sinks}
        return [f for f in (*self.features, *self.labels) if f in used]

    def tables(self) -> dict[tuple[str, str], int]:
        """(table, root feature) → dim of every table that a lookup uses."""
        return {(n.params["table"], self.features[n.params["feature"]].root): n.params["dim"] for n in self.lookups()}

    def lookups(self) -> Iterator[Node]:
        """All of them, those inside of other nodes too."""
        for node in self.nodes.values():
            if node.role == "lookup":
                yield node
            for lookups in node.reads.values():
                yield from lookups

    def with_nodes(self, nodes: Mapping[str, Node]) -> Graph:
        """The same graph with other nodes."""
        return replace(self, nodes=dict(nodes))
