"""`train.recompute`: which nodes compute their inner values twice instead of keeping them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.graph.ir import Graph, Node
from blockrec.language.values import List, Map


def mark_recomputed(graph: Graph, train: Map, report: Diagnostics) -> Graph:
    """Mark the nodes that a glob of `train.recompute` matches, itself or a composite around it; E207 for one without.

    Lookups, losses and what the compiler made are left out: they keep nothing that their results do not hold.
    """
    globs = train.get("recompute")
    if not isinstance(globs, List):
        return graph
    names = {name: [*_names(node)] for name, node in graph.nodes.items() if node.role == "node" and "/" not in name}
    marked: set[str] = set()
    for glob, at in zip(globs, globs.at, strict=True):
        if not isinstance(glob, str):
            continue
        found = {name for name, own in names.items() if any(fnmatchcase(n, glob) for n in own)}
        if not found:
            help = did_you_mean(glob, {n for own in names.values() for n in own}, "`blockrec ls` lists the nodes")
            report.error("E207", f"`{glob}` in `train.recompute` matches no node", at, help=help)
        marked |= found
    return graph.with_nodes({n: replace(node, recompute=n in marked) for n, node in graph.nodes.items()})


def _names(node: Node) -> Iterator[str]:
    """`tower.mlp`, and `tower`."""
    path = node.name
    while path:
        yield path
        path = path.rpartition(".")[0]
