"""Positives, and the negatives drawn for them once, as the section `data.samples` describes them."""

from __future__ import annotations

from blockrec.data.conditions import condition_of
from blockrec.data.events_source.samples import Positives
from blockrec.data.sampling.negatives import NegativesPlan
from blockrec.data.settings import setting
from blockrec.diagnostics import Diagnostics
from blockrec.language.values import Map


def read_positives(section: Map, known: list[str], report: Diagnostics) -> Positives | None:
    """Which events are positives, over columns that are `known`; None if every event is a sample."""
    made = section.section("samples")
    if "positives" not in made:
        return None
    keys = ("last", "every", "newest", "label")
    last, every, newest, label = (setting(section, "samples", "positives", key) for key in keys)
    where = condition_of(made.section("positives"), "where", known, report)
    return Positives(where, last, every, newest, label, made.at["positives"])


def read_negatives(section: Map) -> NegativesPlan | None:
    """How negatives are drawn for positives, if any are."""
    if "negatives" not in section.section("samples"):
        return None
    keys = ("per_positive", "by", "avoid", "seed")
    return NegativesPlan(*(setting(section, "samples", "negatives", key) for key in keys))
