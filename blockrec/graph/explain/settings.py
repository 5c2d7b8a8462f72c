"""Pages of top-level parameters and of settings, whose meanings and defaults are in the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.graph.explain.page import Known, Page, Row
from blockrec.language.defaults import SETTINGS
from blockrec.language.provenance import DEFAULT
from blockrec.language.resolved import effective
from blockrec.language.schema.document import model_schema
from blockrec.language.values import List, Map
from blockrec.language.words import dotted

TOP = ("name", "kernels", "fuse")
"""Settings that are not in a section."""


def parameter(known: Known, name: str) -> Iterator[Page]:
    """A top-level parameter: its value, and where it is used."""
    declared = known.document.root.section("params")
    if name not in declared:
        return
    row = {"value": known.document.params[name], "written": declared[name]}
    sections: dict[str, list[Row]] = {
        "value": [{**row, "origin": known.provenance.of(declared.at[name])}],
        "used by": [*_uses(known, name)],
    }
    yield Page("parameter", f"${name}", "", sections)


def setting(known: Known, path: str) -> Iterator[Page]:
    """`train.optimizer.dense`: what it means, its value and its default."""
    keys = path.split(".")
    schema = _schema(keys)
    if schema is None:
        return
    value, origin = _value(known, keys), _origin(known, keys)
    row: dict[str, Any] = {"value": value, "origin": origin, "default": schema.get("default")}
    inside: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    rows: list[Row] = [
        {"key": key, "default": s.get("default"), "meaning": s.get("description", "")} for key, s in inside.items()
    ]
    sections: dict[str, list[Row]] = {"value": [row], "legal": [] if inside else legal(schema), "keys": rows}
    yield Page("setting", path, schema.get("description", ""), sections)


def legal(schema: Mapping[str, Any]) -> list[Row]:
    """What a schema asks of a value."""
    asked = ("type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern")
    return [{"what": key, "value": schema[key]} for key in asked if key in schema]


def paths() -> list[str]:
    """Of all settings."""
    return [*TOP, *(path for key, schema in SETTINGS.items() for path in _below(key, schema))]


def _below(path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield path
    for key, inner in schema.get("properties", {}).items():
        yield from _below(f"{path}.{key}", inner)


def _schema(keys: list[str]) -> Mapping[str, Any] | None:
    if keys[0] not in (*TOP, *SETTINGS):
        return None
    schema: Mapping[str, Any] | None = model_schema()
    for key in keys:
        further = (schema or {}).get("additionalProperties")
        schema = (schema or {}).get("properties", {}).get(key, further if isinstance(further, Mapping) else None)
    return schema


def _value(known: Known, keys: list[str]) -> Any:
    value: Any = effective(known.document)
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _origin(known: Known, keys: list[str]) -> str:
    """Where it is written; of one that is not, what counts instead."""
    raw: Any = known.document.root
    for key in keys[:-1]:
        raw = raw.get(key) if isinstance(raw, Map) else None
    if isinstance(raw, Map) and keys[-1] in raw:
        return known.provenance.of(raw.at[keys[-1]])
    return DEFAULT if _value(known, keys) is not None else "not given"


def _uses(known: Known, name: str) -> Iterator[Row]:
    word = re.compile(rf"\b{name}\b")
    root = known.document.root
    for path, text, at in _texts(root, ()):
        if "$" in text and word.search(text) and path[0] != "blocks":
            yield {"name": dotted(path), "written": text, "at": known.provenance.of(at)}


def _texts(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, Any]]:
    """Every text inside, with its path and place."""
    if isinstance(value, Map | List):
        for key, inner in value.items() if isinstance(value, Map) else enumerate(value):
            if isinstance(inner, str):
                yield (*path, key), inner, value.at[key]  # type: ignore[index]
            yield from _texts(inner, (*path, key))
