"""Edges to ports: names checked, the one list rule, labels kept out of the graph, cycles found, nodes ordered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from blockrec.diagnostics import Diagnostics, Span
from blockrec.graph.forms import CONCAT
from blockrec.graph.ir import UNRESOLVED, Edge, Graph, Node
from blockrec.graph.order import in_order
from blockrec.graph.passes.references import UNNAMED
from blockrec.language.renamed import explain_word
from blockrec.signature import Signature

if TYPE_CHECKING:
    import networkx as nx


def link(graph: Graph, concat: Signature, report: Diagnostics) -> Graph:
    """Nodes in topological order (file order where free), each input under its port. Relies on `expand`."""
    nodes: dict[str, Node] = {}
    for node in graph.nodes.values():
        linked = _ports(node, report) if node.signature else node
        for made in _join_lists(linked, concat):
            nodes[made.name] = made
    graph = graph.with_nodes(nodes)
    return _ordered(_without_labels(graph, report), report)


def _ports(node: Node, report: Diagnostics) -> Node:
    signature = node.signature
    assert signature is not None
    if node.role == "loss" and node.name.startswith("tasks."):
        return _task_ports(node, signature, report)
    if UNNAMED in node.inputs:
        return replace(node, inputs=_unnamed(node, signature, report))
    known = {}
    for port, edges in node.inputs.items():
        if signature.port(port):
            known[port] = edges
            continue
        names = [p.name for p in signature.ports]
        message = f"block `{node.block}` has no input port `{port}`"
        help = explain_word(port, names, f"input ports: {', '.join(names)}")
        report.error("E203", message, node.ports_at[port], help=help)
    misspelt = len(known) < len(node.inputs) or any(signature.port(key) for key in node.params)
    for port in [] if misspelt else [*signature.required_ports, *_partners(signature, known)]:
        if port not in known:
            _not_connected(node, port, signature, report)
    if misspelt:
        return replace(node, inputs=known, broken=True)
    return replace(node, inputs={p.name: known[p.name] for p in signature.ports if p.name in known})


def _partners(signature: Signature, known: Mapping[str, tuple[Edge, ...]]) -> list[str]:
    """Optional ports that go together, because only they bind an axis, and of which some are connected."""
    groups = [[p.name for p in signature.ports if axis in p.dims] for axis in signature.optional_axes]
    return [port for group in groups if any(p in known for p in group) for port in group]


def _unnamed(node: Node, signature: Signature, report: Diagnostics) -> Mapping[str, tuple[Edge, ...]]:
    required = signature.required_ports
    if len(required) == 1:
        return {required[0]: node.inputs[UNNAMED]}
    message = f"block `{node.block}` has {len(required)} input ports: name them"
    help = f"in: {{{', '.join(f'{p}: ...' for p in required)}}}"
    report.error("E205", message, node.ports_at[UNNAMED], help=help)
    return {}


def _task_ports(node: Node, signature: Signature, report: Diagnostics) -> Node:
    names = [p.name for p in signature.ports]
    if names[:2] == ["logits", "label"]:
        return _weighed(node, names, report)
    message = f"block `{node.block}` is not a task's loss: it takes {', '.join(names)}, not logits and label"
    report.error("E205", message, node.params_at.get("block", node.span), help="use it under `losses:`")
    return replace(node, broken=True)


def _weighed(node: Node, ports: list[str], report: Diagnostics) -> Node:
    """A task's node, whose loss has to take the weights that the task has, and what it gets beside them."""
    assert node.signature is not None
    refused = [port for port in node.inputs if port not in ports]
    for port in refused:
        message = f"the loss `{node.block}` takes no `{port}` of its rows"
        at = node.ports_at.get(port, node.inputs[port][0].span)
        report.error("E203", message, at, help=f"its inputs are {', '.join(ports)}")
    missing = [port for port in node.signature.required_ports if port not in node.inputs]
    for port in missing:
        message = f"input `{port}` of the loss `{node.block}` is not connected"
        at = node.params_at.get("block", node.span)
        report.error("E204", message, at, help=f"loss: {{block: {node.block}, in: {{{port}: NODE}}}}")
    return replace(node, broken=True) if refused or missing else node


def _not_connected(node: Node, port: str, signature: Signature, report: Diagnostics) -> None:
    takes = ", ".join(signature.required_ports)
    at = node.ports_at.get(UNNAMED, node.span)
    message = f"input `{port}` of `{node.name}` is not connected"
    ports = signature.required_ports
    whole = "in: NODE" if len(ports) == 1 else f"in: {{{', '.join(f'{p}: NODE' for p in ports)}}}"
    report.error("E204", message, at, label=f"`{node.block}` takes {takes}", help=f"write {whole}")


def _join_lists(node: Node, concat: Signature) -> Iterable[Node]:
    """A list given to a port that takes one value is concatenated on the last axis, by a node of the compiler."""
    inputs = dict(node.inputs)
    for port, edges in node.inputs.items():
        declared = node.signature.port(port) if node.signature else None
        if declared is not None and not declared.variadic and len(edges) > 1:
            path = f"{node.name}/{port}"
            at = node.ports_at.get(port, node.span)
            yield Node(path, CONCAT, {concat.ports[0].name: edges}, {}, at, used_at=node.used_at, signature=concat)
            inputs[port] = (Edge(path, "out", edges[0].span),)
    yield node if inputs == node.inputs else replace(node, inputs=inputs)


def _owner(name: str) -> str:
    """The node of the file that a node of the compiler's belongs to."""
    return name.partition("/")[0]


def _without_labels(graph: Graph, report: Diagnostics) -> Graph:
    """Labels may enter losses only; elsewhere they are reported and cut off."""

    def cut(edge: Edge, user: str) -> Edge:
        if edge.source not in graph.labels:
            return edge
        message = f"label `{edge.source}` may enter only losses and metrics, not `{_owner(user)}`"
        report.error("E302", message, edge.span, help="a model that reads its label learns nothing else")
        return replace(edge, source=UNRESOLVED)

    nodes = {
        name: replace(node, inputs={p: tuple(cut(e, name) for e in edges) for p, edges in node.inputs.items()})
        for name, node in graph.nodes.items()
        if node.role != "loss" and any(edge.source in graph.labels for _, edge in node.edges())
    }
    for sink in graph.sinks:
        if sink.kind != "loss" and sink.edge.source in graph.labels:
            doing = "predicted from itself" if sink.kind == "task" else f"an entry of `{sink.kind}s`"
            doing = "watched" if sink.kind == "watch" else doing
            help = "a label is known only while training: name a node"
            report.error("E302", f"label `{sink.edge.source}` may not be {doing}", sink.edge.span, help=help)
    return graph.with_nodes({**graph.nodes, **nodes})


def _ordered(graph: Graph, report: Diagnostics) -> Graph:
    names = in_order(graph.nodes)
    if len(names) < len(graph.nodes):
        return _without_cycles(graph, report)
    return graph.with_nodes({name: graph.nodes[name] for name in names})


def _without_cycles(graph: Graph, report: Diagnostics) -> Graph:
    import networkx as nx

    order = graph.digraph()
    place = {name: i for i, name in enumerate(graph.nodes)}
    cyclic = [c for c in nx.strongly_connected_components(order) if len(c) > 1 or order.has_edge(*list(c) * 2)]
    for component in sorted(cyclic, key=lambda c: min(place[n] for n in c)):
        _report_cycle(graph, order.subgraph(component), place, report)
    order.remove_edges_from([(a, b, k) for c in cyclic for a, b, k in order.subgraph(c).edges(keys=True)])
    names = nx.lexicographical_topological_sort(order, key=lambda n: place[n])
    broken = {n for c in cyclic for n in c}
    nodes = {n: replace(graph.nodes[n], broken=True) if n in broken else graph.nodes[n] for n in names}
    return graph.with_nodes(nodes)


def _report_cycle(graph: Graph, component: nx.MultiDiGraph[str], place: Mapping[str, int], report: Diagnostics) -> None:
    import networkx as nx

    start = min(component.nodes, key=lambda n: place[n])
    steps = nx.find_cycle(component, start)
    spans: list[tuple[Span, str]] = []
    for source, target, *_ in steps:
        edge = next(e for _, e in graph.nodes[target].edges() if e.source == source)
        if "/" not in source:
            spans.append((edge.span, f"`{_owner(target)}` depends on `{source}`"))
    written = [step[0] for step in steps if "/" not in step[0]]
    path = " → ".join([*written, written[0]])
    at, label = spans[-1]
    help = "a graph has no loops: take the value before the loop"
    report.error("E301", f"the graph has a cycle: {path}", at, label=label, notes=spans[:-1], help=help)
