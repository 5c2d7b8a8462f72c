"""Where in a model file a key belongs that was written somewhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blockrec.language.renamed import called

MOST = 2
"""Places that are named; what is legal at more is legal nearly everywhere."""
OPTIMIZER_KEYS = ("lr", "betas", "eps", "weight_decay")


def belongs(key: str) -> str:
    """Help for a key that is legal at another place; empty if it is legal nowhere, or at many places."""
    homes = _homes()
    known = key if key in homes else called(key, [k for k, home in homes.items() if "NAME" not in home])
    return f"`{known}` belongs to {homes[known]}" if known else ""


def is_section(name: str | int) -> bool:
    """Whether a model file has a section of that name."""
    from blockrec.language.schema.document import model_schema

    return name in model_schema()["properties"]


@cache
def _homes() -> dict[str, str]:
    """Key → the one or two places that have it; the settings of an optimizer belong to the one used by default."""
    from blockrec.language.schema.document import model_schema

    found: dict[str, list[str]] = {}
    for path, key in _keys(model_schema(), ()):
        found.setdefault(key, []).append(path)
    few = {key: paths for key, paths in found.items() if len(paths) <= MOST and all(paths)}
    homes = {key: " or ".join(f"`{path}`" for path in paths) for key, paths in few.items()}
    return {**homes, **dict.fromkeys(OPTIMIZER_KEYS, "`train.optimizer.dense.adam`")}


def _keys(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, inner in schema.get("properties", {}).items():
        yield ".".join(path), key
        yield from _keys(inner, (*path, key))
    if isinstance(named := schema.get("additionalProperties"), Mapping):
        yield from _keys(named, (*path, "NAME"))
