"""Samples from a file of their own, joined to the log as of their time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Table, one_chunk
from blockrec.data.encoding.vocabulary import codes_of
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.keys import check_keys
from blockrec.data.events_source.samples import Base, Impressions, Samples
from blockrec.data.events_source.spool import times_of
from blockrec.data.frame import Frame
from blockrec.diagnostics import Diagnostics, Span


def of_impressions(plan: Impressions, log: Log, user: str, time: str, report: Diagnostics) -> Samples:
    """The rows of a file, by user and time."""
    table, origin = plan.source.read(plan.needs, report)
    at = plan.source.files.at
    check_keys(table, user, time, origin, {user: at, time: at}, report)
    for name in (user, time):
        _comparable(table, log, name, at, report)
    report.raise_errors()
    times = times_of(table.column(time))
    users, own = codes_of(table.column(user))
    known = log.user_codes(users)[own]
    row = np.lexsort((times, own))
    return Samples(Base(Frame.of(table), origin, own, known, times, log.before(known, times), False), row, row)


def _comparable(table: Table, log: Log, name: str, at: Span, report: Diagnostics) -> None:
    here, there = one_chunk(table.column(name)).type, log.frame.columns[name].type
    if len(table) and len(log) and _family(here) != _family(there):
        report.error("E503", f"column `{name}` is {there} in the events and {here} in the samples", at)


def _family(kind: Any) -> str:
    if pa.types.is_timestamp(kind) or pa.types.is_string(kind):
        return str(kind)
    return "number"
