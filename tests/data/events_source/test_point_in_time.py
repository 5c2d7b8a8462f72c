"""No future, no self: all that a sample sees, against an implementation that walks the log event by event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.data import Dataset, frame
from blockrec.data.events_source import spool
from blockrec.data.sources import pieces
from blockrec.jagged import Jagged
from tests.data.conftest import Project

NAMES = ("user", "time", "item", "rating", "row")
USED = ("user", "time", "row", "behaviors.row", "recent.row", "behaviors.position", "click")


@dataclass(frozen=True)
class Event:
    """One row of the log, or of the impressions."""

    user: int
    time: int
    item: int | None
    rating: int
    row: int


@dataclass(frozen=True)
class Options:
    """What a section `data:` may say."""

    where: int
    liked: int
    max_len: int
    keep: str
    min_history: int
    min_user: int
    min_item: int
    impressions: bool

    def data(self) -> str:
        """As a section; `behaviors` are events that were liked, `recent` all."""
        made = "from: shown.parquet" if self.impressions else "label: {click: rating >= 3}"
        return f"""
events: log.parquet
where: rating >= {self.where}
min_events: {{user: {self.min_user}, item: {self.min_item}}}
history: {{behaviors: {{where: rating >= {self.liked}}}}}
samples: {{min_history: {self.min_history}, {made}}}
split: {{by: leave_last, valid: 0, test: 0}}
"""

    def features(self) -> str:
        """The row of an event tells which one it is."""
        sequence = f"max_len: {self.max_len}, keep: {self.keep}, fields: {{row: {{raw: int64}}"
        return f"""
user: {{raw: int64}}
time: {{raw: int64}}
row: {{raw: int64}}
behaviors: {{{sequence}, position: {{position: from_end}}}}}}
recent: {{{sequence}}}}}
"""


options = st.builds(
    Options,
    where=st.integers(1, 2),
    liked=st.integers(1, 5),
    max_len=st.integers(1, 4),
    keep=st.sampled_from(["last", "first"]),
    min_history=st.integers(0, 2),
    min_user=st.integers(1, 3),
    min_item=st.integers(1, 3),
    impressions=st.booleans(),
)
rows = st.tuples(
    st.one_of(st.integers(0, 2), st.integers(0, 9)),
    st.integers(0, 8),
    st.one_of(st.none(), st.integers(0, 4)),
    st.integers(1, 5),
)


def remaining(log: list[Event], how: Options) -> list[Event]:
    """The events of users and items that have enough."""
    left = [e for e in log if e.rating >= how.where and (e.item is not None or how.min_item == 1)]
    while True:
        users, items = Counter(e.user for e in left), Counter(e.item for e in left)
        kept = [e for e in left if users[e.user] >= how.min_user and items[e.item] >= how.min_item]
        if how.min_item == 1:
            kept = [e for e in left if users[e.user] >= how.min_user]
        if kept == left:
            break
        left = kept
    return left


def walked(left: list[Event], shown: list[Event], how: Options) -> list[tuple[int, list[int], list[int]]]:
    """Row, liked history and whole history of each sample, one at a time."""
    found = []
    for sample in sorted(shown if how.impressions else left, key=lambda e: (e.user, e.time)):
        past: list[Event] = []
        for event in left:
            if event.user == sample.user and event.time < sample.time:
                place = sum(other.time <= event.time for other in past)
                past.insert(place, event)
        liked = [e.row for e in past if e.rating >= how.liked]
        if len(liked) >= how.min_history:
            found.append((sample.row, cut(liked, how), cut([e.row for e in past], how)))
    return found


def cut(history: list[int], how: Options) -> list[int]:
    return history[-how.max_len :] if how.keep == "last" else history[: how.max_len]


def seen(dataset: Dataset) -> list[tuple[int, list[int], list[int]]]:
    """The same from batches; positions count down to 1."""
    found = []
    for batch in dataset.splits["train"].batches(7):
        columns = [batch[name] for name in ("behaviors.row", "recent.row", "behaviors.position")]
        steps = []
        for column in columns:
            assert isinstance(column, Jagged)
            steps.append([column.values[a:b].tolist() for a, b in pairwise(column.offsets.tolist())])
        assert steps[2] == [[*range(len(history), 0, -1)] for history in steps[0]]
        found += zip(batch["row"].tolist(), steps[0], steps[1], strict=True)  # type: ignore[union-attr]
    return found


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, ranges and looks of a few rows."""
    for module, name, number in ((pieces, "ROWS", 11), (spool, "RANGE", 5), (frame, "ROWS", 4)):
        monkeypatch.setattr(module, name, number)


@pytest.mark.usefixtures("tiny")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(log=st.lists(rows, min_size=4, max_size=40), shown=st.lists(rows, min_size=2, max_size=12), how=options)
def test_a_sample_sees_what_was_known_before_it(
    new_project: Callable[[], Project],
    log: list[tuple[int, int, int | None, int]],
    shown: list[tuple[int, int, int | None, int]],
    how: Options,
) -> None:
    project = new_project()
    events, impressions = ([Event(*row, i) for i, row in enumerate(part)] for part in (log, shown))
    for name, part in (("log", events), ("shown", impressions)):
        columns = {key: [getattr(e, key) for e in part] for key in NAMES}
        project.parquet(f"{name}.parquet", **columns, click=[i % 2 for i in range(len(part))])
    left = remaining(events, how)
    expected = walked(left, impressions, how)
    dataset, report = project.open(how.data(), how.features(), used=USED)
    labels = {impressions[row].row % 2 if how.impressions else events[row].rating >= 3 for row, *_ in expected}
    if len(labels) < 2 or not left:
        assert dataset is None and {d.code for d in report.errors} <= {"E505"}, str(report)
    else:
        assert dataset is not None, str(report)
        assert seen(dataset) == expected


def test_a_core_that_is_empty_is_told(project: Project) -> None:
    project.parquet(user=[1, 1, 2], time=[1, 2, 3], item=[1, 2, 3], rating=[1, 5, 5], row=[0, 1, 2], click=[0, 1, 0])
    how = Options(1, 1, 3, "last", 0, 1, 2, False)
    (error,) = project.errors(how.data(), how.features(), used=USED)
    assert error == "E505 no event is left: `min_events` removes all 3 [] at {user: 1, item: 2}"
