"""What a page is, and what all of them read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from blockrec.graph.compile import Checked
from blockrec.graph.derive import Derivation
from blockrec.graph.passes.infer import value_types
from blockrec.graph.written import Written, written_nodes
from blockrec.language.document import Document
from blockrec.language.provenance import Provenance
from blockrec.signature import Type

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Page:
    """What is known of one thing: sections of rows, which have one set of keys each."""

    kind: str
    name: str
    doc: str = ""
    sections: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain data, without empty sections."""
        sections = {title: [dict(row) for row in rows] for title, rows in self.sections.items() if rows}
        return {"kind": self.kind, "name": self.name, "doc": self.doc, "sections": sections}


class Known:
    """A checked model and what follows from it, each found out once. Nodes that are left out count too."""

    def __init__(self, checked: Checked) -> None:
        self.checked = checked
        self.document: Document = checked.document
        self.provenance = Provenance(checked.document)

    @cached_property
    def written(self) -> dict[str, Written]:
        return written_nodes(self.checked.whole)

    @cached_property
    def types(self) -> Mapping[tuple[str, str], Type]:
        return value_types(self.checked.whole)

    @cached_property
    def derivation(self) -> Derivation:
        return Derivation(self.checked.whole, self.types)

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """Use of a composite, family or chain → the names of the nodes that it stands for."""
        found: dict[str, list[str]] = {}
        for name, node in self.written.items():
            places = [i for i, letter in enumerate(name) if letter in "./"] if node.node.role != "loss" else []
            for parent in (name[:i] for i in places):
                found.setdefault(parent, []).append(name)
        for chain in self._chains():
            member = re.compile(rf"{re.escape(chain)}_\d+([./]|$)")
            found[chain] = [name for name in self.written if member.match(name)]
        return found

    def _chains(self) -> dict[str, None]:
        """Names of the nodes with `repeat`, with the composites that they are in."""
        links = {(name, e.link.chain) for name, node in self.written.items() for _, e in node.node.edges() if e.link}
        found = (re.match(rf"((?:.*\.)?{re.escape(chain)})_\d+(?=[./]|$)", name) for name, chain in links)
        return dict.fromkeys(sorted(match[1] for match in found if match))

    @cached_property
    def tables(self) -> dict[tuple[str, str], list[str]]:
        """(table, root feature) → nodes that read it."""
        found: dict[tuple[str, str], list[str]] = {}
        for name, node in self.written.items():
            for lookup in node.lookups:
                key = (lookup.params["table"], self.checked.whole.features[lookup.params["feature"]].root)
                found.setdefault(key, []).append(name)
        return {key: [*dict.fromkeys(nodes)] for key, nodes in found.items()}

    def readers(self, name: str) -> list[str]:
        """Nodes that read a node, a feature or a label, and what the model returns of it."""
        nodes = [other for other, node in self.written.items() if name in node.sources]
        kinds = {"task": "tasks", "loss": "losses", "output": "outputs", "watch": "watch"}
        sinks = [f"{kinds[s.kind]}.{s.name}" for s in self.checked.whole.sinks if s.edge.source == name]
        return [*dict.fromkeys([*nodes, *sinks])]
