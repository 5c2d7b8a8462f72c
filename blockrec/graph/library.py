"""The blocks a document may name: registered ones, its own composites, and the form `embed`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.diagnostics import BlockrecError, Diagnostics, Span
from blockrec.graph.forms import EMBED, FORMS
from blockrec.language.document import Document
from blockrec.language.values import List, Map
from blockrec.registry import Entry, catalogue
from blockrec.signature import Signature


@dataclass(frozen=True)
class Composite:
    """A block made of nodes: ports by name with their kind, parameters, graph, and outputs by name.

    broken: it lacks a part or its name is taken, which is reported once; its uses are not looked at.
    """

    name: str
    ports: Mapping[str, str]
    params: Map
    graph: Map
    outputs: Mapping[str, tuple[str, Span]]
    span: Span
    broken: bool = False

    @property
    def required(self) -> list[str]:
        return [name for name, value in self.params.items() if value == "required"]


@dataclass(frozen=True)
class Library:
    """Everything that `block:` may name in one document."""

    entries: Mapping[str, Entry]
    composites: Mapping[str, Composite]

    @property
    def names(self) -> list[str]:
        return [*FORMS, *self.composites, *self.entries]

    def signature(self, block: str) -> Signature | None:
        """What a registered block or a form declares; None for a composite or an unknown name."""
        if block == EMBED:
            return FORMS[EMBED]
        entry = self.entries.get(block)
        return entry.signature if entry else None


def read_library(document: Document, imports: Iterable[str | Path], report: Diagnostics) -> Library:
    """Import what the document and the caller name; read the composites. Failed imports are reported (E210)."""
    paths = [*_imports(document), *((str(i), None) for i in imports)]
    entries: dict[str, Entry] = {}
    for where, span in [("", None), *paths]:
        try:
            entries |= catalogue([where] if where else [])
        except BlockrecError as error:
            for d in error.diagnostics.errors:
                report.error(d.code, d.message, span, help=d.help)
    specs = document.root.section("blocks")
    composites = {name: _composite(name, specs) for name, spec in specs.items() if isinstance(spec, Map)}
    for name in set(composites) & ({*entries} | {*FORMS}):
        help = f"rename it, for example `{name}_of_mine`"
        report.error("E201", f"composite `{name}` has the name of a registered block", specs.keys_at[name], help=help)
        composites[name] = replace(composites[name], broken=True)
    return Library(entries, composites)


def _imports(document: Document) -> list[tuple[str, Span | None]]:
    """`imports:` with `.py` files made relative to the file that names them."""
    value = document.root.get("imports")
    if not isinstance(value, List):
        return []
    return [(_located(where, at), at) for where, at in zip(value, value.at, strict=True) if isinstance(where, str)]


def _located(where: str, at: Span) -> str:
    return str(Path(at.source.name).parent / where) if where.endswith(".py") else where


def _composite(name: str, specs: Map) -> Composite:
    spec: Map = specs[name]
    out = spec.get("out")
    if isinstance(out, Map):
        outputs = {key: (str(ref), out.at[key]) for key, ref in out.items()}
    else:
        outputs = {"out": (str(out), spec.at.get("out", spec.span))}
    ports = {str(port): str(kind) for port, kind in spec.section("in").items()}
    broken = "out" not in spec or not all(isinstance(spec.get(key), Map) for key in ("in", "graph"))
    return Composite(name, ports, spec.section("params"), spec.section("graph"), outputs, specs.keys_at[name], broken)
