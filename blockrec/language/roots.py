"""Checks of a feature against the one that owns its table, and of rows against the table's size."""

from __future__ import annotations

from collections.abc import Mapping

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.features import (
    AUTO,
    CALENDAR_ROWS,
    Calendar,
    Column,
    Constant,
    Feature,
    Position,
    Sequence,
)
from blockrec.language.values import Map

Specs = Mapping[str, tuple[Map, Span]]


def check_roots(
    specs: Specs, features: Mapping[str, Feature], sequences: Mapping[str, Sequence], section: Map, report: Diagnostics
) -> None:
    """E106 and E108 for every feature whose table does not serve it."""
    check = _Check(specs, features, sequences, section, report)
    for feature in features.values():
        check.feature(feature)


class _Check:
    def __init__(
        self,
        specs: Specs,
        features: Mapping[str, Feature],
        sequences: Mapping[str, Sequence],
        section: Map,
        report: Diagnostics,
    ) -> None:
        self.specs, self.features, self.sequences = specs, features, sequences
        self.section, self.report = section, report

    def feature(self, feature: Feature) -> None:
        spec, at = self.specs[feature.name]
        root = self.features[feature.root]
        if feature.kind == "id" and root.kind != "id":
            notes = [(root.span, f"`{root.name}` is {root.kind}")]
            message = f"`{feature.name}` is like `{root.name}`, which has no table"
            self.report.error("E108", message, spec.at["like"], notes=notes)
        if isinstance(feature.source, Constant):
            self._constant(feature, feature.source.value, spec)
        if isinstance(feature.source, Position):
            self._position(feature, spec, at)
        if isinstance(feature.source, Calendar) and root is not feature and feature.kind == "id":
            self._calendar(feature, feature.source, root, spec)
        if isinstance(feature.source, Column) and feature.ids is None and feature.kind == "id":
            self._default(feature, feature.source.default, spec)

    def _constant(self, feature: Feature, value: float, spec: Map) -> None:
        self._check_rows(feature, value, spec.at["constant"], "the constant is")
        if feature.root == feature.name and feature.vocab == AUTO and "vocab" in spec:
            message = f"no data tells how many rows the table of the constant `{feature.name}` has"
            self.report.error("E108", message, spec.at["vocab"])

    def _position(self, feature: Feature, spec: Map, at: Span) -> None:
        sequence = self.sequences.get(feature.sequence or "")
        longest = sequence.max_len if sequence else None
        own = feature.root == feature.name
        if longest is None and feature.vocab == AUTO and own and self._has_no_length(feature):
            self.report.error("E108", f"`{feature.name}` needs `vocab`, or its sequence `max_len`", at)
        self._check_rows(feature, longest or 0, spec.at["position"], "positions go up to")

    def _calendar(self, feature: Feature, source: Calendar, root: Feature, spec: Map) -> None:
        place = spec.at.get("calendar", spec.at["like"])
        if source.part == "minutes_since" and "calendar" not in spec:
            message = f"`{feature.name}` is like `{root.name}`, whose minutes are counted from another time"
            help = "calendar: minutes_since(FEATURE), of this feature's own"
            self.report.error("E108", message, place, help=help, notes=[(root.span, f"`{root.name}`")])
        elif isinstance(root.source, Calendar) and root.source.part != source.part and root.ids is None:
            message = f"`{feature.name}` is the {source.part}, and `{root.name}` the {root.source.part}"
            notes = [(self.specs[root.name][0].at.get("calendar", root.span), f"the table is that of `{root.name}`")]
            self.report.error("E108", message, place, notes=notes)
        elif source.part in CALENDAR_ROWS and root.ids is None:
            self._check_rows(feature, CALENDAR_ROWS[source.part] - 1, place, f"the {source.part} goes up to")

    def _default(self, feature: Feature, value: object, spec: Map) -> None:
        if isinstance(value, int | float) and isinstance(feature.vocab, int):
            self._check_rows(feature, value, spec.at["default"], "the default is")

    def _has_no_length(self, feature: Feature) -> bool:
        """Whether `max_len` was left out, not misspelt or wrong."""
        spec = self.section.section(feature.sequence or "")
        return feature.sequence in self.sequences and not set(spec) - {"fields", "keep"}

    def _check_rows(self, feature: Feature, largest: float, at: Span, what: str) -> None:
        rows = feature.vocab
        if isinstance(rows, int) and largest >= rows:
            message = f"{what} {largest}, but the table of `{feature.root}` has {rows} rows (0 … {rows - 1})"
            notes = [(self.features[feature.root].span, f"{rows} rows")] if feature.root != feature.name else []
            self.report.error("E106", message, at, help=f"vocab: {int(largest) + 1}", notes=notes)
