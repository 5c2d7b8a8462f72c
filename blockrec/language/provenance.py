"""Where an effective value comes from, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from blockrec.diagnostics import Span
from blockrec.language.document import Document
from blockrec.language.values import List, Map

DEFAULT = "default"
Spot = tuple[str, int, int]


class Provenance:
    """Names the origins of one document's values."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def of(self, at: Span) -> str:
        """`base.yaml:31`, `variant twin, dare.yaml:82`, `--set`, `card planted_interests:9`."""
        source = at.source.name
        if source.startswith("--"):
            return source
        if source == self.document.card_file:
            return f"card {self.document.card}:{at.line + 1}"
        variant = self._variants.get(_spot(at))
        return f"variant {variant}, {place(at)}" if variant else place(at)

    @cached_property
    def _variants(self) -> Mapping[Spot, str]:
        return {_spot(at): name for name, patch in self.document.applied for at in _places(patch)}


def place(at: Span) -> str:
    """`model.yaml:31`; of a file far away only its name."""
    path = Path(at.source.name)
    return f"{path.name if path.is_absolute() else at.source.name}:{at.line + 1}"


def _spot(at: Span) -> Spot:
    return (at.source.name, at.line, at.column)


def _places(value: object) -> Iterator[Span]:
    """Of all keys and values inside."""
    if isinstance(value, Map):
        for key_at, inner, at in value.entries().values():
            yield from (key_at, at)
            yield from _places(inner)
    elif isinstance(value, List):
        for inner, at in zip(value, value.at, strict=True):
            yield at
            yield from _places(inner)
