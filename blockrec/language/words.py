"""Plain words for values and schemas, as messages use them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from blockrec.language.scalars import BOOLEAN_LIKE, numeral

SINGULAR = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
PLURAL = {
    "integer": "whole numbers",
    "number": "numbers",
    "string": "texts",
    "boolean": "true or false",
    "array": "lists",
    "object": "mappings",
}


def dotted(path: Iterable[str | int]) -> str:
    """`("graph", "a", "hidden", 0)` → `graph.a.hidden[0]`."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).removeprefix(".")


def as_name(text: str) -> str:
    """The legal name that is most like `text`: `My tower` → `my_tower`."""
    name = re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if name[:1].isalpha() else f"n_{name}".rstrip("_")


def expected(schema: Mapping[str, Any]) -> str:
    """What a schema takes: `a list of whole numbers`."""
    if "const" in schema:
        return given(schema["const"])
    types = _types(schema)
    if not types and "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    return " or ".join(_one(t, schema) for t in types) or "something else"


def _types(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type", [])
    return [declared] if isinstance(declared, str) else list(declared)


def _one(kind: str, schema: Mapping[str, Any]) -> str:
    items = _types(schema.get("items", {})) if kind == "array" else []
    return f"a list of {PLURAL.get(items[0], 'values')}" if len(items) == 1 else SINGULAR[kind]


def given(value: Any) -> str:
    """A value as a message quotes it."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    shown = text if len(text) <= 40 else f"{text[:37]}…"
    return f"the text `{shown}`" if isinstance(value, str) else shown


def _may_stand_in(value: Any, items: Mapping[str, Any]) -> bool:
    """Whether a value could be an item of a list."""
    if isinstance(value, Mapping | list):
        return False
    types = _types(items)
    return not isinstance(value, str) or not types or "string" in types


def correction(value: Any, schema: Mapping[str, Any]) -> str:
    """What to write instead of a value of the wrong type, if that can be told."""
    types = _types(schema)
    if isinstance(value, str) and ("integer" in types or "number" in types) and (number := numeral(value)):
        return f"write {number}"
    if isinstance(value, str) and "boolean" in types and value.lower() in BOOLEAN_LIKE:
        return f"write {BOOLEAN_LIKE[value.lower()]}"
    if isinstance(value, float) and "integer" in types and value.is_integer():
        return f"write {int(value)}; in an expression, `//` divides whole numbers"
    if "array" in types and value is not None and _may_stand_in(value, schema.get("items", {})):
        return f"write [{value}]"
    if isinstance(value, str) and "null" in types and value.lower() in ("none", "nil"):
        return "write null"
    if value is None:
        return "give a value, or delete the line"
    return ""
