"""The pages of packaged dataset cards, as plain data and as text."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from blockrec.cli.columns import titled
from blockrec.diagnostics import Diagnostics
from blockrec.language.declare import read_features
from blockrec.language.features import Feature, Label
from blockrec.language.files import read_file
from blockrec.language.source import read_map

WIDTH = 120


def data(name: str, path: Path) -> dict[str, Any]:
    """What a card says of itself: `doc`, how to get the data, features and labels with their columns."""
    report = Diagnostics()
    source = read_file(path, report)
    section = read_map(source, report) if source is not None else None
    report.raise_errors()
    assert section is not None
    declared = read_features(section.section("features"), section["labels"], report)
    report.raise_errors()
    return {
        "card": name,
        "file": str(path),
        "doc": " ".join(str(section.get("doc", "")).split()),
        "how_to_get": " ".join(str(section.section("data").get("how_to_get", "made on first use")).split()),
        "features": {feature.name: _feature(feature) for feature in declared.features.values()},
        "labels": {label.name: _label(label) for label in declared.labels.values()},
    }


def page(found: dict[str, Any]) -> str:
    """That as lines."""
    rows = [(name, what) for kind in ("features", "labels") for name, what in found[kind].items()]
    texts = [f"card {found['card']}", textwrap.fill(found["doc"], WIDTH)]
    return "\n\n".join([*texts, titled("get it", [(found["how_to_get"],)]), titled("offers", rows)])


def _feature(feature: Feature) -> str:
    column = getattr(feature.source, "name", "")
    rest = f" of column {column}" if column else f" {type(feature.source).__name__.lower()}"
    table = f", ids of {feature.root}" if feature.root != feature.name else ""
    return f"{feature.kind}{rest}{table}"


def _label(label: Label) -> str:
    return f"label of column {label.column}"
