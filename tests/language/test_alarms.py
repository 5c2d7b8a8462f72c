"""Alarms of watched values: what may be written, what it means, when it counts."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.language.alarms import ALARM, OPERATORS, STATISTICS, parse_alarm

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.sampled_from(STATISTICS),
    st.sampled_from(list(OPERATORS)),
    NUMBERS,
    st.integers(1, 1000),
    st.sampled_from(["step", "epoch"]),
    st.booleans(),
    st.sampled_from(["", " ", "  "]),
)
def test_what_is_written_is_what_is_read(
    statistic: str, sign: str, limit: float, count: int, unit: str, waits: bool, blank: str
) -> None:
    since = f" after {count} {unit}{'s' * (count > 1)}" if waits else ""
    text = f"{statistic}{blank}{sign}{blank}{limit!r}{since}"
    alarm = parse_alarm(text)
    assert (alarm.statistic, alarm.operator, alarm.limit, alarm.text) == (statistic, sign, limit, text)
    assert (alarm.after, alarm.unit) == ((count, unit) if waits else (0, "step"))


@given(st.sampled_from(list(OPERATORS)), NUMBERS, NUMBERS)
def test_it_holds_as_in_python(sign: str, limit: float, value: float) -> None:
    alarm = parse_alarm(f"mean {sign} {limit!r}")
    assert (
        alarm.holds(value)
        == {
            "<": value < limit,
            "<=": value <= limit,
            ">": value > limit,
            ">=": value >= limit,
        }[sign]
    )
    assert not alarm.holds(math.nan)


@pytest.mark.parametrize(
    "text",
    [
        *("", "std", "std < ", "std < x", "std = 1", "sdt < 1", "STD < 1", "std < nan", "std < 1, mean > 2"),
        *(
            "std < 1 after",
            "std < 1 epoch",
            "std < 1 after 0 epochs",
            "std < 1 after 1.5 epochs",
            "std < 1 after 2 days",
        ),
    ],
)
def test_anything_else_is_no_alarm(text: str) -> None:
    assert not re.search(ALARM, text)
    with pytest.raises(ValueError, match="is no alarm"):
        parse_alarm(text)


@pytest.mark.parametrize(
    ("text", "step", "epochs", "due"),
    [
        ("std < 1", 0, 0.0, True),
        ("std < 1 after 3 steps", 2, 9.0, False),
        ("std < 1 after 3 steps", 3, 0.1, True),
        ("std < 1 after 2 epochs", 500, 1.9, False),
        ("std < 1 after 2 epochs", 500, 2.0, True),
    ],
)
def test_it_counts_after_its_time(text: str, step: int, epochs: float, due: bool) -> None:
    assert parse_alarm(text).is_due(step=step, epochs=epochs) is due
