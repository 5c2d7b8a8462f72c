"""The blocks as a reader sees them: registered ones and the compiler's forms, and the words for their parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blockrec.signature import Port, Signature


def signatures(imports: Iterable[str] = ()) -> dict[str, Signature]:
    """Name → what it declares, sorted by name."""
    from blockrec.graph.forms import FORMS
    from blockrec.registry import catalogue

    found = {**FORMS, **{name: entry.signature for name, entry in catalogue(imports).items()}}
    return dict(sorted(found.items()))


def port(port: Port) -> str:
    """`keys [b, t, d]`, with `?` for an optional and `*` for a variadic port."""
    mark = "*" if port.variadic else ""
    return f"{mark}{port.name}{'?' if port.optional else ''} {port}"


def summary(signature: Signature) -> str:
    """The first line of the docstring."""
    return signature.doc.partition("\n")[0]


def body(signature: Signature) -> str:
    """The rest of the docstring, without the parameters (they are in the schema)."""
    return signature.doc.partition("\n")[2].partition("Args:\n")[0].strip("\n")


def properties(signature: Signature) -> Mapping[str, Any]:
    """Parameter → its JSON Schema."""
    found: Mapping[str, Any] = signature.schema.get("properties", {})
    return found


def kind(schema: Mapping[str, Any]) -> str:
    """A parameter's type in words: `list of integer`, `softmax | none`, `number 0..1`."""
    if "oneOf" in schema:
        return " | ".join(map(kind, schema["oneOf"]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " | ".join("null" if value is None else str(value) for value in values)
    if "type" not in schema:
        return "any"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return " | ".join(_one(name, schema) for name in types)


def _one(name: str, schema: Mapping[str, Any]) -> str:
    if name == "array":
        return f"list of {kind(schema.get('items', {}))}"
    if name == "object":
        inner = schema.get("additionalProperties")
        return f"map to {kind(inner)}" if inner and isinstance(inner, Mapping) else "map"
    return f"{name}{_bounds(schema)}" if name in ("integer", "number") else str(name)


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum", ""), schema.get("maximum", "")
    return f" {low}..{high}" if low != "" or high != "" else ""
