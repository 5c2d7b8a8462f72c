"""Values of a section, or the defaults that its schema declares."""

from __future__ import annotations

from typing import Any

from blockrec.language.schema.data import DATA
from blockrec.language.schema.parts import Schema
from blockrec.language.values import Map


def setting(section: Map, *path: str, schema: Schema = DATA) -> Any:
    """The value at `path` (`"split", "by"`), else its default in the schema, else None."""
    *outer, key = path
    for name in outer:
        section, schema = section.section(name), schema["properties"][name]
    return section.get(key, schema["properties"][key].get("default"))
