"""Document → graph: copies made, composites inlined, `embed` split into lookups, references resolved to graph paths.

Nodes keep their inputs as written (`""` is a port that the file did not name); `link` assigns the ports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.graph.forms import EMBED
from blockrec.graph.ir import Edge, Link, Node
from blockrec.graph.library import Composite, Library
from blockrec.graph.passes.embed import expand_embed
from blockrec.graph.passes.references import UNNAMED, Edges, Given, References, Scope
from blockrec.graph.passes.unfold import Budget, Copy, Section, TooManyNodes, parameters_of, unfold
from blockrec.language.document import Document
from blockrec.language.expressions import is_expression, substitute
from blockrec.language.renamed import explain_word
from blockrec.language.schema import NODE_WORDS
from blockrec.language.validate import validate_parameters
from blockrec.language.values import UNKNOWN, Map

DEEPEST = 64
"""Composites inside each other."""


def expand(document: Document, library: Library, report: Diagnostics) -> dict[str, Node]:
    """Every node of the document by graph path, in file order; losses and tasks are not among them."""
    return Expander(document, library, report).nodes_of_graph()


class Expander:
    """One expansion: the scopes of composite uses, and the nodes made so far."""

    def __init__(self, document: Document, library: Library, report: Diagnostics) -> None:
        self.document, self.library, self.report = document, library, report
        self.features = document.features
        self.made: dict[str, Node] = {}
        self.references = References(document, library, self.made, report)
        self.budget = Budget(report)
        self.blocks: dict[str, str] = {}
        self.top = Scope("", "", unfold(Map(document.root.span), {}, self.budget, report), document.params)

    def nodes_of_graph(self) -> dict[str, Node]:
        nodes = self.document.root.section("graph")
        try:
            section = unfold(nodes, self.document.params, self.budget, self.report)
            self.top = replace(self.top, section=section, deleted=nodes.deleted)
            self._report_clashes(nodes)
            self._open(self.top, ())
        except TooManyNodes:
            self.top = replace(self.top, section=Section(broken=set(nodes)))
            return self.made
        self._fill(self.top)
        return self.made

    def _report_clashes(self, nodes: Map) -> None:
        """Copies that have the name of a feature; what is written is compared by `check_names`."""
        features = self.document.root.section("features")
        for name, copy in self.top.section.copies.items():
            if name not in nodes and self.references.is_own_input(name):
                notes = [(features.keys_at[name.partition(".")[0]], "named here")]
                self.report.error("E201", f"node `{name}` has the name of a feature", copy.span, notes=notes)

    def _open(self, scope: Scope, inside: tuple[str, ...]) -> None:
        """Make a scope for every use of a composite, outermost first, so that references may point forward."""
        for copy in scope.section.copies.values():
            block = self._block(copy, scope)
            composite = self.library.composites.get(block)
            if composite is None:
                continue
            if composite.broken:
                self.references.broken.add(scope.prefix + copy.name)
                continue
            if composite.name in inside or len(inside) == DEEPEST:
                self._refuse_nesting(composite, inside, copy.raw.at["block"])
                continue
            opened = self._scope(scope, copy, composite)
            self.references.scopes[scope.prefix + copy.name] = (composite, opened)
            self._open(opened, (*inside, composite.name))

    def _block(self, copy: Copy, scope: Scope) -> str:
        """The block's name, which may be an expression; empty if it has no value."""
        path = scope.prefix + copy.name
        if path not in self.blocks:
            written, at = copy.raw.get("block"), copy.raw.at.get("block", copy.span)
            value = substitute(written, at, {**scope.names, **copy.names}, self.report)
            if is_expression(written) and value is not UNKNOWN and not isinstance(value, str):
                self.report.error("E104", f"`block` must be a name, not {value}", at)
            self.blocks[path] = value if isinstance(value, str) else ""
        return self.blocks[path]

    def _refuse_nesting(self, composite: Composite, inside: tuple[str, ...], at: Span) -> None:
        if composite.name in inside:
            chain = " → ".join([*inside, composite.name])
            help = "a composite is made of other blocks; `repeat:` makes a chain"
            self.report.error("E314", f"composite `{composite.name}` contains itself: {chain}", at, help=help)
        else:
            self.report.error("E008", f"composites are nested deeper than {DEEPEST} levels", at)

    def _scope(self, scope: Scope, copy: Copy, composite: Composite) -> Scope:
        given = self._given_ports(copy, composite)
        missing = (UNKNOWN, copy.wiring.at.get("in", copy.wiring.span))
        inputs = {
            port: Given(at, partial(self.references.edges, value, at, scope, copy.names), scope.used_at)
            for port in composite.ports
            for value, at in [given.get(port, missing)]
        }
        if copy.before and inputs:
            port = next(iter(inputs))
            assert copy.repeat_at is not None
            inputs[port] = Given(copy.repeat_at, partial(self._link, copy, scope, port), scope.used_at)
        names = self._parameters_of(composite, copy, scope)
        used_at = (*scope.used_at, copy.span)
        section = unfold(composite.graph, names, self.budget, self.report)
        prefix, owner = f"{scope.prefix}{copy.name}.", f"{scope.owner}{copy.weights}."
        return Scope(prefix, owner, section, names, inputs, used_at, composite.graph.deleted)

    def _given_ports(self, copy: Copy, composite: Composite) -> dict[str, tuple[Any, Span]]:
        """Port → (what it is connected to, as written; where)."""
        given, ports = copy.wiring.get("in"), composite.ports
        if isinstance(given, Map):
            self._check_ports(composite, given, copy.wiring)
            return {port: (value, given.at[port]) for port, value in given.items() if port in ports}
        if given is not None and len(ports) == 1:
            return {next(iter(ports)): (given, copy.wiring.at["in"])}
        if given is None:
            self._report_unconnected(composite, list(ports), copy.wiring.at.get("in", copy.span))
        else:
            names = ", ".join(f"{p}: ..." for p in ports)
            message = f"block `{composite.name}` has {len(ports)} input ports: name them"
            self.report.error("E205", message, copy.wiring.at["in"], help=f"in: {{{names}}}")
        return {}

    def _check_ports(self, composite: Composite, given: Map, raw: Map) -> None:
        for port in given:
            if port not in composite.ports:
                help = did_you_mean(port, composite.ports, f"input ports: {', '.join(composite.ports)}")
                self.report.error(
                    "E203", f"block `{composite.name}` has no input port `{port}`", given.keys_at[port], help=help
                )
        if all(port in composite.ports for port in given):
            self._report_unconnected(composite, [p for p in composite.ports if p not in given], raw.at["in"])

    def _report_unconnected(self, composite: Composite, missing: list[str], at: Span) -> None:
        for port in missing:
            message = f"input `{port}` of block `{composite.name}` is not connected"
            self.report.error("E204", message, at, help=f"`{composite.name}` takes {', '.join(composite.ports)}")

    def _parameters_of(self, composite: Composite, copy: Copy, scope: Scope) -> dict[str, Any]:
        given, raw = self._values(copy, scope), copy.raw
        for key in given:
            if key not in composite.params:
                help = explain_word(
                    key, [*composite.params, *NODE_WORDS], f"parameters: {', '.join(composite.params) or 'none'}"
                )
                self.report.error(
                    "E103", f"block `{composite.name}` has no parameter `{key}`", raw.keys_at[key], help=help
                )
        for key in composite.required:
            if key not in given:
                notes = [(composite.params.keys_at[key], "required here")]
                message = f"block `{composite.name}` needs the parameter `{key}`"
                self.report.error("E105", message, raw.at["block"], label=f"missing `{key}`", notes=notes)
        defaults = {k: v for k, v in composite.params.items() if v != "required"}
        return {**dict.fromkeys(composite.required, UNKNOWN), **defaults, **given}

    def _values(self, copy: Copy, scope: Scope) -> Map:
        """The parameters of a node, expressions evaluated."""
        names = {**scope.names, **copy.names} if copy.names else scope.names
        values: Map = substitute(parameters_of(copy.raw), copy.raw.span, names, self.report)
        return values

    def _fill(self, scope: Scope) -> None:
        for copy in scope.section.copies.values():
            path = scope.prefix + copy.name
            if path in self.references.scopes:
                self._fill(self.references.scopes[path][1])
            elif self.blocks[path] and self.blocks[path] not in self.library.composites:
                self._make(path, copy, scope)

    def _make(self, path: str, copy: Copy, scope: Scope) -> None:
        node = self.node(path, copy, scope)
        if node.block != EMBED:
            owner = scope.owner + copy.weights
            self.made[path] = replace(node, shares=owner if owner != path else None)
            return
        assert node.signature is not None
        at = copy.raw.at["block"]
        if validate_parameters(EMBED, node.params, node.signature.schema, at, self.report):
            self.made |= expand_embed(node, self.features, self.library, self.report)

    def node(self, path: str, copy: Copy, scope: Scope, drop: tuple[str, ...] = ()) -> Node:
        """One node with resolved inputs; an unknown block is reported and has no signature."""
        raw, block = copy.raw, self._block(copy, scope)
        signature = self.library.signature(block)
        if signature is None and block:
            help = explain_word(block, self.library.names, "`blockrec blocks` lists them")
            self.report.error("E202", f"unknown block `{block}`", raw.at["block"], label="no such block", help=help)
        values = self._values(copy, scope).without(*drop)
        node = Node(
            path,
            block,
            {},
            values,
            copy.span,
            doc=str(copy.wiring.get("doc", "")),
            params_at={**values.at, "block": raw.at["block"]},
            used_at=scope.used_at,
            signature=signature,
            kernel=raw.get("kernel"),
        )
        return self._wired(node, copy, scope)

    def _wired(self, node: Node, copy: Copy, scope: Scope) -> Node:
        inputs, ports_at = self._inputs(copy, scope)
        if copy.before and inputs:
            port = UNNAMED if UNNAMED in inputs else _first_port(node, inputs)
            inputs = {**inputs, port: self._link(copy, scope, port)}
        return replace(node, inputs=inputs, ports_at=ports_at)

    def _inputs(self, copy: Copy, scope: Scope) -> tuple[dict[str, Edges], dict[str, Span]]:
        if "in" not in copy.wiring:
            return {}, {}
        given, at = copy.wiring["in"], copy.wiring.at["in"]
        if isinstance(given, Map) and "block" in given:
            help = "give the node a name of its own under `graph`, and write that name"
            self.report.error("E101", "an input is the name of a node, not a node", at, help=help)
            given = UNKNOWN
        if isinstance(given, Map):
            find = self.references.edges
            edges = {port: find(value, given.at[port], scope, copy.names) for port, value in given.items()}
            return edges, {**given.keys_at, UNNAMED: at}
        return {UNNAMED: self.references.edges(given, at, scope, copy.names)}, {UNNAMED: at}

    def _link(self, copy: Copy, scope: Scope, port: str) -> Edges:
        """From the node before in a chain; remembers what the first one takes, whose type this one has to have."""
        assert copy.repeat_at is not None
        link = Link(copy.chain, copy.repeat_at, *self._first_source(copy, scope, port))
        edges = self.references.output(scope, copy.before, "out", copy.repeat_at)
        return tuple(replace(e, link=link) for e in edges)

    def _first_source(self, copy: Copy, scope: Scope, port: str) -> tuple[str, str]:
        path = scope.prefix + copy.first
        if path in self.references.scopes:
            edges = self.references.scopes[path][1].inputs[port].edges()
        else:
            node = self.made.get(path)
            edges = node.inputs.get(port, ()) if node else ()
            if node and node.signature and not port:
                port = next(iter(node.signature.required_ports), port)
        return (edges[0].source, edges[0].output) if len(edges) == 1 else (f"{path}/{port}", "out")

    def edge(self, value: Any, at: Span) -> Edge:
        """The one value that a name at the top of the file stands for (E205 if it is several)."""
        edges = self.references.edges(value, at, self.top)
        if len(edges) > 1:
            help = "join them with {block: concat, in: [...]}"
            self.report.error("E205", "this takes one value, not several", at, help=help)
        return edges[0]


def _first_port(node: Node, inputs: Mapping[str, Edges]) -> str:
    return node.signature.ports[0].name if node.signature and node.signature.ports else next(iter(inputs))
