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
    names = {"pattern": NAME, "x-codes": {"pattern": "E109"}, "x-help": NAME_HELP}
    return {
        "type": "object",
        "description": description,
        "propertyNames": names,
        "additionalProperties": value,
        **more,
    }


def text(description: str, **more: Any) -> Schema:
    return {"type": "string", "minLength": 1, "description": description, **more}


def choice(description: str, *words: str) -> Schema:
    return {"enum": list(words), "description": description}


def whole(description: str, minimum: int = 1) -> Schema:
    return {"type": "integer", "minimum": minimum, "description": description}
