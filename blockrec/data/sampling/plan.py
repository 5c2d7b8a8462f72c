"""Which negatives the section `data:` describes and the model reads, as checked values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from blockrec.data.encoding.derived import is_age
from blockrec.data.needs import Needs, available
from blockrec.data.settings import setting
from blockrec.data.sources.tables import Need
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.features import Column, Feature, Features, Sequence
from blockrec.language.values import Map

SAMPLED, HARD = "negatives", "hard_negatives"
"""Sequence features whose steps are negatives of their sample."""

PROBABILITY, POPULARITY = "log_probability", "log_popularity"
"""Columns that are made for items: of samples, and of negatives."""

_KEYS = {SAMPLED: "sampled", HARD: "hard"}


@dataclass(frozen=True)
class Sampled:
    """How negatives are drawn: so many a sample, ∝ popularity^alpha (0: all alike)."""

    count: int
    alpha: float
    avoid: Literal["seen", "target", "none"]


@dataclass(frozen=True)
class DrawPlan:
    """What is drawn or read beside the samples.

    sampled: None if no field of `negatives` is read. hard: the column of hard negatives, None if none is read.
    sequences: those two, as far as they are read. item: the column of the item id. made: columns that are read.
    """

    sampled: Sampled | None
    hard: str | None
    sequences: Mapping[str, Sequence]
    item: str
    made: tuple[str, ...]
    at: Span = field(repr=False)

    @property
    def key(self) -> list[object]:
        """Plain values that decide what is stored."""
        drawn = self.sampled and (self.sampled.alpha, self.sampled.avoid)
        return [drawn, self.hard, self.item, sorted(self.sequences), self.made]


def is_made(feature: Feature) -> bool:
    """Whether it reads a column that is made, and that the user's files need not have."""
    source, names = feature.source, (PROBABILITY, POPULARITY)
    return isinstance(source, Column) and source.name in names and feature.sequence in (None, SAMPLED, HARD)


def is_drawn(sequence: str | None) -> bool:
    """Whether the steps of a sequence are negatives."""
    return sequence in _KEYS


def avoids_seen(plan: DrawPlan) -> bool:
    """Whether it matters who met what."""
    return SAMPLED in plan.sequences and plan.sampled is not None and plan.sampled.avoid == "seen"


def item_of(section: Map) -> str:
    """The column of the item id."""
    return str(section.get("item") or section.section("items").get("key") or "item")


def available_with(
    plan: DrawPlan | None, features: Features, flat: Collection[str], steps: Collection[str]
) -> dict[str, Feature]:
    """The features whose columns are those of samples or of events, or made; those of negatives if any are read."""
    made, read = (plan.made, plan.sequences) if plan else ((), {})
    made_ones = {n: f for n, f in features.features.items() if is_made(f) and getattr(f.source, "name", "") in made}
    found = available(features, flat, steps) | made_ones
    return {name: f for name, f in found.items() if not is_drawn(f.sequence) or f.sequence in read}


def draw_needs(plan: DrawPlan | None) -> Needs:
    """Columns of the samples that negatives depend on."""
    names = [plan.item, *([plan.hard] if plan.hard else [])] if plan else []
    return {name: Need("any", plan.at, True) for name in names if plan}


def read_draws(
    section: Map, features: Features, used: Collection[str], report: Diagnostics, *, listed: bool = False
) -> DrawPlan | None:
    """None if the model reads nothing of the kind; E208 and E101 for what does not fit together.

    listed: sequences of negatives that `data` says nothing of are lists in the data.
    """
    given = section.section(SAMPLED)
    read = [f for f in features.features.values() if f.name in used]
    sequences = {name: s for name, s in features.sequences.items() if name in _KEYS and _reads(read, name)}
    if listed:
        sequences = {name: s for name, s in sequences.items() if _KEYS[name] in given}
    for name, sequence in sequences.items():
        if _KEYS[name] not in given:
            help = f"data: {{negatives: {{{_KEYS[name]}: {'10' if name == SAMPLED else 'COLUMN'}}}}}"
            report.error("E208", f"`data` does not say what `{name}` are", sequence.span, help=help)
    _check_features(read, given, report)
    if not sequences and not any(map(is_made, read)):
        return None
    longest = sequences[SAMPLED].max_len if SAMPLED in sequences else None
    sampled = _sampled(section, longest) if "sampled" in given else None
    hard = str(given["hard"]) if HARD in sequences and "hard" in given else None
    made = tuple(sorted({f.source.name for f in read if is_made(f) and isinstance(f.source, Column)}))
    return DrawPlan(
        sampled, hard, sequences, item_of(section), made, given.at.get("hard", section.at.get(SAMPLED, section.span))
    )


def check_draws(given: Map, report: Diagnostics) -> None:
    """E101 for a key that means nothing where it stands."""
    for key in ("by", "alpha", "avoid"):
        if key in given and "sampled" not in given:
            report.error("E101", f"`{key}` needs `sampled`", given.keys_at[key], help="it says how items are drawn")
    if "alpha" in given and given.get("by") == "uniform":
        report.error("E101", "`alpha` has no meaning beside `by: uniform`", given.keys_at["alpha"])


def _reads(features: list[Feature], sequence: str) -> bool:
    return any(f.sequence == sequence for f in features)


def _check_features(features: list[Feature], given: Map, report: Diagnostics) -> None:
    for f in features:
        if is_made(f) and isinstance(f.source, Column) and f.source.name == PROBABILITY and "sampled" not in given:
            help = "data: {negatives: {sampled: 10}}, or `column: log_popularity`"
            report.error("E208", f"`{f.name}` reads `{PROBABILITY}`, and nothing is drawn", f.span, help=help)
        if is_drawn(f.sequence) and is_age(f):
            message = f"`{f.name}` depends on the sample, and what is known of a negative depends on its item alone"
            report.error("E208", message, f.span, help="leave out `minutes_since` here")


def _sampled(section: Map, longest: int | None) -> Sampled:
    """longest: `max_len` of the sequence."""
    count, by, alpha, avoid = (setting(section, SAMPLED, key) for key in ("sampled", "by", "alpha", "avoid"))
    return Sampled(min(count, longest or count), float(alpha) if by == "popularity" else 0.0, avoid)
