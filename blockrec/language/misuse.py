"""Keys of one feature that exclude or need each other (E108): what a schema cannot see."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.schema.features import VALUE
from blockrec.language.values import UNKNOWN, List, Map
from blockrec.language.wordlist import is_file_name

IDS = ("vocab", "hash", "buckets")
TABLES, NUMBERS = (*IDS, "like"), ("dense", "raw")
SOURCES = ("constant", "position", "calendar")
OF_LISTS = ("max_len", "keep")
FORMS = (*VALUE, "pool")
"""Keys of one value; a sequence has others."""

_ROWS = (*NUMBERS, "hash", "buckets", "column", "default", "pool")
EXCLUDED = {"constant": _ROWS, "position": _ROWS, "calendar": ("vocab", "hash", "raw", "pool")}
"""Source → what makes no sense beside it."""

NEEDED = {
    "norm": (("dense",), "numbers (`dense`)"),
    "cold": (("vocab",), "a vocabulary (`vocab: auto` or a file)"),
    "tz": (("calendar",), "a `calendar` feature"),
    "unit": (("calendar",), "a `calendar` feature"),
    "pool": ((*TABLES, *SOURCES), "ids with a table"),
    "max_len": (("pool",), "a sequence (`fields`) or a list (`pool`)"),
    "keep": (("pool",), "a sequence (`fields`) or a list (`pool`)"),
}
"""Option → keys of which one must stand beside it, and what it belongs to."""


def check_form(name: str, spec: Map, at: Span, report: Diagnostics, *, in_sequence: bool) -> None:
    """One kind, one source, and only the options that the kind has (E108)."""
    form = _Form(name, spec, report)
    form.check_pairs()
    form.check_options()
    form.check_values()
    if "position" in spec and not in_sequence:
        message = f"`position` counts the steps of a sequence, and `{name}` is none"
        form.say(message, "position", help="write it below the `fields` of a sequence")
    if "pool" in spec and in_sequence:
        form.say(f"`{name}` has one value a step, so nothing to `pool`", "pool")
    if "constant" in spec and not any(kind in spec for kind in (*TABLES, "position", "calendar")):
        report.error("E108", f"`{name}` needs `vocab` or `like`: the table that the constant is a row of", at)
    if not any(kind in spec for kind in (*TABLES, *NUMBERS, *SOURCES)) and _is_known(spec):
        help = "e.g. {vocab: auto}, {hash: 10000}, {like: item}, {dense: 1}, {buckets: 10}, {raw: int64}"
        report.error("E108", f"`{name}` does not say what it is", at, help=help)


def _is_known(spec: Map) -> bool:
    """Whether all keys are legal: a misspelt kind is reported as such already."""
    return all(k in (*FORMS, *OF_LISTS) for k in spec)


class _Form:
    def __init__(self, name: str, spec: Map, report: Diagnostics) -> None:
        self.name, self.spec, self.report = name, spec, report

    def say(self, message: str, key: str, other: str = "", help: str = "") -> None:
        """E108 at `key`, with the place of `other`."""
        notes = [(self.spec.keys_at[other], f"`{other}` is given here")] if other else []
        self.report.error("E108", message, self.spec.keys_at[key], notes=notes, help=help)

    def check_pairs(self) -> None:
        for first, second in _contradictions(self.spec):
            help = f"keep one of them (`{first}: null` deletes what a dataset card says)"
            self.say(f"`{self.name}` cannot be both `{first}` and `{second}`", second, first, help)

    def check_options(self) -> None:
        spec, number = self.spec, next((kind for kind in NUMBERS if kind in self.spec), "")
        for option, (kinds, owner) in NEEDED.items():
            if option in spec and not any(kind in spec for kind in kinds):
                what = f", and `{self.name}` has no `fields`" if option in OF_LISTS else ""
                other = next((kind for kind in (*TABLES, *NUMBERS) if kind in spec), "")
                self.say(f"`{option}` belongs to {owner}{what}", option, "" if what else other, "delete it")
        for option in ("dim", "init"):
            if option in spec and number:
                self.say(f"`{self.name}` has no table, so no `{option}`", option, number)
        if "init" in spec and "like" in spec:
            self.say(f"`{self.name}` has the table of `{spec['like']}`, which has its own `init`", "init", "like")
        if "cold" in spec and isinstance(spec.get("vocab"), int):
            self.say("`cold` is for values without a row, and `vocab: N` takes ids that are rows", "cold", "vocab")

    def check_values(self) -> None:
        spec = self.spec
        if isinstance(spec.get("default"), str) and any(k in spec for k in (*NUMBERS, "buckets", "calendar")):
            self.report.error("E108", f"the default of `{self.name}` must be a number", spec.at["default"])
        if isinstance(spec.get("buckets"), list):
            self._check_edges(spec["buckets"])
        if isinstance(spec.get("tz"), str):
            self._check_zone(spec["tz"])
        if "calendar" in spec:
            self._check_calendar(str(spec["calendar"]))
        if "position" in spec and is_file_name(spec.get("vocab")):
            self.say("positions are rows: they need a number of them, not a vocabulary", "vocab", "position")

    def _check_edges(self, edges: list[Any]) -> None:
        places = edges.at if isinstance(edges, List) else [self.spec.at["buckets"]] * len(edges)
        known = [(edge, at) for edge, at in zip(edges, places, strict=True) if _is_number(edge)]
        for (low, before), (high, at) in pairwise(known):
            if not low < high:
                notes = [(before, f"{low} stands before it")] if before != at else []
                self.report.error("E108", "edges of buckets must rise", at, notes=notes)
        for edge, at in known:
            if abs(edge) == float("inf") or edge != edge:
                self.report.error("E108", "an edge of a bucket must be finite", at)

    def _check_zone(self, name: str) -> None:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError):
            help = did_you_mean(name, available_timezones(), "e.g. tz: Europe/Berlin")
            self.report.error("E108", f"unknown time zone `{name[:80]}`", self.spec.at["tz"], help=help)

    def _check_calendar(self, part: str) -> None:
        spec = self.spec
        if part.startswith("minutes_since"):
            if "tz" in spec:
                self.say("minutes between two times do not depend on `tz`", "tz", "calendar")
            if not any(kind in spec for kind in ("dense", "buckets", "like")):
                help = "e.g. {calendar: minutes_since(time), buckets: 20}, or dense: 1"
                self.say(f"`{self.name}` is a number: say what becomes of it", "calendar", help=help)
        if isinstance(spec.get("dense"), int) and spec["dense"] > 1:
            self.say(f"`calendar` gives one number, not {spec['dense']}", "dense", "calendar")


def _contradictions(spec: Map) -> Iterator[tuple[str, str]]:
    """Pairs of keys that exclude each other, in the order of the file."""
    yield from pairwise(k for k in spec if k in (*TABLES, *NUMBERS))
    sources = [k for k in spec if k in SOURCES]
    yield from pairwise(sources)
    for source in sources:
        yield from ((source, k) for k in EXCLUDED[source] if k in spec)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value is not UNKNOWN
