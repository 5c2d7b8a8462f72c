"""Tables that no id comes near the end of."""

from __future__ import annotations

import pytest

from tests.data.conftest import Project

EVENTS = "events: log.parquet\nsplit: {by: time, valid: 0, test: 0.2}"
ROWS = "train: log.parquet\nsplit: {by: random, valid: 0, test: 0.2}"


def warned(project: Project, data: str, features: str, *used: str) -> list[str]:
    _, report = project.open(data, features, used=(*used, "click"))
    assert not report.failed, str(report)
    return [d.message for d in report if d.code == "W204"]


@pytest.fixture
def log(project: Project) -> Project:
    ids = [3, 499, 7, 8, 9, 3, 2, 1, 0, 4]
    project.parquet(user=[1] * 10, time=list(range(10)), item=ids, other=[5000, *ids[1:]], click=[0, 1] * 5)
    return project


@pytest.mark.parametrize("data", [EVENTS, ROWS])
@pytest.mark.parametrize(("vocab", "expected"), [("500", 0), ("1500", 0), ("1501", 0), ("2000", 0), ("2001", 1)])
def test_more_than_four_times_the_rows_that_are_needed(log: Project, data: str, vocab: str, expected: int) -> None:
    found = warned(log, data, f"item: {{vocab: {vocab}}}", "item")
    assert len(found) == expected
    assert found == [] or found == ["`item` has a table of 2,001 rows; the largest id in the data is 499"]


def test_small_tables_are_left_alone(project: Project) -> None:
    project.parquet(user=[1] * 10, time=list(range(10)), item=[0] * 10, click=[0, 1] * 5)
    assert not warned(project, EVENTS, "item: {vocab: 1001}", "item")
    assert warned(project, EVENTS, "item: {vocab: 1002}", "item")


def test_all_features_of_a_table_count(log: Project) -> None:
    features = "item: {vocab: 9000}\nother: {like: item, column: other}\nbehaviors: {fields: {item: {like: item}}}"
    assert warned(log, EVENTS, features, "item", "behaviors.item")
    assert not warned(log, EVENTS, features, "item", "other")


def test_what_is_hashed_or_learned_has_no_spare_rows(log: Project) -> None:
    assert not warned(log, EVENTS, "item: {hash: 90000}\nother: {vocab: auto}", "item", "other")
