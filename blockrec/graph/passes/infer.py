"""Types of all outputs and sizes of all blocks, in topological order, by matching ports against their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from blockrec.diagnostics import Diagnostics, did_you_mean
from blockrec.graph.derive import Derivation
from blockrec.graph.ir import Edge, Graph, Node, Sink
from blockrec.graph.library import Library
from blockrec.graph.passes.blame import blame
from blockrec.language.expressions import ExpressionError, evaluate
from blockrec.language.features import Feature, Label
from blockrec.signature import LEADING, Bound, Mismatch, Port, Signature, Type, check_limits, match

KINDS = {"E310": "shape mismatch", "E315": "wrong kind of value", "E316": "rows do not correspond"}
RAW_DTYPES = {"float32": "float", "float64": "float", "bool": "bool"}


def infer_types(graph: Graph, library: Library, report: Diagnostics) -> Graph:
    """Every node with `outputs`, `axes` and `lifted`; None where an earlier error hides the type. Relies on `link`."""
    inference = _Inference(graph, library, report)
    for node in graph.nodes.values():
        inference.visit(node)
    for sink in graph.sinks:
        inference.leave(sink)
    return graph.with_nodes(inference.nodes)


def input_types(graph: Graph) -> dict[tuple[str, str], Type]:
    """(name, "out") → type of every feature and label."""
    types = {(f.name, "out"): feature_type(f) for f in graph.features.values()}
    return types | {(label.name, "out"): label_type(label) for label in graph.labels.values()}


def value_types(graph: Graph) -> dict[tuple[str, str], Type]:
    """(name, output) → type of every feature, label and node, as far as they are known."""
    nodes = {(n.name, output): type for n in graph.nodes.values() for output, type in (n.outputs or {}).items()}
    return input_types(graph) | nodes


def label_type(label: Label) -> Type:
    """float [b], or [b, sequence] jagged if each step has one."""
    return Type("float", ("b", label.sequence) if label.sequence else ("b",), label.sequence is not None)


def feature_type(feature: Feature) -> Type:
    """int [b] for an id, float [b, width] if dense; [b, sequence, …] jagged for a field, [b, itself] for a list."""
    axes: tuple[int | str, ...] = ("b", feature.axis) if feature.axis else ("b",)
    dtype = {"id": "int", "dense": "float"}.get(feature.kind, RAW_DTYPES.get(feature.dtype, "int"))
    return Type(dtype, (*axes, feature.width) if feature.kind == "dense" else axes, feature.axis is not None)


class _Inference:
    """Visits the nodes in order; `types` and `nodes` hold what is known so far."""

    def __init__(self, graph: Graph, library: Library, report: Diagnostics) -> None:
        self.features, self.library, self.report = graph.features, library, report
        self.types = input_types(graph)
        self.nodes = dict(graph.nodes)
        self.derivation = Derivation(replace(graph, nodes=self.nodes), self.types)

    def visit(self, node: Node) -> None:
        typed = self._inferred(node, node.signature) if node.signature else node
        self.nodes[node.name] = typed
        self.types |= {(node.name, output): type for output, type in (typed.outputs or {}).items()}

    def _inferred(self, node: Node, signature: Signature) -> Node:
        axes: dict[str, Bound] = {}
        complete = True
        for port in signature.ports:
            for edge in node.inputs.get(port.name, ()):
                given = self.given(edge)
                complete &= given is not None and self._match(node, port, given, axes, edge)
            if port.variadic:
                axes[port.name] = Bound([edge.source for edge in node.inputs.get(port.name, ())], node.span, port.name)
            complete &= port.optional or bool(node.inputs.get(port.name))
        complete = complete and self._within_limits(node, signature, axes)
        outputs = self._outputs(node, signature, axes) if complete and not node.broken else None
        if outputs is None:
            return replace(node, broken=True)
        sizes = {a: axes[a].value if a in axes else None for a in signature.axes}
        return replace(node, outputs=outputs, axes=sizes, lifted=LEADING in axes and axes[LEADING].value[1])

    def leave(self, sink: Sink) -> None:
        """A loss is one number, whatever block computes it; tasks check theirs by its ports."""
        type = self.given(sink.edge)
        if sink.kind == "loss" and type is not None and type.axes:
            block = self.nodes[sink.edge.source].block
            message = f"the loss `{sink.name}` must be one number, but `{block}` gives {type}"
            help = "use a block that gives a loss, such as bce"
            self.report.error("E310", message, sink.edge.span, help=help)

    def given(self, edge: Edge) -> Type | None:
        """The type that flows along an edge; None (quietly) after an earlier error."""
        source = self.nodes.get(edge.source)
        outputs = [port.name for port in source.signature.outputs] if source and source.signature else None
        if outputs is not None and edge.output not in outputs:
            help = did_you_mean(edge.output, outputs, f"outputs: {', '.join(outputs)}")
            at = edge.span.part(edge.output)
            self.report.error("E206", f"`{edge.source}` has no output `{edge.output}`", at, help=help)
        return self.types.get((edge.source, edge.output))

    def _breaks_chain(self, edge: Edge, given: Type) -> bool:
        """Whether a repeated node gives something else than it takes, so that the next one cannot be alike (E312)."""
        link = edge.link
        first = self.types.get((link.source, link.output)) if link else None
        if link is None or first is None or first == given:
            return False
        message = f"`{link.chain}` cannot be repeated: it takes {first} and gives {given}"
        source = self.nodes.get(link.source) or self.features.get(link.source)
        notes = [(source.span, f"{first} comes from here")] if source else []
        help = "let it give what it takes, or write its nodes one by one"
        self.report.error("E312", message, link.at, notes=notes, help=help)
        return True

    def _match(self, node: Node, port: Port, given: Type, axes: dict[str, Bound], edge: Edge) -> bool:
        if self._breaks_chain(edge, given):
            return False
        try:
            match(port, given, axes, edge.span)
        except Mismatch as mismatch:
            self._report(node, port, edge, mismatch, axes)
            return False
        return True

    def _within_limits(self, node: Node, signature: Signature, axes: Mapping[str, Bound]) -> bool:
        try:
            check_limits(signature, axes)
        except Mismatch as mismatch:
            bound = axes[mismatch.axis]
            port = next(p for p in signature.ports if p.name == bound.port)
            edge = next(e for e in node.inputs[bound.port] if e.span == bound.by)
            self._report(node, port, edge, mismatch, axes)
            return False
        return True

    def _report(self, node: Node, port: Port, edge: Edge, mismatch: Mismatch, axes: Mapping[str, Bound]) -> None:
        known = axes.get(mismatch.limit or mismatch.axis)
        notes = blame(self.derivation, node, port, edge, mismatch, known)
        where = f"input `{port.name}` of `{node.name}` (block {node.block})"
        kind = KINDS[mismatch.code]
        help = mismatch.help or self._help(mismatch, edge, known)
        notes += [(at, "used here") for at in node.used_at[-1:]]
        self.report.error(
            mismatch.code, f"{kind} at {where}", edge.span, label=mismatch.message, help=help, notes=notes
        )

    def _help(self, mismatch: Mismatch, edge: Edge, known: Bound | None) -> str:
        feature = self.features.get(edge.source)
        if mismatch.code == "E315" and feature is not None and feature.kind == "id":
            return f"turn ids into vectors first: {{block: embed, in: {edge.source}, dim: 16}}"
        if mismatch.code == "E310" and known is not None and isinstance(known.value, int):
            linear = f"{{block: linear, in: {edge.source}, out: {known.value}}}"
            return f"project `{edge.source}` to {known.value}, e.g. {linear}"
        if mismatch.code == "E310" and mismatch.message.endswith("[..., 1]"):
            return f"the last axis has to be 1, e.g. {{block: linear, in: {edge.source}, out: 1}}"
        return ""

    def _outputs(self, node: Node, signature: Signature, axes: Mapping[str, Bound]) -> dict[str, Type] | None:
        if signature.infers:
            return self._own_inference(node, signature)
        names = {**dict.fromkeys(signature.optional_axes), **{k: b.value for k, b in axes.items()}, **node.params}
        try:
            return {port.name: self._output(port, axes, names, node) for port in signature.outputs}
        except _NoSize as error:
            at = next((span for key, span in node.params_at.items() if key in error.dim), node.span)
            empty = next((key for key, value in node.params.items() if value == [] and key in error.dim), None)
            if empty is not None:
                message = f"parameter `{empty}` of `{node.name}` is an empty list"
                self.report.error("E106", message, at, help="e.g. [64, 32]")
                return None
            self.report.error("E104", f"the size {error.dim} of `{node.name}` cannot be computed: {error}", at)
            return None

    def _output(self, port: Port, axes: Mapping[str, Bound], names: Mapping[str, Any], node: Node) -> Type:
        sizes: list[int | str] = []
        jagged = port.jagged
        for dim in port.dims:
            if dim == LEADING:
                lead, jagged = axes[LEADING].value
                sizes += lead
            elif dim.startswith("{"):
                sizes.append(_size(dim, names))
            elif dim.isdigit():
                sizes.append(int(dim))
            else:
                sizes.append(names.get(dim, "b" if dim == "b" else f"{node.name}.{dim}"))  # else an axis born here
        return Type(port.dtype, tuple(sizes), jagged)

    def _own_inference(self, node: Node, signature: Signature) -> dict[str, Type] | None:
        given = {p: [self.types[e.source, e.output] for e in edges] for p, edges in node.inputs.items()}
        variadic = {p.name for p in signature.ports if p.variadic}
        block: Any = self.library.entries[node.block].load()
        try:
            types: dict[str, Type] = block.infer(
                node.params, **{p: t if p in variadic else t[0] for p, t in given.items()}
            )
        except (ValueError, Mismatch) as error:
            self.report.error("E310", f"`{node.name}` (block {node.block}): {error}", node.span)
            return None
        return types


class _NoSize(Exception):
    """An output axis `{expression}` that has no value for the given parameters."""

    def __init__(self, dim: str, reason: str) -> None:
        super().__init__(reason)
        self.dim = dim


def _size(dim: str, names: Mapping[str, Any]) -> int:
    try:
        size = evaluate(dim[1:-1], names)
    except ExpressionError as error:
        raise _NoSize(dim, error.message) from error
    if not isinstance(size, int) or size < 1:
        raise _NoSize(dim, f"it is {size}")
    return size
