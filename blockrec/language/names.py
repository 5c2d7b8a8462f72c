"""Names that may not meet: nodes and the file's own features, inputs and nodes of a composite."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.values import Map


def check_names(root: Map, card_file: str | None, report: Diagnostics) -> None:
    """Report clashes (E201). A card's feature that the file does not mention never clashes."""
    own = own_features(root.section("features"), card_file)
    _report_shared(root.section("graph"), own, "a feature", report)
    for spec in root.section("blocks").values():
        if isinstance(spec, Map):
            _report_shared(spec.section("graph"), spec.section("in").keys_at, "an input of its composite", report)


def own_features(features: Map, card_file: str | None) -> dict[str, Span]:
    """Features that the model's files mention, be it only to change one of the dataset card: name → where."""
    places = {
        name: next(
            (place for place in _places(at, features[name]) if place.source.name not in (card_file, "--set")), None
        )
        for name, at in features.keys_at.items()
    }
    return {name: at for name, at in places.items() if at is not None}


def _places(at: Span, value: object) -> Iterator[Span]:
    """Of a key and of all keys below it."""
    yield at
    if isinstance(value, Map):
        for key, inner in value.items():
            yield from _places(value.keys_at[key], inner)


def _report_shared(nodes: Map, others: dict[str, Span], kind: str, report: Diagnostics) -> None:
    for name in nodes:
        if name in others:
            message = f"node `{name}` has the name of {kind}"
            notes = [(others[name], "named here")]
            help = f"rename the node, for example `{name}_out`"
            report.error("E201", message, nodes.keys_at[name], notes=notes, help=help)
