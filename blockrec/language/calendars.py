"""Features that are made from times: `calendar:` as a value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.features import CALENDAR_ROWS, Calendar
from blockrec.language.values import Map

MANY = 100
"""So many mistakes are looked into; a file with more is not written by hand."""


class Calendars:
    """specs: every feature and field by its full name, as written."""

    def __init__(self, specs: Mapping[str, tuple[Map, Span]], report: Diagnostics) -> None:
        self.specs, self.report = specs, report

    def read(self, name: str, spec: Map, own: Map) -> Calendar:
        """What the feature itself does not say, the one that it is like does."""
        word = str(spec.get("calendar", own.get("calendar")))
        since = word.removeprefix("minutes_since(").removesuffix(")") if "since(" in word else None
        part: Any = "minutes_since" if since else word if word in CALENDAR_ROWS else "hour"
        column, unit, tz = (spec.get(key, own.get(key)) for key in ("column", "unit", "tz"))
        return Calendar(
            part,
            column if isinstance(column, str) else None,
            self._since(name, since) if since else None,
            tz if isinstance(tz, str) else "UTC",
            unit if unit in ("s", "ms", "us", "ns") else None,
            spec.get("default"),
        )

    def _since(self, name: str, other: str) -> str:
        """The column of a raw time of the same sample or step; E208 or E108 if `other` is none."""
        spec, at = self.specs[name]
        prefix, dot, _ = name.rpartition(".")
        full = f"{prefix}{dot}{other}"
        if not other.isidentifier():  # the schema says so
            return other
        if full in self.times.get(prefix, {}):
            column = self.specs[full][0].get("column")
            return column if isinstance(column, str) else other
        known = [time.removeprefix(f"{prefix}.") for time in self.times.get(prefix, {})]
        help = did_you_mean(
            other, known if len(self.report) < MANY else (), "declare the time, e.g. time: {raw: int64}"
        )
        code, what = ("E108", "is no time (`raw: int64`)") if full in self.specs else ("E208", "is unknown")
        self.report.error(code, f"`{full}` {what}", spec.at.get("calendar", at), help=help)
        return other

    @cached_property
    def times(self) -> dict[str, dict[str, None]]:
        """Sequence, or "" for the sample → the features that are raw whole numbers."""
        found: dict[str, dict[str, None]] = {}
        for name, (spec, _) in self.specs.items():
            if spec.get("raw") in ("int64", "int32"):
                found.setdefault(name.rpartition(".")[0], {})[name] = None
        return found
