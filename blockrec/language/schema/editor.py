"""One JSON Schema for editors, which tells model files, dataset cards and libraries apart.

Generated from the schemas of the sections and from what blocks declare; draft 7, which every editor reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from blockrec.language.schema.document import card_schema, library_schema, model_schema
from blockrec.language.schema.editor_nodes import BlockWords, losses, node_definitions, swaps, task_losses, words
from blockrec.language.schema.parts import Schema
from blockrec.language.schema.written import EXPRESSION, written

HEAD = ("extends", "dataset", "variants", "sweep")
"""Of a file, not of its variants."""
OVER_CARD = ("features", "labels", "data")
KNOWN_ELSEWHERE = ("blocks", "imports", "extends")
"""A file with one of these may use blocks that the schema does not know."""


@dataclass(frozen=True)
class Offered:
    """What there is to choose from: blocks, packaged models and cards, each with what it is in a line."""

    blocks: Mapping[str, BlockWords]
    models: Mapping[str, str]
    cards: Mapping[str, str]


def editor_schema(offered: Offered) -> Schema:
    """The schema of every file that blockrec reads."""
    model, card, library = (s()["properties"] for s in (model_schema, card_schema, library_schema))
    only_models = [key for key in model if key not in {*card, *library}]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "description": "A model, a dataset card, or a library of blocks.",
        "type": "object",
        "allOf": [{"required": ["blockrec"]}],
        "properties": _top({**card, **model}, offered),
        "if": _any(only_models),
        "then": {"$ref": "#/definitions/model"},
        "else": {
            "if": {"allOf": [_any([key for key in library if key not in card]), {"not": _any(OVER_CARD)}]},
            "then": {"$ref": "#/definitions/library"},
            "else": {"$ref": "#/definitions/card"},
        },
        "definitions": {
            "model": _model(model, offered),
            "card": _closed(card),
            "library": {**_closed(library), "properties": {**_closed(library)["properties"], **_sections(["blocks"])}},
            "variant": _variant(model),
            **node_definitions(offered.blocks),
        },
    }


def _model(keys: Mapping[str, Any], offered: Offered) -> Schema:
    """A file that extends another one, or lies over a card or libraries, may hold parts and nulls."""
    parted = ["blocks", *OVER_CARD]
    others = [key for key in _contents(keys) if key not in parted]
    return {
        **_closed(keys),
        "allOf": [
            {"if": _any(["extends"]), "else": {"required": ["graph"], **_any(["features", "dataset"])}},
            _lying_over(["extends"], others),
            _lying_over(["extends", "dataset"], OVER_CARD),
            _lying_over(["extends", "imports"], ["blocks"]),
            {"if": {"not": _may_know_more()}, "then": _known_blocks_only(offered.blocks)},
        ],
    }


def _lying_over(others: list[str], keys: Iterable[str]) -> Schema:
    kinds = {patch: {"properties": _sections(keys, patch=patch)} for patch in (True, False)}
    return {"if": _any(others), "then": kinds[True], "else": kinds[False]}


def _variant(keys: Mapping[str, Any]) -> Schema:
    allowed = {key: True for key in keys if key not in HEAD}
    return {**_closed(allowed), "type": ["object", "null"], "properties": {**allowed, **_patches(keys)}}


def _patches(keys: Mapping[str, Any]) -> Schema:
    contents = [key for key in _contents(keys) if key not in HEAD]
    return {"params": written(keys["params"], patch=True), **_sections(contents, patch=True)}


def _contents(keys: Mapping[str, Any]) -> list[str]:
    """The sections whose content depends on what the file lies over."""
    return [key for key in keys if key not in ("blockrec", "name", "doc", "dataset", "extends", "imports", "variants")]


def _sections(keys: Iterable[str], *, patch: bool = False) -> Schema:
    """Whole sections: a mapping (or what the section allows), never an expression."""
    schemas, found = model_schema()["properties"], {}
    for key in keys:
        section = written(schemas[key], patch=patch, swaps=swaps(patch=patch))
        if section.get("pattern") == EXPRESSION:
            section = {**section, "type": [name for name in section["type"] if name != "string"]}
            del section["pattern"]
        found[key] = section
    return found


def _top(keys: Mapping[str, Any], offered: Offered) -> Schema:
    """The keys of a file with what they mean; their contents are in the definitions."""
    found = {key: {k: v for k, v in written(schema).items() if "escription" in k} for key, schema in keys.items()}
    found |= {key: written(keys[key]) for key in ("name", "doc", "imports", "licence")}
    found["blockrec"] |= {"const": keys["blockrec"]["const"], "default": keys["blockrec"]["const"]}
    found["extends"] |= words(offered.models)
    found["dataset"] |= words(offered.cards)
    found["variants"] |= {"type": "object", "additionalProperties": {"$ref": "#/definitions/variant"}}
    return found


def _closed(keys: Iterable[str]) -> Schema:
    return {"type": "object", "properties": dict.fromkeys(keys, True), "additionalProperties": False}


def _any(keys: Iterable[str]) -> Schema:
    return {"anyOf": [{"required": [key]} for key in keys]}


def _may_know_more() -> Schema:
    """A file with blocks of its own, or of files that the schema has not seen; also if only a variant has."""
    more = _any(KNOWN_ELSEWHERE)
    return {
        "anyOf": [
            more,
            {
                "required": ["variants"],
                "not": {"properties": {"variants": {"additionalProperties": {"not": more}}}},
            },
        ]
    }


def _known_blocks_only(blocks: Mapping[str, BlockWords]) -> Schema:
    """A misspelt block is a mistake that the editor shows."""

    def named(names: Iterable[str]) -> Schema:
        block = {"anyOf": [{"enum": [*names]}, {"type": "string", "pattern": EXPRESSION}]}
        return {"properties": {"block": block}}

    of_tasks = {"anyOf": [{"enum": [*task_losses(blocks)]}, {"type": "object", **named(task_losses(blocks))}]}
    return {
        "properties": {
            "graph": {"additionalProperties": named(blocks)},
            "losses": {"additionalProperties": named(losses(blocks))},
            "tasks": {"additionalProperties": {"properties": {"loss": of_tasks}}},
        }
    }
