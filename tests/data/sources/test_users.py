"""Attributes of users: joined to the samples of a log, to impressions, and beside those of items."""

from __future__ import annotations

import pytest

from tests.data.conftest import FEATURES, Project

DATA = """
events: log.csv
items: {table: items.csv}
users: {key: id, table: users.csv}
samples: {label: {click: rating >= 4}}
split: {by: leave_last, valid: 0, test: 0}
"""
FEATURES_HERE = FEATURES + "age: {buckets: [20, 40]}\nname: {vocab: auto}\n"
USED = ("user", "item", "age", "name", "click")


@pytest.fixture
def people(project: Project) -> Project:
    project.text("log.csv", "user,item,rating,time\n1,10,5,1\n2,20,1,2\n1,30,5,3\n3,10,2,4\n")
    project.text("items.csv", "item,name\n10,Alien\n20,Amélie\n")
    project.text("users.csv", "id,age,name\n2,50,Bo\n1,30,An\n")
    return project


def found(project: Project, data: str = DATA, used: tuple[str, ...] = USED) -> dict[str, list[object]]:
    dataset = project.dataset(data, FEATURES_HERE, used=used)
    (batch,) = dataset.splits["train"].batches(100)
    names = ["", *dataset.values["name"].values.to_pylist()] if "name" in used else []
    columns = {name: batch[name].tolist() for name in used}  # type: ignore[union-attr]
    return columns | ({"name": [names[i] for i in columns["name"]]} if names else {})


def test_they_are_those_of_the_samples_user(people: Project) -> None:
    """User 3 is in no table; a column of both tables is the item's."""
    columns = found(people)
    assert list(zip(columns["user"], columns["age"], strict=True)) == [(1, 2), (1, 2), (2, 3), (3, 0)]
    assert columns["name"] == ["Alien", "", "Amélie", "Alien"]


def test_impressions_have_them_too(people: Project) -> None:
    people.parquet("shown.parquet", who=[1, 2], at=[9, 8], item=[30, 10], click=[0, 1])
    data = DATA.replace("label: {click: rating >= 4}", "from: shown.parquet, user: who, time: at")
    assert found(people, data)["age"] == [2, 3]


def test_a_drawn_negative_keeps_its_user(people: Project) -> None:
    """Without a table of items a negative takes what belongs to it from the item's last event: not the age."""
    rows = "".join(f"{1 + n % 2},{10 + n},5,{n}\n" for n in range(12))
    people.text("log.csv", "user,item,rating,time\n" + rows)
    data = DATA.replace("items: {table: items.csv}\n", "").replace(
        "label: {click: rating >= 4}", "positives: {}, negatives: {per_positive: 2}"
    )
    columns = found(people, data, ("user", "item", "age", "click"))
    assert len(columns["user"]) == 36
    assert all(age == {1: 2, 2: 3}[user] for user, age in zip(columns["user"], columns["age"], strict=True))  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("key: id", "key: who", "E502", "the users table has no column `who`"),
        ("users.csv", "nobody.csv", "E501", "nobody.csv"),
        ("id,age,name\n2,50,Bo\n1,30,An\n", "id,age,name\nx,50,Bo\ny,30,An\n", "E503", "string in the users table"),
    ],
)
def test_mistakes(people: Project, old: str, new: str, code: str, word: str) -> None:
    if code == "E503":
        people.text("users.csv", new)
    dataset, report = people.open(DATA.replace(old, new), FEATURES_HERE, used=USED)
    assert dataset is None and [error.code for error in report.errors] == [code] and word in str(report)
