"""References in a graph → edges: nodes and their outputs, inputs of composites, features, labels.

What cannot be resolved is reported once and left as an edge from `UNRESOLVED`, on which later passes stay quiet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.graph.forms import CONCAT
from blockrec.graph.ir import UNRESOLVED, Edge, Node
from blockrec.graph.library import Composite, Library
from blockrec.graph.passes.unfold import Section
from blockrec.language.document import Document
from blockrec.language.values import UNKNOWN, List
from blockrec.words import listed

UNNAMED = ""
DEEPEST = 100
"""So many composites may pass one value on to each other."""
Edges = tuple[Edge, ...]


@dataclass(frozen=True)
class Given:
    """What a port of a composite is connected to: where that is written, how to find it, and who uses it."""

    at: Span
    edges: Callable[[], Edges]
    used_at: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Scope:
    """Where a reference is looked up: a graph section, with the composite's inputs and parameters if it is one.

    prefix: graph path of the composite's use, with a dot; owner: that of the use whose weights it has.
    """

    prefix: str
    owner: str
    section: Section
    names: Mapping[str, Any]
    inputs: Mapping[str, Given] = field(default_factory=dict)
    used_at: tuple[Span, ...] = ()
    deleted: Mapping[str, Span] = field(default_factory=dict)


class References:
    """scopes: uses of composites by graph path; made: nodes so far, to which lists at composite inputs add a concat."""

    def __init__(self, document: Document, library: Library, made: dict[str, Node], report: Diagnostics) -> None:
        self.card, self.features, self.library = document.card, document.features, library
        self.is_own, self.misplaced = document.is_own, document.misplaced
        self.made, self.report = made, report
        self.scopes: dict[str, tuple[Composite, Scope]] = {}
        self.broken: set[str] = set()
        self.resolving: dict[tuple[str, str], None] = {}

    def edges(self, value: Any, at: Span, scope: Scope, names: Mapping[str, Any] | None = None) -> Edges:
        """The edges that a reference, or a list of references, stands for; `names` stand for segments `$name`."""
        if isinstance(value, List):
            return tuple(
                e for item, place in zip(value, value.at, strict=True) for e in self.edges(item, place, scope, names)
            )
        if value is UNKNOWN:
            return (Edge(UNRESOLVED, "out", at),)
        if not isinstance(value, str):  # reported with the document's structure
            return (Edge(UNRESOLVED, "out", at),)
        text = self._filled_in(value, at, names or {}, scope) if "$" in value else value
        return (Edge(UNRESOLVED, "out", at),) if text is None else self.reference(text, at, scope)

    def _filled_in(self, text: str, at: Span, names: Mapping[str, Any], scope: Scope) -> str | None:
        """`gate.$task` → `gate.click`; None (reported) if there is no such name."""
        unknown = [s for s in text.split(".") if s.startswith("$") and s[1:] not in names]
        if not unknown:
            return ".".join(str(names[s[1:]]) if s.startswith("$") else s for s in text.split("."))
        if text[1:] in scope.section or text[1:] in scope.inputs:
            self.report.error("E401", f"`{text}` is not a parameter: it is a node", at, help=f"write {text[1:]}")
            return None
        otherwise = f"here stand {', '.join(f'`${n}`' for n in names)}" if names else "inputs are written by name"
        help = did_you_mean(unknown[0], [f"${n}" for n in names], otherwise)
        message = f"`{unknown[0]}` is not the variable of an `each` or `repeat` here"
        self.report.error("E401", message, at.part(unknown[0]), help=help)
        return None

    def reference(self, text: str, at: Span, scope: Scope) -> Edges:
        head, _, tail = text.partition(".")
        if head in scope.inputs:
            return self._composite_input(head, tail, at, scope)
        if not scope.prefix and head in scope.section and self.is_own_input(head):
            return (Edge(UNRESOLVED, "out", at),)
        if head in scope.section.families:
            return self._members(head, tail, at, scope)
        if head in scope.section:
            return self.output(scope, head, tail or "out", at)
        return self._from_outside(text, at, scope)

    def is_own_input(self, name: str) -> bool:
        """Whether it is a feature that the file itself names: a node of that name is a mistake."""
        return (name in self.features.features or name in self.features.sequences) and self.is_own(name)

    def _from_outside(self, text: str, at: Span, scope: Scope) -> Edges:
        found = self._outer(text) if not scope.prefix else ()
        if not found and text not in self.features.sequences:
            self._unknown(text, at, scope)
        return tuple(Edge(name, "out", at) for name in found or (UNRESOLVED,))

    def _outer(self, text: str) -> tuple[str, ...]:
        """A feature, all fields of a sequence, or a label."""
        if text in self.features.features or text in self.features.labels:
            return (text,)
        sequence = self.features.sequences.get(text)
        return tuple(f"{text}.{field}" for field in sequence.fields) if sequence else ()

    def _members(self, family: str, tail: str, at: Span, scope: Scope) -> Edges:
        members = scope.section.families[family]
        key, _, output = tail.partition(".")
        if key == "*":
            return tuple(e for name in members.values() for e in self.output(scope, name, output or "out", at))
        if key in members:
            return self.output(scope, members[key], output or "out", at)
        refs = [f"{family}.{key}" for key in members]
        if not key:
            message = f"`{family}` stands for {len(members)} nodes"
            self.report.error("E205", message, at, help=f"write `{family}.*` for all, or one: {', '.join(refs[:20])}")
        else:
            help = did_you_mean(tail, [*members, "*"], f"members: {', '.join(list(members)[:20])}")
            self.report.error("E206", f"`{family}` has no member `{key}`", at.part(tail), help=help)
        return (Edge(UNRESOLVED, "out", at),)

    def output(self, scope: Scope, name: str, output: str, at: Span) -> Edges:
        """An output of a node of the scope, of the last one of a chain, or of a composite."""
        if name in scope.section.broken:
            return (Edge(UNRESOLVED, "out", at),)
        path = scope.prefix + scope.section.last.get(name, name)
        if name in scope.section.copies and path in self.broken:
            return (Edge(UNRESOLVED, "out", at),)
        if path not in self.scopes:
            return (Edge(path, output, at),)
        composite, inside = self.scopes[path]
        if output not in composite.outputs:
            help = did_you_mean(output, composite.outputs, f"outputs: {', '.join(composite.outputs)}")
            self.report.error("E206", f"`{path}` has no output `{output}`", at.part(output), help=help)
            return (Edge(UNRESOLVED, "out", at),)
        reference, place = composite.outputs[output]
        edges = self._guarded((path, output), lambda: self.reference(reference, place, inside), at)
        return tuple(replace(e, span=at) for e in edges)

    def _composite_input(self, port: str, tail: str, at: Span, scope: Scope) -> Edges:
        if tail:
            self.report.error("E206", f"the input `{port}` of a composite has no outputs", at, help=f"write `{port}`")
            return (Edge(UNRESOLVED, "out", at),)
        given = scope.inputs[port]
        edges = self._guarded((scope.prefix, port), given.edges, given.at)
        if len(edges) == 1:
            return (replace(edges[0], span=at),)
        path = f"{scope.prefix[:-1]}/{port}"
        if path not in self.made:
            signature = self.library.signature(CONCAT)
            self.made[path] = Node(
                path, CONCAT, {UNNAMED: edges}, {}, given.at, used_at=given.used_at, signature=signature
            )
        return (Edge(path, "out", at),)

    def _guarded(self, key: tuple[str, str], resolve: Callable[[], Edges], at: Span) -> Edges:
        """Composites that only pass values on could refer to each other in a circle, or in a chain without end."""
        if key in self.resolving or len(self.resolving) > DEEPEST:
            circle = key in self.resolving
            end = "refers to itself" if circle else f"is passed on through more than {DEEPEST} composites"
            self.report.error("E301" if circle else "E008", f"the input of `{key[0].rstrip('.')}` {end}", at)
            return (Edge(UNRESOLVED, "out", at),)
        self.resolving[key] = None
        try:
            return resolve()
        finally:
            del self.resolving[key]

    def _unknown(self, text: str, at: Span, scope: Scope) -> None:
        head, _, tail = text.partition(".")
        inside = bool(scope.prefix)
        if not inside and head in self.misplaced:
            return
        features, sequences = self.features.features, self.features.sequences
        if not inside and tail and head in sequences:
            fields = sequences[head].fields
            help = did_you_mean(tail, fields, f"fields of `{head}`: {', '.join(fields)}")
            message = f"sequence `{head}` has no field `{tail}`{self._of_card()}"
            self.report.error("E208", message, at.part(tail), help=help)
            return
        words = text.replace(",", " ").split()
        legal = [*scope.inputs, *scope.section.names, *([] if inside else [*features, *sequences])]
        notes = [(scope.deleted[head], f"`{head}` is deleted here")] if head in scope.deleted else []
        kinds = "not a node or input of this composite" if inside else f"not a node or feature{self._of_card()}"
        otherwise = f"known here: {listed(legal)}" if inside else f"features: {listed(features)}"
        several = len(words) > 1 and all(word in legal for word in words)
        help = f"write [{', '.join(words)}]" if several else did_you_mean(head, legal, otherwise)
        self.report.error("E207", f"unknown input `{text}`", at, label=kinds, help=help, notes=notes)

    def _of_card(self) -> str:
        return f" of dataset card `{self.card}`" if self.card else ""
