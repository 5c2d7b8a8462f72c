"""Tables that the model file makes much larger than the ids in the data need."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from blockrec.data.columns import largest
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Column, Feature, Hashed

TIMES, ROWS = 4, 1000
"""More than so many times the rows that are needed, and more than so many rows beyond them."""


def report_spare(folder: Path, features: Iterable[Feature], report: Diagnostics) -> None:
    """W204 for each table whose rows the ids stored in `folder` do not nearly reach; all features of a table count."""
    stored = largest(folder)
    tables: dict[str, tuple[Feature, int]] = {}
    for feature in features:
        if _is_row(feature) and feature.name in stored:
            owner, most = tables.get(feature.root, (feature, -1))
            owner = feature if feature.name == feature.root else owner
            tables[feature.root] = (owner, max(most, stored[feature.name]))
    for owner, most in tables.values():
        assert isinstance(owner.vocab, int)
        if owner.vocab > TIMES * (most + 1) and owner.vocab > most + 1 + ROWS:
            message = f"`{owner.name}` has a table of {owner.vocab:,} rows; the largest id in the data is {most:,}"
            help = f"`vocab: {most + 1}`, or `vocab: auto`, which gives a row to each id that occurs"
            report.warn("W204", message, owner.span, help=help)


def _is_row(feature: Feature) -> bool:
    """Whether the values of its column are rows of the table themselves."""
    plain = feature.kind == "id" and isinstance(feature.vocab, int) and isinstance(feature.source, Column)
    return plain and not isinstance(feature.ids, Hashed)
