"""What a model wants of its data beside what they have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data.conditions import columns_of as read_by
from blockrec.data.encoding import calendar
from blockrec.data.encoding.derived import columns_of, is_read
from blockrec.data.encoding.encode import encode_label
from blockrec.data.events_source.plan import Plan
from blockrec.data.profile.stats import Stats
from blockrec.data.profile.survey import Survey, survey
from blockrec.data.rows_source.pieces import Pieces
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.sources.tables import Files, Need
from blockrec.data.where import Condition
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import AUTO, Calendar, Column, Feature, Hashed, Label

SLACK = 4
"""A table with more than so many times the rows that the ids need is worth a word."""


@dataclass(frozen=True)
class Reading:
    """One feature and a column that it reads. wrong: it cannot be read so; note: what to look at."""

    feature: str
    column: str
    declared: str
    stats: Stats | None
    note: str = ""
    wrong: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        found = self.stats.to_json() if self.stats is not None else None
        plain = {"feature": self.feature, "column": self.column, "declared": self.declared, "found": found}
        return {**plain, "note": self.note, "wrong": self.wrong}


@dataclass(frozen=True)
class Wanted:
    """readings: of the features. rates: label → share of ones, or the mean. surveys: of the files, by their use."""

    readings: tuple[Reading, ...]
    rates: Mapping[str, float]
    surveys: Mapping[str, Survey]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "features": [reading.to_json() for reading in self.readings],
            "labels": dict(self.rates),
            "files": {name: found.to_json() for name, found in self.surveys.items()},
        }


def wanted(plan: Plan | RowsPlan, report: Diagnostics, progress: Callable[[str], None]) -> Wanted:
    """Look at the columns that a plan reads; raises `BlockrecError` after errors."""
    found = {name: survey(files, report, progress) for name, files in sources(plan).items()}
    readings = [r for f in plan.features.values() if f.name in plan.used and is_read(f) for r in _readings(f, found)]
    return Wanted(tuple(readings), dict(_rates(plan, found, report)), found)


def sources(plan: Plan | RowsPlan) -> dict[str, Files]:
    """The files by what they are for."""
    if isinstance(plan, RowsPlan):
        first = next(iter(plan.parts.values()))
        return {"rows": replace(first, paths=tuple(p for files in plan.parts.values() for p in files.paths))}
    found = {"events": plan.log.source.files}
    if plan.samples.impressions is not None:
        found["samples"] = plan.samples.impressions.source.files
    sources = [plan.log.source, *([plan.samples.impressions.source] if plan.samples.impressions else [])]
    return found | {join.table.of: join.table.files for source in sources for join in source.joins}


def _readings(feature: Feature, found: Mapping[str, Survey]) -> Iterator[Reading]:
    names = {**columns_of(feature, steps=False), **columns_of(feature, steps=True)}
    for name in names:
        stats = _stats(name, feature.sequence is not None, found)
        note, wrong = _note(feature, stats) if stats is not None else ("made from other columns", False)
        yield Reading(feature.name, name, declared(feature), stats, note, wrong)


def _stats(name: str, steps: bool, found: Mapping[str, Survey]) -> Stats | None:
    """Of events for steps, of samples for others, if there are such."""
    order = ("rows", "events", "items") if steps else ("rows", "samples", "events", "items", "users")
    return next((found[use].columns[name] for use in order if use in found and name in found[use].columns), None)


def declared(feature: Feature) -> str:
    """`vocab: 100`, `hash: 64`, `dense: 2`, `raw: int64`, as it is written or comes to."""
    if feature.kind == "dense":
        return f"dense: {feature.width}"
    if feature.kind == "raw":
        return f"raw: {feature.dtype}"
    if isinstance(feature.ids, Hashed):
        return f"hash: {feature.vocab}"
    like = f"like: {feature.root}, " if feature.root != feature.name else ""
    return f"{like}vocab: {feature.vocab}"


def _note(feature: Feature, stats: Stats) -> tuple[str, bool]:
    """What to say of a column for a feature, and whether it is wrong."""
    if not stats.values:
        return "no value in any row", False
    if isinstance(feature.source, Calendar):
        return _unit(feature.source, stats)
    if _needs_number(feature) and stats.is_text:
        return f"a number is wanted; the column has texts such as `{stats.examples[0]}`", True
    if feature.kind == "id" and feature.ids is None and isinstance(feature.vocab, int) and stats.low is not None:
        return _rows(feature.vocab, stats, shared=feature.root != feature.name)
    if _needs_number(feature) and (stats.nulls or stats.missing) and not _has_default(feature) and not stats.is_list:
        return f"{stats.nulls:,} rows have no value: `default:`", True
    if isinstance(feature.ids, Hashed) and isinstance(feature.vocab, int) and stats.distinct > feature.vocab:
        return f"{stats.distinct:,} values share {feature.vocab:,} rows", False
    if feature.vocab == AUTO and stats.distinct > max(1000, stats.values // 2):
        return "most values occur once: `hash: N` needs fewer rows", False
    return "", False


def _unit(source: Calendar, stats: Stats) -> tuple[str, bool]:
    """What is odd about times that are numbers."""
    largest = int(stats.high) if stats.is_whole else 0
    problem = calendar.problem(largest, source.unit)
    return (f"{problem}: `unit: {calendar.likely_unit(largest)}`" if problem else ""), bool(problem)


def _rows(vocab: int, stats: Stats, *, shared: bool) -> tuple[str, bool]:
    """shared: with another feature, whose ids may need the rows."""
    if stats.low < 0:
        return f"the smallest id is {stats.low}: `vocab: auto`", True
    if stats.high >= vocab:
        return f"the largest id is {stats.high:,}: `vocab: {stats.high + 1}` or more, or `vocab: auto`", True
    if not shared and vocab > SLACK * (stats.high + 1):
        return f"the largest id is {stats.high:,}: {vocab - stats.high - 1:,} rows are never used", False
    return "", False


def _needs_number(feature: Feature) -> bool:
    return feature.kind in ("dense", "raw") or (feature.ids is None and isinstance(feature.vocab, int))


def _has_default(feature: Feature) -> bool:
    return isinstance(feature.source, Column) and feature.source.default is not None


def _rates(plan: Plan | RowsPlan, found: Mapping[str, Survey], report: Diagnostics) -> Iterator[tuple[str, float]]:
    """The mean of each label that is a column, or made of a condition on an event or an impression."""
    for label in plan.labels:
        if label.name in plan.used:
            values = [*_label_values(label, plan, found, report)]
            if sum(map(len, values)):
                yield label.name, float(sum(v.sum() for v in values) / sum(map(len, values)))


def _label_values(
    label: Label, plan: Plan | RowsPlan, found: Mapping[str, Survey], report: Diagnostics
) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(plan, RowsPlan):
        for chunk in Pieces(plan).chunks([label.column], report):
            column = chunk.table.column(label.column).combine_chunks()
            yield from _encoded(label, column.flatten() if label.sequence else column)
        return
    order = ("events",) if label.sequence else ("samples", "events")
    if label.sequence is None and label.column in plan.samples.labels:
        yield from _made(plan.samples.labels[label.column], plan, report)
        return
    use = next((use for use in order if use in found and label.column in found[use].columns), None)
    if use is not None:
        for _, table in sources(plan)[use].pieces({label.column: Need("any")}, report):
            yield from _encoded(label, table.column(label.column))


def _made(condition: Condition, plan: Plan, report: Diagnostics) -> Iterator[np.ndarray[Any, Any]]:
    """Whether a condition holds, of impressions, else of the events that fulfil `where`."""
    impressions = plan.samples.impressions
    files = plan.log.source.files if impressions is None else impressions.source.files
    where = plan.log.where if impressions is None else None
    for _, table in files.pieces(read_by([condition, where]), report):
        rows = table if where is None else table.filter(pa.array(where.mask(table, report)))
        yield condition.mask(rows, report)


def _encoded(label: Label, column: Any) -> Iterator[np.ndarray[Any, Any]]:
    values = encode_label(label, column, lambda i: f"row {i + 1}", Diagnostics())
    if values is not None:
        yield values
