"""Shapes that several schemas share."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

NAME = "^[a-z][a-z0-9_]*$"
NAME_HELP = "names are lower case: a letter, then letters, digits and `_`"


def closed(description: str, properties: Schema, **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        **more,
    }


def named(description: str, value: Schema, **more: Any) -> Schema:
    """A mapping whose keys are names that the user chooses."""
    keys = {"pattern": NAME, "x-codes": {"pattern": "E109"}, "x-help": NAME_HELP}
    return {
        "type": "object",
        "description": description,
        "propertyNames": keys,
        "additionalProperties": value,
        **more,
    }


def text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": description, **more}


def choice(description: str, *words: str) -> Schema:
    return {"enum": list(words), "description": description}


def whole(description: str, minimum: int = 1, **more: Any) -> Schema:
    return {"type": "integer", "minimum": minimum, "description": description, **more}


def number(description: str, default: float, minimum: float = 0, **more: Any) -> Schema:
    return {"type": "number", "minimum": minimum, "default": default, "description": description, **more}


def names(description: str) -> Schema:
    """A list of names of columns and the like."""
    return {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": description}


def files(description: str) -> Schema:
    """A file, a glob, or a list of them."""
    return {**names(description), "type": ["string", "array"], "minLength": 1}


def options(description: str, **properties: Schema) -> Schema:
    """A mapping that may be left out or be empty."""
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": properties,
        "default": {},
    }
