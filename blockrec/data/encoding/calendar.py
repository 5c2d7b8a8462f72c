"""Hours, days and minutes of times: int64 microseconds since 1970, never through float32."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

MISSING = np.iinfo(np.int64).min
"""A time that is not there, in an array of times."""
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
UNITS = {"s": SECOND, "ms": 1000, "us": 1}
"""Microseconds in a unit; nanoseconds have their own rule."""
EARLY, LATE = 100_000_000 * SECOND, 100_000_000_000 * SECOND
"""In 1973 and 5138: times that end before or after were likely written in another unit."""

_FIRST, _LAST = 0, 4_102_444_800
"""1970 and 2100, in seconds: offsets of a zone before and after are those of the ends."""


def in_microseconds(times: Times, unit: str) -> Times:
    """Times of a unit as microseconds."""
    found: Times = times // 1000 if unit == "ns" else times * UNITS[unit]
    return found


def problem(largest: int, unit: str | None) -> str:
    """What is odd about times up to `largest`; early ones are only if nobody says that they are in `unit`."""
    if unit is None and 0 < largest < EARLY:
        return "before 1974 in microseconds"
    late = LATE * 1000 if unit == "ns" else LATE // UNITS[unit or "us"]
    return f"after the year 5000 in `unit: {unit or 'us'}`" if largest > late else ""


def likely_unit(largest: int) -> str:
    """The unit in which a time as large as that lies between 1973 and the year 5000."""
    return "s" if largest < EARLY // 1000 else "ms" if largest < EARLY else "us" if largest < EARLY * 1000 else "ns"


def part(times: Times, part: str, tz: str) -> Times:
    """[n] hour 0–23, weekday 0 (Monday) – 6, or day of the month − 1, by the clock of a zone."""
    local = times + _offsets(times, ZoneInfo(tz))
    if part == "hour":
        return local // HOUR % 24
    days = local // DAY
    if part == "weekday":
        return (days + 3) % 7  # 1970 began on a Thursday
    date = days.astype("datetime64[D]")
    return np.asarray((date - date.astype("datetime64[M]")).astype(np.int64))


def minutes(since: Times, until: Times) -> NDArray[np.float64]:
    """[n] minutes from one time to another, NaN where one is missing."""
    missing = (since == MISSING) | (until == MISSING)
    return np.where(missing, np.nan, (until - since) / MINUTE)


def _offsets(times: Times, zone: ZoneInfo) -> Times:
    """[n] microseconds that the zone's clock is ahead of UTC at each time."""
    if not len(times):
        return times
    seconds = np.clip(times // SECOND, _FIRST, _LAST)
    starts, offsets = _changes(int(seconds.min()), int(seconds.max()), zone)
    return np.asarray(offsets[np.searchsorted(starts, seconds, side="right") - 1])


def _changes(first: int, last: int, zone: ZoneInfo) -> tuple[Any, Any]:
    """When the clock is changed between two seconds, from the first on, and the offsets from then on."""
    starts, offsets, before = [first], [_offset(first, zone)], first
    for day in [*range(first, last, 86_400), last]:
        if _offset(day, zone) != offsets[-1]:
            starts.append(_change(before, day, zone))
            offsets.append(_offset(day, zone))
        before = day
    return np.array(starts), np.array(offsets)


def _change(low: int, high: int, zone: ZoneInfo) -> int:
    """The first second of the offset that `high` has, by halving."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, zone) == _offset(high, zone) else (middle, high)
    return high


def _offset(second: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(second, timezone.utc).astimezone(zone).utcoffset()
    return (offset or timedelta()) // timedelta(microseconds=1)
