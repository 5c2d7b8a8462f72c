"""A run without data of its own: on the generated card if that offers what the model reads, else on random rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from blockrec.data.encoding.derived import is_read
from blockrec.diagnostics import Diagnostics, Source, fail
from blockrec.graph.compile import check_document
from blockrec.language.declare import read_features
from blockrec.language.document import Document, load
from blockrec.language.features import Feature, Label
from blockrec.language.files import packaged_cards
from blockrec.language.source import read_map
from blockrec.language.values import Map
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes

CARD = "planted_interests"
KEPT = ("batch_size", "batch_tokens", "shuffle", "time", "user", "how_to_get", "synthetic")
"""Keys of `data` that mean the same for random rows."""


def check_wish(data: str | None, *, resumed: bool) -> None:
    """E706 for a run on generated data whose data are given, or that another run has begun."""
    if data is not None or resumed:
        other = "other data (`--data`)" if data is not None else "a run to go on with, which has its data"
        raise fail("E706", f"generated data cannot stand beside {other}", help="leave one of the two out")


def synthetic(source: str | Path | Mapping[str, Any], wishes: Wishes, log: Log) -> Wishes:
    """The wishes of a run on generated data. Mistakes in the model are left for `prepare` to report."""
    card = replace(wishes, data=CARD)
    if _offers(source, card):
        log.say(f"data: the generated card `{CARD}`")
        return card
    document = _document(source, wishes, Diagnostics())
    if document is None:
        return wishes
    log.say("data: random values of the declared types; there is nothing to learn in them, so an AUC is about 0.5")
    own = document.evaluated("data")
    dropped = [f"data.{key}=null" for key in own if key not in KEPT]
    chosen = [] if "synthetic" in own else ["data.synthetic={}"]
    return replace(wishes, sets=[*dropped, *chosen, *wishes.sets])


def _document(source: str | Path | Mapping[str, Any], wishes: Wishes, report: Diagnostics) -> Document | None:
    return load(source, report, variants=wishes.variants, sets=wishes.sets, data=wishes.data, point=wishes.point)


def _offers(source: str | Path | Mapping[str, Any], wishes: Wishes) -> bool:
    """Whether the model passes every check on the generated card, and says nothing else of where its data are."""
    report = Diagnostics()
    document = _document(source, wishes, report)
    if document is None or report.failed or not _is_card(document.evaluated("data")):
        return False
    mistakes = Diagnostics()
    checked = check_document(document, wishes.imports, mistakes)
    offered = _offered()
    declared: dict[str, Feature | Label] = {**document.features.features, **document.features.labels}
    used = [] if mistakes.failed else checked.graph.used_features()
    return not mistakes.failed and all(_is_same(declared.get(name), offered.get(name)) for name in used)


def _offered() -> dict[str, Feature | Label]:
    """The features and labels that the card declares."""
    path = packaged_cards()[CARD]
    card = read_map(Source(str(path), path.read_text("utf-8")), Diagnostics())
    assert card is not None
    features = read_features(card.section("features"), card["labels"], Diagnostics())
    return {**features.features, **features.labels}


def _is_same(own: Feature | Label | None, offered: Feature | Label | None) -> bool:
    """Whether they read the same values of the data."""
    if isinstance(own, Feature) and not is_read(own):
        return True
    if isinstance(own, Feature) and isinstance(offered, Feature):
        keys = ("sequence", "kind", "vocab", "source", "dtype", "pool")
        return all(getattr(own, key) == getattr(offered, key) for key in keys)
    return isinstance(own, Label) and isinstance(offered, Label) and own.column == offered.column


def _is_card(data: Map) -> bool:
    own = {"generate", "events", "samples", "split"}
    files = data.get("events"), data.section("samples").get("from")
    return files == ("events.parquet", "impressions.parquet") and own <= data.keys() <= own | set(KEPT)
