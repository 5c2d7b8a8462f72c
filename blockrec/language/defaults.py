"""The defaults of settings, which are written in the schema and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blockrec.language.schema.data import DATA
from blockrec.language.schema.eval import EVAL
from blockrec.language.schema.export import EXPORT
from blockrec.language.schema.parts import Schema
from blockrec.language.schema.train import TRAIN

SETTINGS: Mapping[str, Schema] = {"data": DATA, "train": TRAIN, "eval": EVAL, "export": EXPORT}
"""The sections that have defaults."""


def with_defaults(value: Any, schema: Schema) -> Any:
    """`value` with the schema's defaults filled in at every depth; a choice of one key stays as it is."""
    if not isinstance(value, Mapping) or "properties" not in schema:
        return value
    properties: dict[str, Schema] = schema["properties"]
    filled = {key: with_defaults(given, properties[key]) for key, given in value.items()}
    one_key = schema.get("maxProperties") == 1
    if one_key and not value:
        return with_defaults(schema["default"], schema)
    missing = {k: p for k, p in properties.items() if k not in value and "default" in p and not one_key}
    return filled | {key: with_defaults(property["default"], property) for key, property in missing.items()}


def flattened(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """(`train.optimizer.dense.adam.lr`, 0.001) of everything below `path` that is not a mapping with entries."""
    if not isinstance(value, Mapping) or not value:
        yield path, value
        return
    for key, inner in value.items():
        yield from flattened(inner, f"{path}.{key}")
