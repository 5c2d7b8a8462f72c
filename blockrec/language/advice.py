"""What to do about a key that stands at the wrong place, told by what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blockrec.language.places import belongs, is_section

Path = tuple[str | int, ...]


def advice_on_unknown(key: str, value: Any, path: Path) -> str:
    """Help for an unknown key that resembles no other; empty if nothing can be told."""
    if not path and isinstance(value, Mapping) and "block" in value:
        return "a node stands below `graph`: indent it"
    home = belongs(key)
    if home or path or isinstance(value, Mapping | list):
        return home
    return f"a value of your own stands below `params`: `params: {{{key}: {value}}}`"


def advice_on_missing_block(path: Path) -> str:
    """Help for a node without a block that has the name of a section."""
    if len(path) == 2 and is_section(path[1]):
        return f"`{path[1]}` is a section of the file: write it without indentation"
    return ""


def is_in_a_misplaced_node(root: Any, path: Path) -> bool:
    """Whether `path` leads into a node that was written as an input of another; that is reported once."""
    if "in" not in path[:-1]:
        return False
    value = root
    for key in path[: path.index("in") + 1]:
        value = value[key]
    return isinstance(value, Mapping) and "block" in value
