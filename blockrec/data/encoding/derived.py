"""The values of a feature as a column: read from a table, or made from times in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data.arrow import UNFIT, Column, Table, array_of, one_chunk
from blockrec.data.encoding import calendar
from blockrec.data.encoding.calendar import MISSING, Times
from blockrec.data.sources.tables import Wanted
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Buckets, Calendar, Feature, Features
from blockrec.language.features import Column as FromColumn

Place = Callable[[int], str]
"""Row of a column → where it stands in the user's files."""


def with_moments(features: Features, time: str) -> Features:
    """The features; those that are made from the time of their sample or event name its column."""
    named = {
        name: replace(f, source=replace(f.source, column=f.source.column or time))
        for name, f in features.features.items()
        if isinstance(f.source, Calendar)
    }
    return replace(features, features={**features.features, **named})


def is_read(feature: Feature) -> bool:
    """Whether its values come from columns."""
    return isinstance(feature.source, FromColumn | Calendar)


def is_age(feature: Feature) -> bool:
    """Whether its value is the time from a step to the sample: only a batch knows both."""
    return (
        feature.sequence is not None and isinstance(feature.source, Calendar) and feature.source.part == "minutes_since"
    )


def columns_of(feature: Feature, *, steps: bool) -> dict[str, Wanted]:
    """The columns that it reads of samples, or of the events that are `steps`, and as what."""
    own = steps == (feature.sequence is not None)
    if isinstance(feature.source, Calendar):
        moment = own if feature.source.since is None else not steps
        found = {feature.source.column: moment, feature.source.since: own}
        return {name: "time" for name, here in found.items() if name is not None and here}
    return {feature.source.name: _kind(feature)} if isinstance(feature.source, FromColumn) and own else {}


def _kind(feature: Feature) -> Wanted:
    if feature.pool or (feature.kind == "dense" and feature.width > 1):
        return "any"
    if feature.kind == "dense":
        return "float"
    if feature.kind == "raw":
        return "int" if np.dtype(feature.dtype).kind in "iu" else "float"
    if isinstance(feature.ids, Buckets):
        return "number"
    return "int" if feature.ids is None and isinstance(feature.vocab, int) else "any"


def column_of(feature: Feature, table: Table, report: Diagnostics) -> Column | None:
    """[n] the values, with nulls; of an age, the times from which it counts. None after E503."""
    source = feature.source
    if isinstance(source, FromColumn):
        return one_chunk(table.column(source.name))
    assert isinstance(source, Calendar) and source.column is not None
    if source.since is None:
        times = moments(feature, source, table.column(source.column), source.column, report)
        if times is None:
            return None
        missing = times == MISSING
        return pa.array(calendar.part(np.where(missing, 0, times), source.part, source.tz), mask=missing)
    since = moments(feature, source, table.column(source.since), source.since, report)
    if since is None or is_age(feature):
        return None if since is None else pa.array(since, mask=since == MISSING)
    until = moments(feature, source, table.column(source.column), source.column, report)
    if until is None:
        return None
    found = calendar.minutes(since, until)
    return pa.array(found, mask=np.isnan(found))


def moments(feature: Feature, source: Calendar, column: Column, name: str, report: Diagnostics) -> Times | None:
    """[n] microseconds since 1970, `MISSING` for null; E503 for what is no time, or likely of another unit."""
    plain = one_chunk(column)
    if pa.types.is_timestamp(plain.type) or pa.types.is_null(plain.type):
        return array_of(pc.fill_null(plain.cast(pa.int64()), MISSING))
    try:
        times = plain.cast(pa.int64())
    except UNFIT:
        report.error("E503", f"column `{name}` of `{feature.name}` is {plain.type}, not times", feature.span)
        return None
    largest = pc.max(times).as_py() or 0
    if problem := calendar.problem(largest, source.unit):
        message = f"times of column `{name}` go up to {largest:,}, which is {problem}"
        help = f"say what they are, e.g. `unit: {calendar.likely_unit(largest)}` beside `calendar`"
        report.error("E503", message, feature.span, help=help)
        return None
    known = calendar.in_microseconds(array_of(pc.fill_null(times, 0)), source.unit or "us")
    return np.where(array_of(times.is_valid()), known, MISSING)
