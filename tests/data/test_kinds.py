"""What values become: hashes, buckets, vocabularies of a file, scaled numbers; all learned from the training part."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blockrec.data import Dataset
from blockrec.data.encoding.hashing import rows_of
from blockrec.data.encoding.numbers import Edges, Scale, from_json
from tests.data.conftest import Project

DATA = "events: log.parquet\nsplit: {by: time, valid: 0, test: 0.2}"
NUMBERS = [1.0, 2.0, 3.0, 4.0, None, 6.0, 7.0, 8.0, 1000.0, -50.0]
"""Of ten events in the order of time: the last two are the test part."""


@pytest.fixture
def shop(project: Project) -> Project:
    colours = ["red", "green", None, "blue", "red", "pink", "red", "green", "grey", "pink"]
    project.parquet(
        user=[1] * 10, time=list(range(10)), item=list(range(10)), click=[0, 1] * 5, price=NUMBERS, colour=colours
    )
    project.text("colours.txt", "green\nred\n")
    return project


def parts(dataset: Dataset, name: str) -> tuple[list[float], list[float]]:
    """A feature's values in the training and in the test part."""
    (train,), (test,) = (list(dataset.splits[part].batches(100, prefetch=False)) for part in ("train", "test"))
    return train[name].tolist(), test[name].tolist()  # type: ignore[union-attr]


def test_edges_open_the_bucket_above_them(shop: Project) -> None:
    train, test = parts(shop.dataset(DATA, "price: {buckets: [2, 6.5]}", used=("price", "click")), "price")
    assert (train, test) == ([1, 2, 2, 2, 0, 2, 3, 3], [3, 1])


def test_quantiles_are_those_of_the_training_part(shop: Project) -> None:
    """The edges are 3 and 6, a third and two thirds of seven known values; later outliers do not move them."""
    dataset = shop.dataset(DATA, "price: {buckets: 3}", used=("price", "click"))
    train, test = parts(dataset, "price")
    assert (train, test) == ([1, 1, 2, 2, 0, 3, 3, 3], [3, 1])


@pytest.mark.parametrize("count", [2, 5, 16])
def test_quantiles_fill_buckets_equally(count: int) -> None:
    values = np.random.default_rng(0).exponential(size=10_000)
    filled = np.bincount(Edges.of(values, count).rows(values))[1:]
    assert len(filled) == count and filled.max() - filled.min() <= 2


def test_buckets_of_few_values_and_of_none() -> None:
    assert Edges.of(np.array([3.0, 3.0, np.nan]), 4).rows(np.array([3.0, 2.0, np.nan])).tolist() == [2, 1, 0]
    assert Edges.of(np.zeros(0), 4).rows(np.array([3.0])).tolist() == [1]


def test_a_default_goes_to_its_bucket_and_fields_share_edges(shop: Project) -> None:
    features = "price: {buckets: [2, 6.5], default: 9}\nseen: {fields: {price: {like: price}}}"
    dataset = shop.dataset(DATA, features, used=("price", "seen.price", "click"))
    assert parts(dataset, "price")[0][4] == 3
    (test,) = dataset.splits["test"].batches(10)
    assert test["seen.price"].values.tolist()[:8] == [1, 2, 2, 2, 0, 2, 3, 3]  # type: ignore[union-attr]


@pytest.mark.parametrize("norm", ["zscore", "minmax", "log1p"])
def test_numbers_are_scaled_by_the_training_part(shop: Project, norm: str) -> None:
    features = f"price: {{dense: 1, norm: {norm}, default: 0}}"
    data = DATA if norm != "log1p" else DATA + "\nwhere: price > -9 or price == null"
    dataset = shop.dataset(data, features, used=("price", "click"))
    train, test = parts(dataset, "price")
    seen = np.array([0.0 if x is None else x for x in NUMBERS])
    known, later = seen[: len(train)], seen[len(train) : len(train) + len(test)]
    scaled = {
        "zscore": lambda x: (x - known.mean()) / known.std(),
        "minmax": lambda x: x / known.max(),
        "log1p": np.log1p,
    }[norm]
    assert np.array(train).ravel().tolist() == pytest.approx(scaled(known).tolist(), rel=1e-6)
    assert np.array(test).ravel().tolist() == pytest.approx(scaled(later).tolist(), rel=1e-6)


def test_each_column_of_a_vector_has_its_own_scale(project: Project) -> None:
    vectors = [[1.0, 10.0], [2.0, 10.0], [3.0, 10.0], [4.0, 10.0]]
    project.parquet(user=[1] * 4, time=list(range(4)), item=[1] * 4, click=[0, 1] * 2, v=vectors)
    dataset = project.dataset(DATA.replace("0.2", "0"), "v: {dense: 2, norm: minmax}", used=("v", "click"))
    (batch,) = dataset.splits["train"].batches(9)
    assert batch["v"].numpy() == pytest.approx(np.array([[0, 0], [1 / 3, 0], [2 / 3, 0], [1, 0]]))  # type: ignore[union-attr]


def test_log1p_of_a_negative_number(shop: Project) -> None:
    (error,) = shop.errors(DATA, "price: {dense: 1, norm: log1p, default: 0}", used=("price", "click"))
    assert error.startswith("E503 -50 of column `price` in `log.parquet`, row 10 is below 0") and "zscore" in error


def test_a_large_number_keeps_its_difference(project: Project) -> None:
    """Scaled in float64: float32 cannot tell these numbers apart."""
    project.parquet(user=[1] * 4, time=list(range(4)), item=[1] * 4, click=[0, 1] * 2, x=[10**12 + i for i in range(4)])
    dataset = project.dataset(DATA.replace("0.2", "0"), "x: {dense: 1, norm: minmax}", used=("x", "click"))
    (batch,) = dataset.splits["train"].batches(9)
    assert batch["x"].ravel().tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])  # type: ignore[union-attr]


def test_a_vocabulary_of_a_file(shop: Project) -> None:
    dataset = shop.dataset(DATA, "colour: {vocab: colours.txt}", used=("colour", "click"))
    assert parts(dataset, "colour") == ([2, 1, 0, 0, 2, 0, 2, 1], [0, 0])
    assert dataset.vocabularies == {"colour": 3}


def test_a_vocabulary_is_read_anew_when_its_file_changes(shop: Project) -> None:
    features = "colour: {vocab: colours.txt}"
    shop.dataset(DATA, features, used=("colour", "click"))
    shop.text("colours.txt", "blue\ngreen\nred\n")
    dataset = shop.dataset(DATA, features, used=("colour", "click"))
    assert parts(dataset, "colour")[0] == [3, 2, 0, 1, 3, 0, 3, 2]


@pytest.mark.parametrize("values", [[7, 12, 7, 9], ["007", "12", "007", "9"]])
def test_a_vocabulary_of_numbers(project: Project, values: list[object]) -> None:
    project.text("ids.txt", "12\n007\n")
    project.parquet(user=[1] * 4, time=list(range(4)), item=values, click=[0, 1] * 2)
    dataset = project.dataset(DATA.replace("0.2", "0"), "item: {vocab: ids.txt}", used=("item", "click"))
    assert parts_of_train(dataset, "item") == [2, 1, 2, 0]


def parts_of_train(dataset: Dataset, name: str) -> list[float]:
    (batch,) = dataset.splits["train"].batches(100)
    return batch[name].tolist()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("vocab", "known"), [("auto", ["blue", "green", "pink", "red"]), ("colours.txt", ["green", "red"])]
)
def test_unseen_values_share_cold_rows(shop: Project, vocab: str, known: list[str]) -> None:
    dataset = shop.dataset(DATA, f"colour: {{vocab: {vocab}, cold: 3}}", used=("colour", "click"))
    colours = pq.read_table(shop.folder / "log.parquet")["colour"].to_pylist()
    cold = lambda colour: 1 + len(known) + int(rows_of(pa.array([colour]), 3)[0])  # noqa: E731
    expected = [0 if c is None else 1 + known.index(c) if c in known else cold(c) for c in colours]
    train, test = parts(dataset, "colour")
    assert [*train, *test] == expected
    assert dataset.vocabularies == {"colour": 1 + len(known) + 3}


@pytest.mark.parametrize("values", [["a", "b", "a", "größe"], [3, -1, 3, 10**15], [3.0, 1.0, 3.0, 2.0]])
def test_hashed_ids(project: Project, values: list[object]) -> None:
    project.parquet(user=[1] * 4, time=list(range(4)), item=values, click=[0, 1] * 2)
    dataset = project.dataset(DATA.replace("0.2", "0"), "item: {hash: 1000}", used=("item", "click"))
    texts = pa.array([v if isinstance(v, str) else str(int(v)) for v in values])  # type: ignore[call-overload]
    assert parts_of_train(dataset, "item") == rows_of(texts, 1000).tolist()
    assert dataset.vocabularies == {}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", None, "b", "c"], "E503 column `item` has no value in `log.parquet`, row 2 [write `default:`"),
        ([1.0, 2.5, 3.0, 4.0], "E503 `2.5` of column `item` in `log.parquet`, row 2 is not int64"),
        ([[1], [2], [3], [4]], "E503 column `item` holds lists, and `item` is one value a row"),
    ],
)
def test_values_that_have_no_hash(project: Project, values: list[object], message: str) -> None:
    project.parquet(user=[1] * 4, time=list(range(4)), item=values, click=[0, 1] * 2)
    (error,) = project.errors(DATA, "item: {hash: 1000}", used=("item", "click"))
    assert error.startswith(message)


def test_a_null_is_hashed_as_its_default(project: Project) -> None:
    project.parquet(user=[1] * 4, time=list(range(4)), item=["a", None, "b", "c"], click=[0, 1] * 2)
    data = DATA.replace("0.2", "0")
    dataset = project.dataset(data, "item: {hash: 1000, default: none}", used=("item", "click"))
    assert parts_of_train(dataset, "item") == rows_of(pa.array(["a", "none", "b", "c"]), 1000).tolist()


def test_what_was_learned_is_saved(shop: Project) -> None:
    features = """
price: {buckets: 3}
amount: {dense: 1, column: price, norm: zscore, default: 0}
colour: {vocab: auto, cold: 2}
"""
    dataset = shop.dataset(DATA, features, used=("price", "amount", "colour", "click"))
    dataset.save_vocabularies(shop.folder / "run")
    numbers = json.loads((shop.folder / "run" / "numbers.json").read_text("utf-8"))
    edges, scale = from_json(numbers["price"]), from_json(numbers["amount"])
    assert isinstance(edges, Edges) and isinstance(scale, Scale)
    prices = np.array([np.nan if x is None else x for x in NUMBERS])
    assert [*edges.rows(prices)] == [x for part in parts(dataset, "price") for x in part]
    again = scale.applied(np.nan_to_num(prices).reshape(-1, 1))
    assert again.tolist() == [x for part in parts(dataset, "amount") for x in part]
    assert pq.read_table(shop.folder / "run" / "colour.parquet")["row"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "features", ["price: {buckets: 3}", "price: {buckets: [1]}", "price: {dense: 1, norm: zscore}", "price: {hash: 9}"]
)
def test_a_feature_that_is_not_read_may_not_fit(project: Project, features: str) -> None:
    project.parquet(user=[1] * 4, time=list(range(4)), item=[1] * 4, click=[0, 1] * 2, price=[["x"]] * 4)
    assert project.dataset(DATA.replace("0.2", "0"), features, used=("click",)).splits["train"].rows == 4
    errors = project.open(DATA.replace("0.2", "0"), features, used=("price", "click"))[1].errors
    assert [d.code for d in errors] == ["E503"] and "price" in errors[0].message
