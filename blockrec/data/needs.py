"""Which columns features, labels and conditions read, and as what kind of value."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from blockrec.data.encoding.derived import columns_of
from blockrec.data.sources.tables import Need, Wanted
from blockrec.language.features import Feature, Features, Label

Needs = dict[str, Need]
GROUP = "group:"
"""Before the name of a column in `used`: its values as the data have them, whatever a feature of it tells apart."""

KEPT = "kept:"
"""Before the name of a column in `used` that is written beside predictions, as the data have it."""


def group_column(name: str) -> str:
    """The column that a metric groups by, or that is kept, as `used` has it."""
    return name.removeprefix(GROUP).removeprefix(KEPT)


def feature_needs(features: Iterable[Feature], used: Collection[str], *, steps: bool) -> Needs:
    """The columns that features read of samples, or of events that are `steps`; those of used ones must be there."""
    found: Needs = {}
    for feature in features:
        for name, kind in columns_of(feature, steps=steps).items():
            add(found, name, Need(kind, feature.span, feature.name in used))
    return found


def group_needs(names: Iterable[str]) -> Needs:
    """The columns that metrics group by."""
    return {group_column(name): Need("any", None, True) for name in names}


def label_needs(labels: Iterable[Label], used: Collection[str], made: Collection[str], *, steps: bool) -> Needs:
    """The columns of labels of samples that are not `made` from others, or of labels of `steps`."""
    found: Needs = {}
    for label in labels:
        if steps == (label.sequence is not None) and (steps or label.column not in made):
            kind: Wanted = "int" if label.bit is not None else "any" if label.at_least is None else "number"
            add(found, label.column, Need(kind, label.span, label.name in used))
    return found


def add(needs: Needs, name: str, need: Need) -> None:
    """Join a need into those that are known: it must be there if one of them says so."""
    known = needs.get(name)
    if known is None:
        needs[name] = need
        return
    kinds = {known.kind, need.kind} - {"any"}
    kind: Wanted = next((k for k in ("time", "float", "int", "number") if k in kinds), "any")
    first = known if known.required or not need.required else need
    needs[name] = Need(kind, first.at or need.at, known.required or need.required)


def together(*parts: Needs) -> Needs:
    """All needs in one mapping."""
    found: Needs = {}
    for part in parts:
        for name, need in part.items():
            add(found, name, need)
    return found


def available(features: Features, flat: Collection[str], steps: Collection[str]) -> dict[str, Feature]:
    """The features whose columns are among those of samples (`flat`) or of events (`steps`), and all without one."""
    return {
        name: feature
        for name, feature in features.features.items()
        if set(columns_of(feature, steps=False)) <= set(flat) and set(columns_of(feature, steps=True)) <= set(steps)
    }
