"""Plain Python values that remember where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from blockrec.diagnostics import Span


class Unknown:
    """What an error left without a value; later checks stay quiet about it."""

    def __repr__(self) -> str:
        return "unknown"


UNKNOWN: Final = Unknown()
MERGE_KEY: Final = "<<"
"""Reported and kept, with an unknown value: what it would have brought is not missing."""


class Map(dict[str, Any]):
    """A mapping with the place of itself, of each key and of each value. Never changed after it is built.

    deleted: keys that a patch removed, with the place in the patch.
    """

    span: Span
    keys_at: dict[str, Span]
    at: dict[str, Span]
    deleted: dict[str, Span]

    def __init__(
        self,
        span: Span,
        entries: Mapping[str, tuple[Span, Any, Span]] | None = None,
        deleted: Mapping[str, Span] | None = None,
    ) -> None:
        """`entries`: key → (place of the key, value, place of the value)."""
        entries = entries or {}
        super().__init__((key, value) for key, (_, value, _) in entries.items())
        self.span = span
        self.keys_at = {key: at for key, (at, _, _) in entries.items()}
        self.at = {key: at for key, (_, _, at) in entries.items()}
        self.deleted = dict(deleted or {})

    def entries(self) -> dict[str, tuple[Span, Any, Span]]:
        """Key → (place of the key, value, place of the value), in file order."""
        return {key: (self.keys_at[key], value, self.at[key]) for key, value in self.items()}

    def section(self, key: str) -> Map:
        """The mapping under `key`, empty if it is absent (or null)."""
        value = self.get(key)
        return value if isinstance(value, Map) else Map(self.at.get(key, self.span))

    def without(self, *keys: str) -> Map:
        """The same mapping with some keys left out."""
        return Map(self.span, {k: v for k, v in self.entries().items() if k not in keys}, self.deleted)

    def only(self, *keys: str) -> Map:
        """The same mapping with some keys only."""
        return Map(self.span, {k: v for k, v in self.entries().items() if k in keys}, self.deleted)


class List(list[Any]):
    """A list with the place of itself and of each item."""

    span: Span
    at: list[Span]

    def __init__(self, span: Span, items: list[tuple[Any, Span]]) -> None:
        super().__init__(value for value, _ in items)
        self.span = span
        self.at = [at for _, at in items]
