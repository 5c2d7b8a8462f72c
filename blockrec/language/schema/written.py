"""Schemas of evaluated values → schemas of what a person writes: expressions anywhere, nulls and parts in a patch.

The section schemas stay the one source. Editors complete and explain what stands in `properties`, `enum` and `type`, so
alternatives are folded into one schema wherever JSON Schema's keywords look at one type each anyway.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from blockrec.language.schema.parts import Schema

EXPRESSION = r"^\$"
_NEEDS = ("required", "minProperties", "maxProperties")
"""What a patch need not fulfil: it may name one key, or delete one and add another.

Apart from `properties`, because completion would offer all required keys as one entry.
"""
_PLAIN = {"type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems"}
_PLAIN |= {"minLength", "maxLength", "uniqueItems", "examples"}
Swap = tuple[Mapping[str, Any], Schema]
"""A part of a schema, found by identity, and what stands in its place."""


def written(schema: Mapping[str, Any], *, patch: bool = False, swaps: Sequence[Swap] = ()) -> Schema:
    """`schema` for an editor. patch: for a value that lies over another one."""
    for part, instead in swaps:
        if schema is part:
            return instead
    inner = _folded(schema)
    result: Schema = {**described(inner), **{key: value for key, value in inner.items() if key in _PLAIN}}
    needs = {} if patch else {key: inner[key] for key in _NEEDS if key in inner}
    result |= {"allOf": [needs]} if needs else {}
    if "pattern" in inner:
        result |= {"pattern": f"{EXPRESSION}|{inner['pattern']}"}
        result |= {"patternErrorMessage": inner["x-help"]} if "x-help" in inner else {}
    if "propertyNames" in inner:
        result["propertyNames"] = {"pattern": inner["propertyNames"]["pattern"]}
    deeper = partial(written, patch=patch, swaps=swaps)
    if "properties" in inner:
        result["properties"] = {key: deeper(value) for key, value in inner["properties"].items()}
    for key in ("additionalProperties", "items"):
        if key in inner:
            result[key] = deeper(inner[key]) if isinstance(inner[key], Mapping) else inner[key]
    return _widened(result, _choices(inner), patch)


def described(schema: Mapping[str, Any]) -> Schema:
    """Description and default, for the editor's hover; a simple default is what completion writes."""
    text, default = schema.get("description", ""), schema.get("default")
    simple = isinstance(default, (str, int, float))
    if default is not None and default not in ({}, []):
        text = (
            f"{text.rstrip('.')}. Default: `{json.dumps(default)}`." if text else f"Default: `{json.dumps(default)}`."
        )
    found: Schema = {"description": text, "markdownDescription": text} if text else {}
    return {**found, "default": default} if simple else found


def _folded(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """One schema of branches that differ in type: `properties` concerns mappings only, `pattern` texts only."""
    condition, plain = schema.get("if"), {k: v for k, v in schema.items() if k not in ("if", "then", "else", "oneOf")}
    if condition is not None and set(condition) == {"type"}:
        branches = [_folded(schema.get(key, {})) for key in ("else", "then")]
        return {**branches[0], **branches[1], **plain}
    if "oneOf" not in schema:
        return schema
    parts = [_folded(part) for part in schema["oneOf"]]
    types = [name for part in parts if not _choices(part) for name in _types(part)]
    merged: Schema = {}
    for part in parts:
        merged |= {k: v for k, v in part.items() if k not in ("enum", "const")}
    choices = [choice for part in parts for choice in _choices(part)]
    return {**merged, **plain, "type": types, **({"enum": choices} if choices else {})}


def _types(schema: Mapping[str, Any]) -> list[str]:
    types = schema.get("type", [])
    return [types] if isinstance(types, str) else list(types)


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _widened(schema: Schema, choices: list[Any], patch: bool) -> Schema:
    """With expressions, and null in a patch, beside what the schema allows."""
    types = _types(schema)
    if choices:
        return _with_choices(schema, choices, [name for name in types if name != "string"], patch)
    if not types:
        return schema
    if "string" not in types:
        types.append("string")
        schema["pattern"] = EXPRESSION
    types += ["null"] if patch and "null" not in types else []
    return _inline({**schema, "type": types})


def _inline(schema: Schema) -> Schema:
    """The type of lists, and of what may be a mapping or a scalar, as an alternative: completion then writes `key: `.

    It would write lines of a block after the key, which is wrong inside `{}`.
    """
    if "items" not in schema and ("properties" not in schema or schema["type"][0] == "object"):
        return schema
    texts = _texts(schema)
    parts = {key: value for key, value in schema.items() if key not in ("type", *texts)}
    return {**texts, "anyOf": [{"type": schema["type"]}], **({"allOf": [parts]} if parts else {})}


def _texts(schema: Schema) -> Schema:
    return {key: schema[key] for key in ("description", "markdownDescription", "default") if key in schema}


def _with_choices(schema: Schema, choices: list[Any], types: list[str], patch: bool) -> Schema:
    """types: of the values that the schema allows besides the choices."""
    texts = _texts(schema)
    others = {key: value for key, value in schema.items() if key not in texts}
    words = {"enum": [*choices, None] if patch and None not in choices else choices}
    more = [{**others, "type": types}] if types else []
    return {**texts, "anyOf": [words, *more, {"type": "string", "pattern": EXPRESSION}]}
