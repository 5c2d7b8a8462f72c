"""A document with everything merged and every default filled in, and where each line comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blockrec.diagnostics import Span
from blockrec.language.defaults import SETTINGS, with_defaults
from blockrec.language.document import Document
from blockrec.language.dump import line
from blockrec.language.provenance import DEFAULT, Provenance
from blockrec.language.schema.document import model_schema
from blockrec.language.values import Map

WIDEST = 100
"""Characters of a line that holds a whole mapping."""
COMMENTS = 80
"""The column where comments begin, or behind the longest line if all are shorter."""
INDENT = "  "


@dataclass(frozen=True)
class Line:
    """A line of the resolved file and its origin; empty between sections."""

    text: str
    origin: str


@dataclass(frozen=True)
class Entry:
    """A value with its origin; `inner` holds those of a mapping whose values have several."""

    value: Any
    origin: str
    inner: Mapping[str, Entry] | None = None


def effective(document: Document) -> dict[str, Any]:
    """Section → value, with the defaults of all settings; `data` only if the document has it."""
    merged = document.merged()
    properties = model_schema()["properties"]
    plain = {key: schema["default"] for key, schema in properties.items() if "default" in schema}
    settings = {key: with_defaults(merged[key], schema) for key, schema in SETTINGS.items() if key in merged}
    missing = {key: with_defaults(plain[key], properties[key]) for key in plain.keys() - merged.keys()}
    found = {**merged, **settings, **missing}
    return {key: found[key] for key in properties if key in found}


def resolved(document: Document) -> list[Line]:
    """The lines of a model file that is the same model, on its own."""
    return [*_Writer(Provenance(document)).lines(effective(document), document.root)]


def origins(document: Document) -> list[dict[str, Any]]:
    """Path, value and origin of every value that is not a mapping with entries."""
    entries = _Writer(Provenance(document)).entries(effective(document), document.root)
    return [{"path": path, "value": e.value, "origin": e.origin} for path, e in _leaves(entries, "")]


def _leaves(entries: Mapping[str, Entry], path: str) -> Iterator[tuple[str, Entry]]:
    for key, entry in entries.items():
        if entry.inner:
            yield from _leaves(entry.inner, f"{path}{key}.")
        else:
            yield f"{path}{key}", entry


def resolved_text(document: Document) -> str:
    """Those lines, with the origins as comments."""
    lines = resolved(document)
    column = min(max(len(line.text) for line in lines), COMMENTS)
    return "\n".join(f"{line.text:<{column}}  # {line.origin}" if line.origin else line.text for line in lines)


class _Writer:
    def __init__(self, provenance: Provenance) -> None:
        self.provenance = provenance

    def lines(self, sections: Mapping[str, Any], root: Map) -> Iterator[Line]:
        for key, entry in self.entries(sections, root).items():
            if entry.inner:
                yield Line("", "")
            yield from self._written(key, entry, "")

    def entries(self, values: Mapping[str, Any], written: object) -> dict[str, Entry]:
        """Every value with its origin; mappings on one line are one value."""
        return {key: self._entry(key, value, written) for key, value in values.items()}

    def _entry(self, key: str, value: Any, parent: object) -> Entry:
        key_at, written, at = _written_in(parent, key)
        if not isinstance(value, Mapping):
            return Entry(value, self._origin(at))
        if not value:
            return Entry(value, self._origin(key_at))
        inner, origin = self.entries(value, written), self._origin(key_at)
        alike = all(entry.origin == origin and not entry.inner for entry in inner.values())
        return Entry(value, origin, None if alike and len(line(key, value)) <= WIDEST else inner)

    def _origin(self, at: Span | None) -> str:
        return self.provenance.of(at) if at else DEFAULT

    def _written(self, key: str, entry: Entry, indent: str) -> Iterator[Line]:
        if not entry.inner:
            yield Line(f"{indent}{line(key, entry.value)}", entry.origin)
            return
        yield Line(f"{indent}{line(key, None).removesuffix(' null')}", entry.origin)
        for name, inner in entry.inner.items():
            yield from self._written(name, inner, indent + INDENT)


def _written_in(parent: object, key: str) -> tuple[Span | None, object, Span | None]:
    """The place of `key`, the value as it is written, and its place; nothing of a default."""
    return (
        (parent.keys_at[key], parent[key], parent.at[key])
        if isinstance(parent, Map) and key in parent
        else (None, None, None)
    )
