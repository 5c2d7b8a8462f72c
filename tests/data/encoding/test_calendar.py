"""Hours, weekdays, days and minutes: by the clock of a zone, compared with the standard library."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.encoding import calendar
from blockrec.jagged import Jagged
from tests.data.conftest import Project

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
SECOND = 1_000_000
times = st.lists(st.integers(0, 4_000_000_000 * SECOND), min_size=1, max_size=20)


@given(times, st.sampled_from(ZONES))
@settings(max_examples=60, deadline=None)
def test_every_zone_agrees_with_the_standard_library(moments: list[int], tz: str) -> None:
    local = [datetime.fromtimestamp(t // SECOND, timezone.utc).astimezone(ZoneInfo(tz)) for t in moments]
    for part, expected in (
        ("hour", [d.hour for d in local]),
        ("weekday", [d.weekday() for d in local]),
        ("day", [d.day - 1 for d in local]),
    ):
        assert calendar.part(np.array(moments), part, tz).tolist() == expected


def test_summer_time_begins_and_ends_on_the_second() -> None:
    """Berlin 2024: 01:59:59 → 03:00:00 on 31 March, 02:59:59 → 02:00:00 on 27 October."""
    begins = int(datetime(2024, 3, 31, 1, tzinfo=timezone.utc).timestamp()) * SECOND
    ends = int(datetime(2024, 10, 27, 1, tzinfo=timezone.utc).timestamp()) * SECOND
    moments = np.array([begins - 1, begins, ends - 1, ends])
    assert calendar.part(moments, "hour", "Europe/Berlin").tolist() == [1, 3, 2, 2]


T0 = 1_700_000_000 * SECOND
"""2023-11-14 22:13:20 UTC, a Tuesday."""
DATA = "events: log.parquet\nsplit: {by: leave_last, valid: 0, test: 0}"
LOG = {"user": [1, 1, 1], "item": [1, 2, 3], "click": [0, 1, 0]}
MINUTE = 60 * SECOND


def batch(project: Project, features: str, *used: str, data: str = DATA):  # type: ignore[no-untyped-def]
    (found,) = project.dataset(data, features, used=(*used, "click")).splits["train"].batches(10)
    return found


def test_parts_of_the_time_of_the_sample_and_of_the_step(project: Project) -> None:
    project.parquet(**LOG, time=[T0, T0 + 3 * 3600 * SECOND, T0 + 20 * 86_400 * SECOND])
    features = """
hour: {calendar: hour, tz: Europe/Berlin}
weekday: {calendar: weekday}
day: {calendar: day}
seen: {fields: {hour: {like: hour}, day: {calendar: day, tz: Asia/Tokyo}}}
"""
    found = batch(project, features, "hour", "weekday", "day", "seen.hour", "seen.day")
    assert found["hour"].tolist() == [23, 2, 23]
    assert found["weekday"].tolist() == [1, 2, 0]
    assert found["day"].tolist() == [13, 14, 3]
    assert found["seen.hour"].values.tolist() == [23, 23, 2]
    assert found["seen.day"].values.tolist() == [14, 14, 14]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_units_of_plain_numbers(project: Project, unit: str) -> None:
    factor = {"s": SECOND, "ms": 1000, "us": 1}
    times = [T0, T0 + 3600 * SECOND, T0 + 7200 * SECOND]
    project.parquet(**LOG, time=[t * 1000 if unit == "ns" else t // factor[unit] for t in times])
    assert batch(project, f"hour: {{calendar: hour, unit: {unit}}}", "hour")["hour"].tolist() == [22, 23, 0]


@pytest.mark.parametrize(
    ("scale", "features", "words"),
    [
        (SECOND, "hour: {calendar: hour}", ("before 1974 in microseconds", "`unit: s`")),
        (1000, "hour: {calendar: hour}", ("before 1974 in microseconds", "`unit: ms`")),
        (1, "hour: {calendar: hour, unit: ms}", ("after the year 5000 in `unit: ms`", "`unit: us`")),
    ],
)
def test_times_of_another_unit_are_not_taken_for_dates(
    project: Project, scale: int, features: str, words: tuple[str, str]
) -> None:
    project.parquet(**LOG, time=[T0 // scale] * 3)
    (error,) = project.errors(DATA, features, used=("hour", "click"))
    assert error.startswith("E503 times of column `time`") and all(word in error for word in words)


def test_times_that_are_text(project: Project) -> None:
    project.parquet(**LOG, time=[T0] * 3, shown=["noon"] * 3)
    (error,) = project.errors(DATA, "hour: {calendar: hour, column: shown}", used=("hour", "click"))
    assert error.startswith("E503 column `shown` of `hour` is string, not times")


def test_minutes_since_another_time_of_the_sample(project: Project) -> None:
    project.parquet(**LOG, time=[T0, T0 + MINUTE, T0 + 9 * MINUTE], login=[T0 - 30 * SECOND, T0 - MINUTE, None])
    features = "login: {raw: int64}\nsince: {calendar: minutes_since(login), dense: 1, default: -1}"
    assert batch(project, features, "since")["since"].tolist() == [[0.5], [2.0], [-1.0]]
    features = "login: {raw: int64}\nsince: {calendar: minutes_since(login), buckets: [1]}"
    assert batch(project, features, "since")["since"].tolist() == [1, 2, 0]


def test_a_missing_time_without_default(project: Project) -> None:
    project.parquet(**LOG, time=[T0, T0 + 1, T0 + 2], login=[T0, None, T0])
    for features, used in (
        ("login: {raw: int64}\nsince: {calendar: minutes_since(login), dense: 1}", "since"),
        ("hour: {calendar: hour, column: login}", "hour"),
        ("seen: {fields: {login: {raw: int64}, a: {calendar: minutes_since(login), dense: 1}}}", "seen.a"),
    ):
        (error,) = project.errors(DATA, features, used=(used, "click"))
        assert error.startswith("E503") and "row 2" in error and "write `default:`" in error


AGES = """
seen:
  max_len: 2
  fields:
    time: {raw: int64}
    age: {calendar: minutes_since(time), dense: 1}
    bucket: {calendar: minutes_since(time), buckets: [2, 6]}
    scaled: {calendar: minutes_since(time), dense: 1, norm: minmax}
"""


def test_ages_of_steps_count_to_the_sample(project: Project) -> None:
    """Exact to the microsecond: never through float32."""
    project.parquet(**LOG, time=[T0, T0 + 3 * MINUTE, T0 + 4 * MINUTE + 1])
    found = batch(project, AGES, "seen.age", "seen.bucket", "seen.scaled")
    ages = found["seen.age"]
    assert isinstance(ages, Jagged) and ages.offsets.tolist() == [0, 0, 1, 3]
    assert ages.values.squeeze(1).tolist() == pytest.approx([3, 4 + 1 / MINUTE, 1 + 1 / MINUTE])
    assert found["seen.bucket"].values.tolist() == [2, 2, 1]
    assert found["seen.scaled"].values.squeeze(1).tolist() == pytest.approx([2 / 3, 1, 0], abs=1e-6)


def test_ages_count_to_the_impression_and_learn_from_the_training_part(project: Project) -> None:
    """Samples come from a file of their own; the late ones, not of the training, have ages ten times as long."""
    events = [T0 + i * MINUTE for i in range(20)]
    project.parquet(user=[1] * 20, item=list(range(20)), time=events)
    shown = [T0 + 20 * MINUTE + i for i in range(8)] + [T0 + 2000 * MINUTE + i for i in range(2)]
    project.parquet("shown.parquet", user=[1] * 10, time=shown, item=[1] * 10, click=[0, 1] * 5)
    data = "events: log.parquet\nsamples: {from: shown.parquet}\nsplit: {by: time, valid: 0, test: 0.2}"
    dataset = project.dataset(data, AGES, used=("seen.age", "seen.scaled", "click"))
    (train,), (test,) = (list(dataset.splits[name].batches(100)) for name in ("train", "test"))
    assert train["seen.age"].values.max() == pytest.approx(2)  # type: ignore[union-attr]
    assert test["seen.age"].values.min() == pytest.approx(1981)  # type: ignore[union-attr]
    scaled = train["seen.scaled"].values  # type: ignore[union-attr]
    assert (float(scaled.min()), float(scaled.max())) == (0, 1)
    assert test["seen.scaled"].values.min() > 1000  # type: ignore[union-attr]


def test_dates_beyond_a_century_keep_the_last_offset() -> None:
    late = int(timedelta(days=365 * 300) / timedelta(microseconds=1))
    assert calendar.part(np.array([late]), "hour", "UTC").tolist() == [0]
