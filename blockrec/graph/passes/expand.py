"""Document → graph: composites inlined, `embed` split into lookups, references resolved to graph paths.

Nodes keep their inputs as written (`""` is a port that the file did not name); `link` assigns the ports. What
cannot be resolved is reported once and left as an edge from `UNRESOLVED`, on which later passes stay quiet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.graph.forms import CONCAT, EMBED
from blockrec.graph.ir import UNRESOLVED, Edge, Node
from blockrec.graph.library import Composite, Library
from blockrec.graph.passes.embed import expand_embed
from blockrec.language.document import Document
from blockrec.language.expressions import substitute
from blockrec.language.schema import NODE_WORDS
from blockrec.language.validate import validate_parameters
from blockrec.language.values import UNKNOWN, List, Map

UNNAMED = ""
Edges = tuple[Edge, ...]


@dataclass(frozen=True)
class Scope:
    """Where a reference is looked up: a graph section, with the composite's inputs and parameters if it is one.

    prefix: graph path of the composite's use, with a dot; inputs: port → (value as written, its place, the scope
    that it is written in).
    """

    prefix: str
    nodes: Map
    names: Mapping[str, Any]
    inputs: Mapping[str, tuple[Any, Span, Scope]] = field(default_factory=dict)
    used_at: tuple[Span, ...] = ()


def expand(document: Document, library: Library, report: Diagnostics) -> dict[str, Node]:
    """Every node of the document by graph path, in file order; losses and tasks are not among them."""
    return Expander(document, library, report).nodes_of_graph()


class Expander:
    """One expansion: the scopes of composite uses, and the nodes made so far."""

    def __init__(self, document: Document, library: Library, report: Diagnostics) -> None:
        self.document, self.library, self.report = document, library, report
        self.features = document.features
        self.top = Scope("", document.root.section("graph"), document.params)
        self.scopes: dict[str, tuple[Composite, Scope]] = {}
        self.made: dict[str, Node] = {}
        self.resolving: list[tuple[str, str]] = []

    def nodes_of_graph(self) -> dict[str, Node]:
        self._open(self.top, ())
        self._fill(self.top)
        return self.made

    def _open(self, scope: Scope, inside: tuple[str, ...]) -> None:
        """Make a scope for every use of a composite, outermost first, so that references may point forward."""
        for name, raw in scope.nodes.items():
            composite = self.library.composites.get(str(raw.get("block"))) if isinstance(raw, Map) else None
            if composite is None:
                continue
            if composite.name in inside:
                chain = " → ".join([*inside, composite.name])
                self.report.error("E314", f"composite `{composite.name}` contains itself: {chain}", raw.at["block"])
                continue
            opened = self._scope(scope, name, raw, composite)
            self.scopes[scope.prefix + name] = (composite, opened)
            self._open(opened, (*inside, composite.name))

    def _scope(self, scope: Scope, name: str, raw: Map, composite: Composite) -> Scope:
        given = raw.get("in")
        inputs: dict[str, tuple[Any, Span, Scope]] = {}
        if isinstance(given, Map):
            inputs = {port: (value, given.at[port], scope) for port, value in given.items() if port in composite.ports}
            self._check_ports(composite, given, raw)
        elif given is not None and len(composite.ports) == 1:
            inputs = {next(iter(composite.ports)): (given, raw.at["in"], scope)}
        elif given is not None:
            names = ", ".join(f"{p}: ..." for p in composite.ports)
            message = f"block `{composite.name}` has {len(composite.ports)} input ports: name them"
            self.report.error("E205", message, raw.at["in"], help=f"in: {{{names}}}")
        missing = (UNKNOWN, raw.at.get("in", raw.span), scope)
        inputs = {port: inputs.get(port, missing) for port in composite.ports}
        names_inside = self._parameters_of(composite, raw, scope)
        used_at = (*scope.used_at, scope.nodes.keys_at[name])
        return Scope(f"{scope.prefix}{name}.", composite.graph, names_inside, inputs, used_at)

    def _check_ports(self, composite: Composite, given: Map, raw: Map) -> None:
        for port in given:
            if port not in composite.ports:
                help = did_you_mean(port, composite.ports, f"input ports: {', '.join(composite.ports)}")
                self.report.error(
                    "E203", f"block `{composite.name}` has no input port `{port}`", given.keys_at[port], help=help
                )
        for port in composite.ports:
            if port not in given:
                message = f"input `{port}` of block `{composite.name}` is not connected"
                self.report.error(
                    "E204", message, raw.at["in"], help=f"`{composite.name}` takes {', '.join(composite.ports)}"
                )

    def _parameters_of(self, composite: Composite, raw: Map, scope: Scope) -> dict[str, Any]:
        given = self._values(raw, scope)
        for key in given:
            if key not in composite.params:
                help = did_you_mean(
                    key, [*composite.params, *NODE_WORDS], f"parameters: {', '.join(composite.params) or 'none'}"
                )
                self.report.error(
                    "E103", f"block `{composite.name}` has no parameter `{key}`", raw.keys_at[key], help=help
                )
        for key in composite.required:
            if key not in given:
                self.report.error("E105", f"block `{composite.name}` needs the parameter `{key}`", raw.at["block"])
        defaults = {k: v for k, v in composite.params.items() if v != "required"}
        return {**dict.fromkeys(composite.required, UNKNOWN), **defaults, **given}

    def _values(self, raw: Map, scope: Scope) -> Map:
        """The parameters of a node: all keys but the reserved words, expressions evaluated."""
        values: Map = substitute(raw.without(*NODE_WORDS), raw.span, scope.names, self.report)
        return values

    def _fill(self, scope: Scope) -> None:
        for name, raw in scope.nodes.items():
            if isinstance(raw, Map) and "block" in raw:
                path = scope.prefix + name
                if path in self.scopes:
                    self._fill(self.scopes[path][1])
                elif raw["block"] not in self.library.composites:
                    self._make(path, raw, scope, scope.nodes.keys_at[name])

    def _make(self, path: str, raw: Map, scope: Scope, span: Span) -> None:
        node = self.node(path, raw, scope, span)
        if node.block != EMBED:
            self.made[path] = node
        elif validate_parameters(EMBED, self._values(raw, scope), node.signature.schema, raw.at["block"], self.report):  # type: ignore[union-attr]  # forms have signatures
            self.made |= expand_embed(node, self.features, self.library, self.report)

    def node(self, path: str, raw: Map, scope: Scope, span: Span, drop: tuple[str, ...] = ()) -> Node:
        """One node with resolved inputs; an unknown block is reported and has no signature."""
        block = str(raw["block"])
        signature = self.library.signature(block)
        if signature is None:
            help = did_you_mean(block, self.library.names, "`blockrec blocks` lists them")
            self.report.error("E202", f"unknown block `{block}`", raw.at["block"], label="no such block", help=help)
        values = self._values(raw, scope).without(*drop)
        inputs, ports_at = self._inputs(raw, scope)
        return Node(
            path,
            block,
            inputs,
            values,
            span,
            doc=str(raw.get("doc", "")),
            params_at={**values.at, "block": raw.at["block"]},
            ports_at=ports_at,
            used_at=scope.used_at,
            signature=signature,
            kernel=raw.get("kernel"),
        )

    def _inputs(self, raw: Map, scope: Scope) -> tuple[dict[str, Edges], dict[str, Span]]:
        given = raw.get("in")
        if given is None:
            return {}, {}
        if isinstance(given, Map):
            edges = {port: self.edges(value, given.at[port], scope) for port, value in given.items()}
            return edges, {**given.keys_at, UNNAMED: raw.at["in"]}
        return {UNNAMED: self.edges(given, raw.at["in"], scope)}, {UNNAMED: raw.at["in"]}

    def edges(self, value: Any, at: Span, scope: Scope) -> Edges:
        """The edges that a reference, or a list of references, stands for."""
        if isinstance(value, List):
            return tuple(e for item, place in zip(value, value.at, strict=True) for e in self.edges(item, place, scope))
        if value is UNKNOWN:
            return (Edge(UNRESOLVED, "out", at),)
        if not isinstance(value, str):
            self.report.error("E101", "an input is a name or a list of names", at)
            return (Edge(UNRESOLVED, "out", at),)
        return self._reference(value, at, scope)

    def _reference(self, text: str, at: Span, scope: Scope) -> Edges:
        head, _, tail = text.partition(".")
        if head in scope.inputs:
            return self._composite_input(head, tail, at, scope)
        if head in scope.nodes:
            return self._node_output(scope.prefix + head, tail or "out", at)
        if scope is self.top or not scope.prefix:
            found = self._outer(text)
            if found:
                return tuple(Edge(name, "out", at) for name in found)
        self._unknown(text, at, scope)
        return (Edge(UNRESOLVED, "out", at),)

    def _outer(self, text: str) -> tuple[str, ...]:
        """A feature, all fields of a sequence, or a label."""
        if text in self.features.features or text in self.features.labels:
            return (text,)
        sequence = self.features.sequences.get(text)
        return tuple(f"{text}.{field}" for field in sequence.fields) if sequence else ()

    def _composite_input(self, port: str, tail: str, at: Span, scope: Scope) -> Edges:
        if tail:
            self.report.error("E206", f"the input `{port}` of a composite has no outputs", at, help=f"write `{port}`")
            return (Edge(UNRESOLVED, "out", at),)
        value, place, outer = scope.inputs[port]
        edges = self._guarded((scope.prefix, port), lambda: self.edges(value, place, outer), place)
        if len(edges) == 1:
            return (replace(edges[0], span=at),)
        path = f"{scope.prefix[:-1]}/{port}"
        if path not in self.made:
            signature = self.library.signature(CONCAT)
            self.made[path] = Node(
                path, CONCAT, {UNNAMED: edges}, {}, place, used_at=outer.used_at, signature=signature
            )
        return (Edge(path, "out", at),)

    def _node_output(self, path: str, output: str, at: Span) -> Edges:
        if path not in self.scopes:
            return (Edge(path, output, at),)
        composite, scope = self.scopes[path]
        if output not in composite.outputs:
            help = did_you_mean(output, composite.outputs, f"outputs: {', '.join(composite.outputs)}")
            self.report.error("E206", f"`{path}` has no output `{output}`", at, help=help)
            return (Edge(UNRESOLVED, "out", at),)
        reference, place = composite.outputs[output]
        edges = self._guarded((path, output), lambda: self._reference(reference, place, scope), at)
        return tuple(replace(e, span=at) for e in edges)

    def _guarded(self, key: tuple[str, str], resolve: Any, at: Span) -> Edges:
        """Composites that only pass values on could refer to each other in a circle."""
        if key in self.resolving:
            self.report.error("E301", f"the input of `{key[0].rstrip('.')}` refers to itself", at)
            return (Edge(UNRESOLVED, "out", at),)
        self.resolving.append(key)
        try:
            edges: Edges = resolve()
            return edges
        finally:
            self.resolving.pop()

    def _unknown(self, text: str, at: Span, scope: Scope) -> None:
        head, _, tail = text.partition(".")
        inside = bool(scope.prefix)
        legal = [*scope.inputs, *scope.nodes, *([] if inside else [*self.features.features, *self.features.sequences])]
        deleted = scope.nodes.deleted.get(head)
        notes = [(deleted, f"`{head}` is deleted here")] if deleted else []
        if not inside and tail and head in self.features.sequences:
            fields = self.features.sequences[head].fields
            help = did_you_mean(tail, fields, f"fields of `{head}`: {', '.join(fields)}")
            self.report.error("E208", f"sequence `{head}` has no field `{tail}`{self._card()}", at, help=help)
            return
        kinds = "not a node or input of this composite" if inside else f"not a node or feature{self._card()}"
        help = did_you_mean(head, legal, "" if inside else f"features: {', '.join(self.features.features)}")
        self.report.error("E207", f"unknown input `{text}`", at, label=kinds, help=help, notes=notes)

    def _card(self) -> str:
        return f" of dataset card `{self.document.card}`" if self.document.card else ""
