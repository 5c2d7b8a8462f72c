"""What a schema cannot see in a section `data:`: keys that exclude or need each other, and the split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from blockrec.data.sampling.plan import SAMPLED, check_draws
from blockrec.data.settings import setting
from blockrec.data.splits import SplitPlan
from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.features import Features
from blockrec.language.values import Map

_SPLITS = {"time": ("time", "leave_last", "user"), "random": ("random", "time", "user")}
_DIVIDED = {"time": "samples of a log: some would be trained on what came later", "random": "rows"}


def check_form(section: Map, features: Features, report: Diagnostics) -> None:
    """E101 for a key that means nothing where it stands, E208 for a history of no sequence."""
    made, items, form = section.section("samples"), section.section("items"), _Form(report)
    form.excludes(made, "from", ("positives", "negatives"))
    form.excludes(section, "generate", ("root", "convert"))
    if section.get("ties") == "ordered" and "from" in made:
        report.error("E101", "`ties: ordered` has no meaning beside `from`", section.at["ties"])
    form.needs(made, ("user", "time", "csv"), "from", "it describes a file of samples")
    form.needs(made, ("negatives",), "positives", "write `positives: {}` to take every event as one")
    form.needs(items, ("csv", "flags", "words"), "table", "it describes a file of items")
    check_draws(section.section(SAMPLED), report)
    for name, at in section.section("history").keys_at.items():
        if name not in features.sequences:
            help = did_you_mean(name, features.sequences, "it names a feature with `fields:`")
            report.error("E208", f"no sequence `{name}`", at, help=help)


def read_split(section: Map, report: Diagnostics, default: str = "time") -> SplitPlan:
    """By `default` if it does not say by what.

    E106 unless `valid` and `test` are numbers of samples a user (`leave_last`), or shares that leave some.
    """
    split = section.section("split")
    by: Any = split.get("by", default)
    if by not in _SPLITS[default]:
        message, help = f"`{by}` does not divide {_DIVIDED[default]}", f"one of {', '.join(_SPLITS[default])}"
        report.error("E107", message, split.at["by"], help=help)
    if "test_from" in split or "valid_from" in split:
        return _moments(split, by, report)
    valid, test = (split.get(key, 1 if by == "leave_last" else 0.1) for key in ("valid", "test"))
    for key, value in (("valid", valid), ("test", test)):
        if by == "leave_last" and value != int(value):
            report.error("E106", f"`{key}` of `leave_last` is a whole number of samples a user", split.at[key])
    if by != "leave_last" and valid + test >= 1:
        at = split.at.get("valid") or split.at.get("test")
        report.error("E106", f"shares {valid} and {test} leave nothing to train with", at)
    return SplitPlan(by, valid, test, setting(section, "split", "seed"))


def _moments(split: Map, by: str, report: Diagnostics) -> SplitPlan:
    """A split at moments; E101 beside what means something else, E106 for what is no moment."""
    form, found = _Form(report), dict[str, float | None]()
    for key in [key for key in ("valid_from", "test_from") if key in split]:
        if by != "time":
            report.error("E101", f"`{key}` has no meaning beside `by: {by}`", split.keys_at[key])
        found[key] = _moment(split[key], split.at[key], report)
    form.needs(split, ("valid_from",), "test_from", "one moment alone is that from which samples test")
    form.excludes(split, "valid_from", ("valid",))
    form.excludes(split, "test_from", ("test",))
    valid_from, test_from = found.get("valid_from"), found.get("test_from")
    written = [isinstance(split.get(key), str) for key in found]
    if len(set(written)) > 1:
        report.error("E106", "one moment is a date and the other a number", split.at["valid_from"])
    elif valid_from is not None and test_from is not None and valid_from > test_from:
        report.error("E106", "samples validate before they test", split.at["valid_from"])
    return SplitPlan("time", split.get("valid", 0.1), 0, 0, valid_from, test_from, any(written))


def _moment(value: float | str, at: Span, report: Diagnostics) -> float | None:
    """A number as it is, a date as microseconds since 1970."""
    if not isinstance(value, str):
        return value
    try:
        return int(np.datetime64(value.replace(" ", "T"), "us").astype(np.int64))
    except ValueError:
        report.error("E106", f"`{value}` is neither a number nor a date", at, help="e.g. 2019-11-14, 2019-11-14T12:00")
        return None


@dataclass(frozen=True)
class _Form:
    report: Diagnostics

    def excludes(self, section: Map, key: str, others: Iterable[str]) -> None:
        for other in others:
            if key in section and other in section:
                self.report.error("E101", f"`{other}` has no meaning beside `{key}`", section.keys_at[other])

    def needs(self, section: Map, keys: Iterable[str], other: str, help: str) -> None:
        for key in keys:
            if key in section and other not in section:
                self.report.error("E101", f"`{key}` needs `{other}`", section.keys_at[key], help=help)
