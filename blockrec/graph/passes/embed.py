"""The form `embed`: one lookup a feature, side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.graph.forms import CONCAT, LOOKUP, LOOKUP_SIGNATURE, POOLED_SIGNATURE, STACK
from blockrec.graph.ir import UNRESOLVED, Edge, Node
from blockrec.graph.library import Library
from blockrec.language.features import Features
from blockrec.language.values import UNKNOWN, Map


def expand_embed(node: Node, features: Features, library: Library, report: Diagnostics) -> dict[str, Node]:
    """`query` of two features → `query/item`, `query/category` and `query`, their concat; of one: `query`, a lookup."""
    edges = [e for _, e in node.edges()]
    ids = [e for e in edges if _is_id(e, features, report)]
    if not edges:
        report.error("E204", f"`{node.name}` embeds nothing", node.span, help="in: a feature or a list of features")
    _check_dims(node, ids, report)
    alone = len(edges) == 1
    lookups = {e.source: _lookup(node, e, features, report, alone) for e in ids}
    made = {lookup.name: lookup for lookup in lookups.values()}
    if alone and not node.params.get("stack"):
        unresolved = tuple(replace(e, source=UNRESOLVED) for e in edges)
        return made or {node.name: replace(node, broken=True, inputs={"": unresolved})}
    parts = tuple(Edge(lookups[e.source].name if e.source in lookups else e.source, "out", e.span) for e in edges)
    block = STACK if node.params.get("stack") else CONCAT
    joined = replace(node, block=block, inputs={"": parts}, params={}, signature=library.signature(block))
    return {**made, node.name: joined}


def _is_id(edge: Edge, features: Features, report: Diagnostics) -> bool:
    feature = features.features.get(edge.source)
    if feature is None and edge.source != UNRESOLVED and edge.source not in features.labels:
        ids = [f.name for f in features.features.values() if f.kind == "id"]
        help = did_you_mean(edge.source, ids, "`embed` takes features; a node's output is used directly")
        report.error("E208", f"`{edge.source}` is not a feature", edge.span, help=help)
    elif feature is not None and feature.kind != "id":
        report.error(
            "E208",
            f"`{edge.source}` has no table: it is {feature.kind}",
            edge.span,
            help="use it directly, or declare a table: `vocab`, `hash`, `buckets`",
        )
    return feature is not None and feature.kind == "id"


def _check_dims(node: Node, edges: list[Edge], report: Diagnostics) -> None:
    dims, known = node.params.get("dim"), [e.source for e in edges]
    for name, at in dims.keys_at.items() if isinstance(dims, Map) else ():
        if name not in known:
            help = did_you_mean(name, known)
            report.error("E103", f"`{node.name}` embeds no feature `{name}`", at, help=help)


def _lookup(node: Node, edge: Edge, features: Features, report: Diagnostics, alone: bool) -> Node:
    dims: Any = node.params.get("dim")
    feature = features.features[edge.source]
    dim = dims.get(edge.source) if isinstance(dims, dict) else dims
    dim = dim if dim is not None else feature.dim
    misspelt = isinstance(dims, dict) and any(name not in features.features for name in dims)
    if dim is None and not misspelt:
        report.error(
            "E105", f"`{node.name}` has no `dim` for `{edge.source}`", node.span, help="dim: 16, here or at the feature"
        )
    unknown = any(value is UNKNOWN for value in (dim, node.params.get("table")))
    params = {"table": node.params.get("table") or "main", "feature": edge.source, "dim": dim}
    name = node.name if alone and not node.params.get("stack") else f"{node.name}/{edge.source}"
    broken = unknown or dim is None
    signature = POOLED_SIGNATURE if feature.pool else LOOKUP_SIGNATURE
    lookup = replace(node, name=name, block=LOOKUP, role="lookup", signature=signature, broken=broken)
    return replace(lookup, inputs={"ids": (edge,)}, params=params)
