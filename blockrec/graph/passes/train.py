"""Finds what no gradient reaches: parts of blocks, whole nodes, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from blockrec.diagnostics import Diagnostics
from blockrec.graph.ir import Graph, Node
from blockrec.graph.measured import Measured
from blockrec.signature import Signature
from blockrec.words import human

SHOWN = 3
"""Names of parameters in a message."""


@dataclass(frozen=True)
class Idle:
    """Parameters of one node that no task or loss reaches. whole: all that it has. share: of the model's dense ones.

    A table has no `parameters` here and no share: its rows are counted apart.
    """

    node: str
    parameters: tuple[str, ...]
    count: int
    share: float
    whole: bool


def idle_parameters(graph: Graph, known: Mapping[str, Measured]) -> list[Idle]:
    """What stays as it was initialised however long the model is trained; nothing in a model without losses.

    Blocks that could not be run on shapes, and parameters whose docstring says that they get no gradient, are left out.
    """
    if not any(sink.kind == "loss" for sink in graph.sinks):
        return []
    wanted = _wanted(graph, known)
    dense = sum(node.parameters or 0 for node in graph.nodes.values())
    return [*_idle_modules(graph, known, wanted, dense), *_idle_tables(graph, wanted)]


def report_idle(graph: Graph, known: Mapping[str, Measured], report: Diagnostics) -> None:
    """W203 for each node with parameters that no task or loss reaches."""
    for idle in idle_parameters(graph, known):
        node = graph.nodes[idle.node]
        notes = [(at, "used here") for at in node.used_at[-1:]]
        help = "use it in a task or a loss, or delete it"
        if node.role == "lookup":
            message = f"no task or loss trains the table `{node.params['table']}` of `{node.params['feature']}`"
        elif idle.whole:
            message = f"no task or loss reaches the {_amount(idle)} of `{node.name}`"
        else:
            names = ", ".join(f"`{name}`" for name in idle.parameters[:SHOWN])
            names += f" and {more} more" if (more := len(idle.parameters) - SHOWN) > 0 else ""
            message = f"no task or loss reaches {_amount(idle)} of `{node.name}`: {names}"
            help = "they belong to outputs or settings of the block that nothing uses"
        report.warn("W203", message, node.params_at.get("block", node.span), help=help, notes=notes)


def _amount(idle: Idle) -> str:
    of = f" ({idle.share:.0%} of all dense ones)" if idle.share >= 0.005 else ""
    return f"{human(idle.count)} parameter{'s' * (idle.count != 1)}{of}"


def _wanted(graph: Graph, known: Mapping[str, Measured]) -> dict[str, set[str]]:
    """Node → its outputs from which a gradient comes. Relies on topological order."""
    wanted: dict[str, set[str]] = {}
    for sink in graph.sinks:
        if sink.kind == "loss":
            wanted.setdefault(sink.edge.source, set()).add(sink.edge.output)
    for node in reversed([*graph.nodes.values()]):
        ports = _ports(node, known.get(node.name), wanted.get(node.name, set()))
        for port, edge in node.edges():
            if port in ports:
                wanted.setdefault(edge.source, set()).add(edge.output)
    return wanted


def _ports(node: Node, known: Measured | None, outputs: set[str]) -> set[str]:
    """Ports at which a gradient arrives; all of a node that is used and of which nothing is known."""
    if not outputs:
        return set()
    if known is None or known.reach is None:
        return set(node.inputs)
    return {port for output in outputs for port in known.reach[output].ports}


def _idle_modules(
    graph: Graph, known: Mapping[str, Measured], wanted: Mapping[str, set[str]], dense: int
) -> Iterator[Idle]:
    reached: dict[str, set[str]] = {}
    home: dict[str, str] = {}
    for name, measured in known.items():
        node = graph.nodes.get(name)
        if node is None or not measured.parameters:
            continue
        owner = home.setdefault(node.shares or name, name)
        arrives = reached.setdefault(owner, set())
        for output in wanted.get(name, ()):
            arrives |= set(measured.parameters if measured.reach is None else measured.reach[output].parameters)
    for name, arrives in reached.items():
        node, parameters = graph.nodes[name], known[name].parameters or {}
        if node.signature is None:
            continue
        idle = [p for p in parameters if p not in arrives and not gets_none_by_design(p, node.signature, node.params)]
        count = sum(parameters[p] for p in idle)
        if count:
            yield Idle(name, tuple(idle), count, count / max(dense, 1), not arrives)


def _idle_tables(graph: Graph, wanted: Mapping[str, set[str]]) -> Iterator[Idle]:
    readers: dict[tuple[str, str], list[Node]] = {}
    for node in graph.nodes.values():
        if node.role == "lookup":
            key = node.params["table"], graph.features[node.params["feature"]].root
            readers.setdefault(key, []).append(node)
    for (_, root), nodes in readers.items():
        if not any(node.name in wanted for node in nodes):
            rows = graph.features[root].vocab
            count = rows * nodes[0].params["dim"] if isinstance(rows, int) else 0
            yield Idle(nodes[0].name, (), count, 0.0, True)


def gets_none_by_design(name: str, signature: Signature, params: Mapping[str, Any]) -> bool:
    """Whether a sentence of the docstring like "with `key: value` the parameter `a.*.bias` gets no gradient" holds."""
    values = {**signature.defaults, **params}
    settings = {f"{k}: {str(v).lower() if isinstance(v, bool) else v}" for k, v in values.items()}
    sentences = [s for s in " ".join(signature.doc.split()).split(". ") if "gets no gradient" in s]
    marked = [re.findall("`([^`]*)`", s) for s in sentences]
    return any(
        all(m in settings for m in marks if ": " in m) and any(fnmatch(name, m) for m in marks if ": " not in m)
        for marks in marked
    )
