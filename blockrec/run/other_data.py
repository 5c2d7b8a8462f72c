"""The model of a run over other data: another card, or other files of the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.files import DATA, locate, packaged_cards, read_file
from blockrec.language.source import read_map
from blockrec.language.values import Map

OF_THE_DATA = ("column", "default", "unit", "tz")
"""Options of a feature that say where its values stand; all others say what the model makes of them."""


def is_file(data: str) -> bool:
    """Whether `--data` names files of data, not a card."""
    return data.endswith(DATA) or any(mark in data for mark in "*?[")


def over_files(section: Map, data: str) -> list[str]:
    """What to set in the section `data` for other files: another log, or rows, all of which are then `test`."""
    path = json.dumps(str(Path(data).expanduser().absolute()))
    if "events" in section:
        return [f"data.events={path}"]
    return [*(f"data.{key}=null" for key in ("train", "valid", "split") if key in section), f"data.test={path}"]


def over_card(root: Map, data: str, report: Diagnostics) -> dict[str, Any]:
    """The model without what the card `data` says: its data, its labels and where its features' values stand."""
    card = _card(data, report)
    kept = {key: value for key, value in root.items() if key != "data" and not (key == "labels" and "labels" in card)}
    return {**kept, "features": _features(root.section("features"), card.section("features"))}


def _card(name: str, report: Diagnostics) -> Map:
    """Empty if it cannot be read, which is reported when it is merged."""
    cards = packaged_cards()
    path = cards.get(name) or locate(name, cards)
    source = read_file(path, Diagnostics()) if path is not None else None
    found = read_map(source, report) if source is not None else None
    return found if found is not None else Map(Span(Source(name, ""), 0, 0, 1))


def _features(own: Map, card: Map) -> dict[str, Any]:
    return {name: _feature(spec, card.section(name)) if name in card else spec for name, spec in own.items()}


def _feature(spec: Any, card: Map) -> Any:
    if not isinstance(spec, Mapping):
        return spec
    kept = {key: value for key, value in spec.items() if key not in OF_THE_DATA}
    if isinstance(spec, Map) and "fields" in kept:
        kept["fields"] = _features(spec.section("fields"), card.section("fields"))
    return kept
