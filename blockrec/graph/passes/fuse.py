"""Lookups that feed attention or a sum become part of it: the rows of tables are read where they are used.

So the steps' vectors [b, t, d] exist nowhere, and each such use gives a table one gradient for each distinct id of a
batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from blockrec.graph.forms import CONCAT
from blockrec.graph.ir import Edge, Graph, Node
from blockrec.graph.passes.prune import prune_unused

Serves = Callable[[Node, str], bool]
"""Whether an op that reads tables has a kernel for a node."""


def mark_fused(graph: Graph, kernels: str) -> Graph:
    """Mark the ports (`Signature.looks_up`) that take nothing but looked up rows, alone or side by side.

    Left out are nodes with the reference kernel, which is plain torch, and those whose inner values are recomputed.
    """
    return graph.with_nodes({name: replace(n, fused=_ports(n, graph, kernels)) for name, n in graph.nodes.items()})


def fuse_lookups(graph: Graph, serves: Serves) -> Graph:
    """Marked ports take ids instead of looked up rows, where a kernel serves.

    Lookups and concats that nothing else needs vanish; all others stay. Relies on topological order.
    """
    return prune_unused(graph.with_nodes({name: _fused(node, graph, serves) for name, node in graph.nodes.items()}))


def vanishing(graph: Graph) -> dict[str, Node]:
    """The nodes that `fuse_lookups` removes from a marked graph if a kernel serves everywhere."""
    left = fuse_lookups(graph, lambda _node, _op: True).nodes
    return {name: node for name, node in graph.nodes.items() if name not in left}


def _ports(node: Node, graph: Graph, kernels: str) -> tuple[str, ...]:
    if node.signature is None or node.lifted or node.recompute or (node.kernel or kernels) == "reference":
        return ()
    return tuple(port for port in node.signature.looks_up if _at(node, port, graph))


def _fused(node: Node, graph: Graph, serves: Serves) -> Node:
    looks_up = node.signature.looks_up if node.signature else {}
    reads = {port: _at(node, port, graph) for port in node.fused if serves(node, looks_up[port])}
    ids = {port: tuple(e for lookup in lookups for _, e in lookup.edges()) for port, lookups in reads.items()}
    return replace(node, inputs={**node.inputs, **ids}, reads=reads)


def _at(node: Node, port: str, graph: Graph) -> tuple[Node, ...]:
    edges = node.inputs.get(port, ())
    return _lookups(edges[0], graph) if len(edges) == 1 else ()


def _lookups(edge: Edge, graph: Graph) -> tuple[Node, ...]:
    """Those that a sequence consists of, in order; none if it is made of anything else."""
    source = graph.nodes.get(edge.source)
    if source is None or source.outputs is None or not source.outputs["out"].jagged:
        return ()
    if source.role == "lookup":
        return () if graph.features[source.params["feature"]].pool else (source,)
    if source.block != CONCAT:
        return ()
    parts = [_lookups(e, graph) for _, e in source.edges()]
    return tuple(lookup for part in parts for lookup in part) if all(parts) else ()
