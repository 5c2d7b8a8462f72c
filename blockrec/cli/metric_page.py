"""The page of a metric, as text and as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blockrec.cli import catalogue
from blockrec.cli.columns import titled
from blockrec.language.metrics import metric_names
from blockrec.language.schema.metrics import LABELS, Kind


def data(kind: Kind) -> dict[str, Any]:
    """Everything about a metric."""
    return {
        "metric": kind.name,
        "text": kind.doc,
        "better": "more" if kind.higher else "less",
        "best": kind.best,
        "labels": LABELS[kind.labels],
        "settings": dict(kind.settings),
        "required": [*kind.required],
        "examples": {written(word): metric_names([word]) for word in examples(kind)},
    }


def examples(kind: Kind) -> list[Any]:
    """Entries of `metrics:` that are legal: the shortest, within groups, of the catalogue."""
    if kind.ranking:
        return [{kind.name: {"k": 10, "by": "user"}}, {kind.name: {"k": [5, 20], "over": "catalogue"}}]
    grouped: Mapping[str, Any] = {kind.name: {"by": "user"}}
    return [grouped] if kind.required else [kind.name, grouped]


def written(word: Any) -> str:
    """As a model file has it on one line."""
    if isinstance(word, Mapping):
        return f"{{{', '.join(f'{key}: {written(value)}' for key, value in word.items())}}}"
    return f"[{', '.join(map(written, word))}]" if isinstance(word, list) else str(word)


def page(kind: Kind) -> str:
    """The same as text."""
    heads = [(name, catalogue.kind(schema), _default(name, kind)) for name, schema in kind.settings.items()]
    lines = titled("settings", heads).split("\n")
    texts = ["", *(f"\n      {schema['description']}" for schema in kind.settings.values())]
    named = [(written(word), ", ".join(metric_names([word]))) for word in examples(kind)]
    sections = [
        f"{kind.name}: {kind.doc}",
        titled(
            "", [("better", "more" if kind.higher else "less"), ("best", kind.best), ("labels", LABELS[kind.labels])]
        ),
        "\n".join(line + text for line, text in zip(lines, texts, strict=True)),
        titled("written → named", named),
    ]
    return "\n\n".join(sections)


def _default(name: str, kind: Kind) -> str:
    if name in kind.required:
        return "required"
    schema = kind.settings[name]
    return f"default {json.dumps(schema['default'])}" if "default" in schema else ""
