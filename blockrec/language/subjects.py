"""How messages call the parts of what is validated, and where these are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from blockrec.diagnostics import Span
from blockrec.language.advice import Path, advice_on_unknown
from blockrec.language.schema import NODE_WORDS
from blockrec.language.values import List
from blockrec.language.words import dotted


@dataclass(frozen=True)
class Section:
    """How messages call the parts of a section of a document, and where they are."""

    root: Any
    path: Path

    codes = {"unknown": "E100", "type": "E104"}
    further: tuple[str, ...] = ()

    def name(self, path: Path) -> str:
        return f"`{dotted((*self.path, *path))}`" if (*self.path, *path) else "the file"

    def unknown(self, path: Path, key: str) -> str:
        where = (*self.path, *path)
        return f"unknown key `{key}` in `{dotted(where)}`" if where else f"unknown top-level key `{key}`"

    def missing(self, path: Path, key: str) -> str:
        return f"{self.name(path)} needs `{key}`"

    def advice(self, path: Path, key: str, value: Any) -> str:
        return advice_on_unknown(key, value, (*self.path, *path))

    def home(self, path: Path) -> Span:
        """Where to say that something is missing: the key of the mapping that lacks it."""
        return key_span(self.root, path)


@dataclass(frozen=True)
class Parameters:
    """The same for the parameters of a node."""

    root: Any
    block: str
    at: Span
    ports: Sequence[str] = ()

    codes = {"unknown": "E103", "type": "E104"}
    further = NODE_WORDS

    def name(self, path: Path) -> str:
        return f"parameter `{dotted(path)}` of `{self.block}`"

    def unknown(self, path: Path, key: str) -> str:
        return f"unknown key `{key}` in {self.name(path)}" if path else f"block `{self.block}` has no parameter `{key}`"

    def missing(self, path: Path, key: str) -> str:
        return f"{self.name(path)} needs `{key}`" if path else f"block `{self.block}` needs the parameter `{key}`"

    def advice(self, path: Path, key: str, value: Any) -> str:  # noqa: ARG002 - the same call for both
        return f"`{key}` is an input: write it in `in: {{{key}: ...}}`" if not path and key in self.ports else ""

    def home(self, path: Path) -> Span:
        return key_span(self.root, path, self.at) if path else self.at


def value_span(root: Any, path: Path, otherwise: Span | None = None) -> Span:
    """The place of the value at `path`."""
    return _last_span(root, path, "at", otherwise)


def key_span(root: Any, path: Path, otherwise: Span | None = None) -> Span:
    """The place of the key at `path` (of the item, in a list)."""
    return _last_span(root, path, "keys_at", otherwise)


def _last_span(root: Any, path: Path, attribute: str, otherwise: Span | None) -> Span:
    container, span = root, getattr(root, "span", otherwise)
    for key in path:
        places = getattr(container, "at" if isinstance(container, List) else attribute, None)
        span = places[key] if places is not None else span
        container = container[key]
    assert span is not None
    return span
