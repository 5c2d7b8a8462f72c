"""What a model file holds that a command line may name: variants, nodes, paths of settings.

A file with mistakes offers what can be read of it. Imports no torch and compiles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blockrec.cli import catalogue
from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.document import load
from blockrec.language.extends import all_variants, read_chain
from blockrec.language.files import read_model
from blockrec.language.merge import is_node
from blockrec.language.overrides import FIXED, child
from blockrec.language.schema.document import model_schema
from blockrec.language.source import read_map
from blockrec.language.trust import OPEN
from blockrec.language.values import Map


def variants(model: str) -> list[str]:
    """Names of the variants of a model and of what it extends."""
    report = Diagnostics()
    read = read_model(model, report)
    file = read_map(read[0], report) if read else None
    return [*all_variants(read_chain(file, OPEN, report))] if file is not None else []


def nodes(model: str, chosen: Iterable[str] = ()) -> list[str]:
    """Names of the nodes of a model, with variants."""
    return [*_root(model, chosen).section("graph")]


def names(model: str, chosen: Iterable[str] = ()) -> list[str]:
    """Names of nodes, features and parameters."""
    root = _root(model, chosen)
    return [name for section in ("graph", "features", "params") for name in root.section(section)]


def settings(model: str, start: str, chosen: Iterable[str] = ()) -> list[str]:
    """Paths that begin with `start`, one level deep: `graph.head.` goes on, `graph.head.hidden=` takes a value."""
    root = _root(model, chosen)
    *path, _ = start.split(".")
    value: Any = root
    schema: Mapping[str, Any] = model_schema()
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
        schema = child(schema, key)
    keys = [key for key in _keys(root, value, schema, tuple(path)) if path or key not in FIXED]
    return [f"{'.'.join([*path, key])}{_end(value, schema, key)}" for key in keys]


def _root(model: str, chosen: Iterable[str]) -> Map:
    """The merged file; empty if there is none."""
    document = load(model, Diagnostics(), variants=[*chosen])
    return document.root if document is not None else Map(Span(Source(model, ""), 0, 0, 0))


def _keys(root: Map, value: Any, schema: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    """Keys that are there, those that the schema knows, and the parameters of a node's block."""
    there = [*value] if isinstance(value, Mapping) else []
    known = [*schema.get("properties", {})]
    parameters = _parameters(root, str(value.get("block"))) if is_node(path) and isinstance(value, Mapping) else []
    return list(dict.fromkeys([*there, *parameters, *known]))


def _parameters(root: Map, block: str) -> list[str]:
    composite = root.section("blocks").get(block)
    if isinstance(composite, Map):
        return [*composite.section("params")]
    signature = catalogue.signatures().get(block)
    return [*catalogue.properties(signature)] if signature else []


def _end(value: Any, schema: Mapping[str, Any], key: str) -> str:
    """A mapping goes on with a dot; anything else is given a value."""
    there = value.get(key) if isinstance(value, Mapping) else None
    if there is not None:
        return "." if isinstance(there, Mapping) else "="
    return "." if child(schema, key).get("type") == "object" else "="
