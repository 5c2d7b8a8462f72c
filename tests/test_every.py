"""What is due now and then."""

from __future__ import annotations

from blockrec.every import Every


def test_it_is_due_once_in_so_many_seconds() -> None:
    time = 100.0
    every = Every(10, now=lambda: time)
    due = {}
    for time in (101.0, 109.9, 110.0, 110.1, 125.0, 134.9, 135.0):
        due[time] = every.due()
    assert [time for time, is_due in due.items() if is_due] == [110.0, 125.0, 135.0]
    assert every.elapsed == 35.0
