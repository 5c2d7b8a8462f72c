"""What is said about rows that do not fit, and where."""

from __future__ import annotations

import pytest

from tests.data.conftest import Project

DATA = "train: rows.parquet"
SEEN = "seen: {fields: {item: {vocab: 10}, stars: {raw: int64}}}"


@pytest.fixture
def shop(project: Project) -> Project:
    project.parquet(
        "rows.parquet",
        user=["a", "b"] * 5,
        item=list(range(10)),
        time=list(range(10)),
        seen_item=[[1, 2], []] * 5,
        seen_stars=[[1, 2], [3]] * 5,
        click=[0, 1] * 5,
        ones=[1] * 10,
    )
    return project


def one(errors: list[str]) -> str:
    (error,) = errors
    return error


@pytest.mark.parametrize(
    ("data", "start"),
    [
        ("train: row.parquet", "E501 no file"),
        (f"{DATA}\nsamples: {{min_history: 2}}", "E101 `samples` has no meaning beside `train`"),
        (f"{DATA}\nvalid: rows.parquet\nsplit: {{by: time}}", "E101 `split` has no meaning beside `valid`"),
        (f"{DATA}\nsplit: {{by: leave_last}}", "E107 `leave_last` does not divide rows [one of random, time, user]"),
        (f"{DATA}\nsplit: {{valid: 0.5, test: 0.5}}", "E106 shares 0.5 and 0.5"),
        (f"{DATA}\ntime: when\nsplit: {{by: time}}", "E502 the table of rows has no column `when`"),
        (f"{DATA}\nwhere: itm > 2", "E502 no column `itm` [did you mean `item`?]"),
        (f"{DATA}\nwhere: item > 20", "E505 no row is left to train with"),
        ("test: rows.parquet", "E501 there are no rows to train with"),
    ],
)
def test_in_the_section(shop: Project, data: str, start: str) -> None:
    assert one(shop.errors(data, "item: {vocab: 10}", used=("item", "click"))).startswith(start)


@pytest.mark.parametrize(
    ("features", "used", "start"),
    [
        (
            "itm: {vocab: 10}",
            ("itm", "click"),
            "E502 the table of rows has no column `itm` [did you mean `item`?]",
        ),
        ("item: {vocab: 9}", ("item", "click"), "E504 id 9 of column `item` in `rows.parquet`, row 10"),
        (
            SEEN,
            ("seen.item", "seen.stars", "click"),
            "E503 `rows.parquet`, row 2 has 1 values in `seen_stars` and 0 in",
        ),
        (
            "past: {fields: {item: {vocab: 9}}}",
            ("past.item", "click"),
            "E502 the table of rows has no column `past_item`",
        ),
        (
            "past: {fields: {item: {vocab: 9, column: item}}}",
            ("past.item", "click"),
            "E503 column `item` is int64, where a sequence has a list in every row [Parquet, Arrow and JSON have lists",
        ),
        ("seen_item: {vocab: 9}", ("seen_item", "click"), "E503 column `seen_item` holds lists"),
        (
            "seen: {fields: {place: {position: from_end, vocab: 5}}}",
            ("seen.place", "click"),
            "E502 no column tells how long `seen` is",
        ),
    ],
)
def test_in_the_features(shop: Project, features: str, used: tuple[str, ...], start: str) -> None:
    data = DATA + "\nsplit: {valid: 0, test: 0}"
    assert one(shop.errors(data, features, used=used)).startswith(start)


def test_labels(shop: Project) -> None:
    error = one(shop.errors(DATA, "item: {vocab: 10}", "[ones]", used=("item", "ones")))
    assert error.startswith("E505 label `ones` is 1 in all 8 training samples")
    error = one(shop.errors(DATA, "item: {vocab: 10}", "[time]", used=("item", "time")))
    assert error.startswith("E505 label `time` is") and "a label is 0 or 1" in error


def test_text_and_numbers_that_share_ids(project: Project) -> None:
    project.parquet("rows.parquet", item=[1, 2], seen_item=[["a"], ["b"]], click=[0, 1])
    features = "item: {vocab: auto}\nseen: {fields: {item: {like: item}}}"
    data = DATA + "\nsplit: {valid: 0, test: 0}"
    error = one(project.errors(data, features, used=("item", "seen.item", "click")))
    assert error.startswith("E503 columns that share the ids of `item` do not agree")


def test_a_column_that_one_of_several_files_lacks(shop: Project) -> None:
    shop.parquet("other.parquet", item=[1], click=[1])
    features = "item: {vocab: 10}\nuser: {vocab: auto}"
    error = one(shop.errors("train: [rows.parquet, other.parquet]", features, used=("item", "user", "click")))
    assert error.startswith("E502 `") and "other.parquet` has no column `user`, which other files have" in error


def test_nan_is_no_value(project: Project) -> None:
    project.parquet("rows.parquet", x=[1.0, float("nan"), 3.0, 5.0], click=[0, 1, 0, 1])
    error = one(project.errors(DATA + "\nsplit: {valid: 0, test: 0}", "x: {dense: 1}", used=("x", "click")))
    assert error.startswith("E503 column `x` has no value in `rows.parquet`, row 2")


@pytest.mark.parametrize("declared", ["dense: 1", "dense: 1, norm: zscore", "dense: 1, norm: minmax", "raw: float32"])
def test_infinite_numbers(project: Project, declared: str) -> None:
    project.parquet("rows.parquet", x=[1.0, -float("inf"), 3.0, 5.0], click=[0, 1, 0, 1])
    errors = project.errors(DATA + "\nsplit: {valid: 0, test: 0}", f"x: {{{declared}}}", used=("x", "click"))
    assert one(errors).startswith("E503 `-inf` of column `x` in `rows.parquet`, row 2 is not a finite float")


@pytest.mark.parametrize("norm", ["", ", norm: zscore", ", norm: minmax", ", norm: log1p"])
def test_numbers_that_the_type_cannot_hold(project: Project, norm: str) -> None:
    project.parquet("rows.parquet", x=[1.0, 3.0, 1e300, 5.0], click=[0, 1, 0, 1])
    error = one(project.errors(DATA + "\nsplit: {valid: 0, test: 0}", f"x: {{dense: 1{norm}}}", used=("x", "click")))
    assert error.startswith("E503 `1e+300` of column `x` in `rows.parquet`, row 3 is not a finite float32")


def test_infinite_numbers_have_a_bucket(project: Project) -> None:
    project.parquet("rows.parquet", x=[1.0, float("inf"), 3.0, -float("inf")], click=[0, 1, 0, 1])
    data = DATA + "\nsplit: {valid: 0, test: 0}"
    dataset = project.dataset(data, "x: {buckets: 2}", used=("x", "click"))
    (batch,) = dataset.splits["train"].batches(4)
    assert batch["x"].tolist() == [1, 2, 2, 1]
