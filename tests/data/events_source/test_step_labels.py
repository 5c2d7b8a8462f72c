"""Labels of steps: aligned with the fields of their sequence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blockrec.jagged import Jagged
from tests.data.conftest import Project

DATA = "events: log.parquet\nsplit: {by: leave_last, valid: 0, test: 0}\nhistory: {seen: {where: stars > 1}}"
FEATURES = "seen: {max_len: 3, fields: {item: {vocab: 100}, stars: {raw: int64}}}"
LABELS = "{click: {}, like: {column: seen.stars, at_least: 4}, rate: {column: seen.stars, type: float}}"
few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=8, max_size=25))
@few
def test_labels_are_aligned_with_the_steps(new_project: Callable[[], Project], log: list[tuple[int, int]]) -> None:
    project, size = new_project(), len(log) + 2
    users, stars = [u for u, _ in log] + [0, 0], [s for _, s in log] + [5, 2]
    project.parquet(
        user=users, time=list(range(size)), item=list(range(size)), stars=stars, click=[i % 2 for i in range(size)]
    )
    dataset = project.dataset(DATA, FEATURES, LABELS, used=("seen.item", "rate", "click"))
    (batch,) = dataset.splits["train"].batches(100)
    items, rates = batch["seen.item"], batch["rate"]
    assert isinstance(items, Jagged) and isinstance(rates, Jagged)
    assert rates.offsets.tolist() == items.offsets.tolist() and rates.max_length == items.max_length
    assert rates.values.tolist() == [stars[i] for i in items.values.tolist()]


@pytest.fixture
def shop(project: Project) -> Project:
    project.parquet(
        user=[1] * 5, time=list(range(5)), item=list(range(5)), stars=[5, 1, 2, 4, 3], click=[0, 1] * 2 + [0]
    )
    return project


def test_thresholds_of_steps_and_their_rate(shop: Project) -> None:
    dataset = shop.dataset(DATA, FEATURES, LABELS, used=("like", "click"))
    (batch,) = dataset.splits["train"].batches(100)
    like = batch["like"]
    assert isinstance(like, Jagged) and like.values.tolist() == [1, 1, 1, 0, 1, 0, 1]
    assert dataset.describe()["positive"] == pytest.approx({"click": 0.4, "like": 0.5})


def test_a_bit_of_steps(shop: Project) -> None:
    dataset = shop.dataset(DATA, FEATURES, "{click: {}, odd: {column: seen.stars, bit: 0}}", used=("odd", "click"))
    (batch,) = dataset.splits["train"].batches(100)
    assert batch["odd"].values.tolist() == [1, 1, 1, 0, 1, 0, 0]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("{l: {column: seen.star}}", "E502 the log has no column `star` [did you mean `stars`?]"),
        ("{l: {column: seen.stars}}", "E505 label `l` is 5 in `log.parquet`, row 1; a label is 0 or 1"),
        ("{l: {column: seen.stars, at_least: 2}}", "E505 label `l` is 1 in all 4 training steps"),
    ],
)
def test_mistakes(shop: Project, labels: str, message: str) -> None:
    (error,) = shop.errors(DATA, FEATURES, labels, used=("seen.item", "l"))
    assert error.startswith(message)
