"""Histories are point in time: compared with an obvious implementation on random logs with many ties."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from blockrec.data import Dataset
from blockrec.jagged import Jagged
from tests.data.conftest import FEATURES, Project

DATA = """
events: log.parquet
samples: {from: shown.parquet}
split: {by: leave_last, valid: 0, test: 0}
"""

Event = tuple[int, int, int, int]
"""user, time, item, rating"""

events = st.tuples(st.integers(0, 3), st.integers(0, 6), st.integers(0, 9), st.integers(1, 5))
logs = st.lists(events, min_size=1, max_size=40)
shown = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7)), min_size=2, max_size=20)
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass
class Step:
    """One step of a history."""

    item: int
    position: int
    time: int


def obvious(log: list[Event], user: int, time: int, keep: str, max_len: int, least: int) -> list[Step]:
    """The history of one sample, one event at a time."""
    earlier = sorted((e for e in log if e[0] == user and e[1] < time and e[3] >= least), key=lambda e: e[1])
    used = earlier[-max_len:] if keep == "last" else earlier[:max_len]
    return [Step(item, len(used) - i, when) for i, (_, when, item, _) in enumerate(used)]


def write_log(project: Project, log: list[Event]) -> None:
    columns = list(zip(*log, strict=True))
    project.parquet(**dict(zip(("user", "time", "item", "rating"), map(list, columns), strict=True)))


def histories(dataset: Dataset, names: tuple[str, str, str]) -> list[list[Step]]:
    """The histories of all training samples in their order, ids turned back into the values of the log."""
    (batch,) = dataset.splits["train"].batches(10_000)
    values = dataset.values["item"].values.to_pylist()
    columns = [batch[name] for name in names]
    assert all(isinstance(column, Jagged) for column in columns)
    items, positions, times = (column.values.tolist() for column in columns)  # type: ignore[union-attr]
    steps = [Step(values[i - 1], p, t) for i, p, t in zip(items, positions, times, strict=True)]
    offsets = columns[0].offsets.tolist()  # type: ignore[union-attr]
    return [steps[a:b] for a, b in pairwise(offsets)]


FIELDS = ("behaviors.item", "behaviors.position", "behaviors.time")


@few
@given(log=logs, shown=shown, keep=st.sampled_from(["last", "first"]), least=st.sampled_from([1, 3]))
def test_a_sample_sees_the_events_strictly_before_it(
    new_project: Callable[[], Project], log: list[Event], shown: list[tuple[int, int]], keep: str, least: int
) -> None:
    project = new_project()
    write_log(project, log)
    ordered = sorted(shown)
    user, time = map(list, zip(*shown, strict=True))
    project.parquet(
        "shown.parquet", user=user, time=time, item=[0] * len(user), click=[i % 2 for i in range(len(user))]
    )
    data = DATA + f"history: {{behaviors: {{where: rating >= {least}}}}}"
    dataset = project.dataset(data, FEATURES.replace("max_len: 3", f"max_len: 3, keep: {keep}"))
    expected = [obvious(log, u, t, keep, 3, least) for u, t in ordered]
    assert histories(dataset, FIELDS) == expected


@few
@given(log=logs)
def test_an_event_that_is_a_sample_is_not_in_its_own_history(
    new_project: Callable[[], Project], log: list[Event]
) -> None:
    project = new_project()
    write_log(project, [*log, (9, 0, 0, 1), (9, 0, 1, 5)])
    data = """
events: log.parquet
samples: {label: {click: rating >= 4}}
split: {by: leave_last, valid: 0, test: 0}
"""
    dataset = project.dataset(data)
    ordered = sorted([*log, (9, 0, 0, 1), (9, 0, 1, 5)], key=lambda e: e[:2])
    assert histories(dataset, FIELDS) == [obvious(ordered, e[0], e[1], "last", 3, 1) for e in ordered]


def test_ordered_ties_see_what_stands_before_them(project: Project) -> None:
    """And nothing of a later place in the file."""
    project.parquet(user=[1, 2, 1, 1, 1], time=[5, 5, 5, 4, 6], item=[10, 20, 30, 40, 50], click=[0, 1, 0, 1, 0])
    data = "events: log.parquet\nties: ordered\nsplit: {by: user, valid: 0, test: 0}"
    features = FEATURES.replace("max_len: 3", "max_len: 9")
    dataset = project.dataset(data, features)
    (batch,) = dataset.splits["train"].batches(9)
    words = [0, *dataset.values["item"].values.to_pylist()]
    steps = batch["behaviors.item"]
    seen = [[words[i] for i in row] for row in steps.values.split(steps.lengths.tolist())]  # type: ignore[union-attr]
    own = [words[i] for i in batch["item"].tolist()]  # type: ignore[union-attr]
    assert dict(zip(own, seen, strict=True)) == {40: [], 10: [40], 30: [40, 10], 50: [40, 10, 30], 20: []}


def test_impressions_have_no_place_in_the_log(project: Project) -> None:
    project.parquet(user=[1, 1], time=[1, 2], item=[1, 2])
    project.parquet("shown.parquet", user=[1, 1], time=[3, 4], item=[1, 2], click=[0, 1])
    (error,) = project.errors("events: log.parquet\nties: ordered\nsamples: {from: shown.parquet}")
    assert error.startswith("E101 `ties: ordered` has no meaning beside `from`")


def test_ties_keep_the_order_of_the_file(project: Project) -> None:
    write_log(project, [(0, 2, 7, 5), (0, 1, 4, 5), (0, 1, 9, 5), (0, 1, 2, 1), (0, 3, 1, 1)])
    dataset = project.dataset(
        "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: user, valid: 0, test: 0}"
    )
    assert [[s.item for s in steps] for steps in histories(dataset, FIELDS)] == [[], [], [], [4, 9, 2], [9, 2, 7]]


def test_shuffled_ties_keep_the_times_and_move_the_rest(project: Project) -> None:
    write_log(project, [(0, i // 20, i, 1 + i % 5) for i in range(100)])
    data = "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: user, valid: 0, test: 0}\nties: "
    long = FEATURES.replace("max_len: 3", "max_len: 100")
    (plain, *_), (shuffled, *_) = (
        histories(project.dataset(data + ties, long), FIELDS)[::-1] for ties in ("file", "shuffled")
    )
    assert [s.item for s in plain] == list(range(80))
    assert [s.item for s in shuffled] != list(range(80))
    assert [(s.item // 20, s.position) for s in shuffled] == [(s.item // 20, s.position) for s in plain]
    assert sorted(s.item for s in shuffled) == list(range(80))


def test_fields_of_a_sequence_share_offsets_rows_and_length(project: Project) -> None:
    write_log(project, [(0, i, i % 3, 1 + i % 5) for i in range(20)])
    dataset = project.dataset("events: log.parquet\nsamples: {label: {click: rating >= 4}}")
    for batch in dataset.splits["train"].batches(4):
        fields = [batch[name] for name in FIELDS]
        first = fields[0]
        assert isinstance(first, Jagged) and type(first.max_length) is int
        for field in fields:
            assert isinstance(field, Jagged)
            assert field.offsets is first.offsets and field.rows is first.rows
            assert field.max_length == first.max_length == int(first.lengths.max())
            assert field.rows.tolist() == [i for i, n in enumerate(first.lengths.tolist()) for _ in range(n)]


@pytest.mark.parametrize("direction", ["from_start", "from_end"])
def test_positions_count_from_one(project: Project, direction: str) -> None:
    write_log(project, [(0, i, i, 1 + i % 5) for i in range(6)])
    features = FEATURES.replace("from_end", direction)
    dataset = project.dataset(
        "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: user, valid: 0, test: 0}", features
    )
    (batch,) = dataset.splits["train"].batches(10)
    positions = batch["behaviors.position"]
    assert isinstance(positions, Jagged)
    full = [1, 2, 3] if direction == "from_start" else [3, 2, 1]
    assert positions.values[-3:].tolist() == full
    assert positions.values[:3].tolist() == [1, *([1, 2] if direction == "from_start" else [2, 1])]


def test_a_batch_has_exactly_what_is_used(project: Project) -> None:
    write_log(project, [(i % 3, i, i, 1 + i % 5) for i in range(30)])
    features = (
        FEATURES
        + "now: {constant: 0, like: behaviors.position}\n"
        + "stars: {dense: 1, column: rating}\nwhen: {raw: float64, column: time}\n"
    )
    used = ("item", "now", "stars", "when", "behaviors.item", "click", "rating")
    dataset = project.dataset("events: log.parquet\nsamples: {label: {click: rating >= 4}}", features, used=used)
    batch = next(iter(dataset.splits["train"].batches(8)))
    assert set(batch) == set(used)
    shapes = {name: (tuple(v.shape), str(v.dtype)) for name, v in batch.items() if isinstance(v, Tensor)}
    assert shapes == {
        "item": ((8,), "torch.int64"),
        "now": ((8,), "torch.int64"),
        "stars": ((8, 1), "torch.float32"),
        "when": ((8,), "torch.float64"),
        "click": ((8,), "torch.float32"),
        "rating": ((8,), "torch.int64"),
    }


def test_a_sequence_without_columns_has_the_lengths_of_the_log(project: Project) -> None:
    write_log(project, [(0, i, i, 1 + i % 5) for i in range(6)])
    features = "behaviors: {max_len: 3, fields: {position: {position: from_end}}}"
    dataset = project.dataset(
        "events: log.parquet\nsamples: {label: {click: rating >= 4}}\nsplit: {by: user, valid: 0, test: 0}",
        features,
        used=("behaviors.position", "click"),
    )
    (batch,) = dataset.splits["train"].batches(10)
    assert batch["behaviors.position"].lengths.tolist() == [0, 1, 2, 3, 3, 3]  # type: ignore[union-attr]
