"""The generated log: the same again, its truth about the very histories that the loader builds, and learnable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from blockrec.data import Dataset
from blockrec.jagged import Jagged
from tests.data.conftest import Project

FEATURES = """
user: {vocab: auto}
item: {vocab: auto}
category: {vocab: auto}
behaviors: {max_len: 12, fields: {item: {like: item}, category: {like: category}, time: {raw: int64}}}
"""
DATA = """
generate: {planted_interests: {users: 300, items: 400, categories: 20, history: 12, impressions: 4, seed: SEED}}
events: events.parquet
samples: {from: impressions.parquet}
split: {by: leave_last}
"""
USED = ("user", "item", "category", "behaviors.item", "behaviors.category", "behaviors.time", "click")


def made(project: Project, seed: int = 0, more: str = "") -> Dataset:
    return project.dataset(DATA.replace("SEED", f"{seed}{more}"), FEATURES, used=USED)


def folder(dataset: Dataset) -> Path:
    assert dataset.files is not None
    return dataset.files


def values(dataset: Dataset, root: str, ids: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    found = np.append(-1, dataset.values[root].values.to_numpy())
    return found[ids]  # type: ignore[no-any-return]


def test_the_same_parameters_give_the_same_files_and_others_others(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one, two = (folder(made(Project(tmp_path / name))) for name in ("one", "two"))
    other = folder(made(Project(tmp_path / "one"), seed=1))
    assert one.name == two.name != other.name
    for name in ("events.parquet", "impressions.parquet"):
        assert pq.read_table(one / name).equals(pq.read_table(two / name))
        assert not pq.read_table(one / name).equals(pq.read_table(other / name))
    with np.load(one / "truth.npz") as left, np.load(two / "truth.npz") as right:
        assert left.files == right.files and all((left[key] == right[key]).all() for key in left.files)


def test_parts_are_the_last_impressions(project: Project) -> None:
    dataset = made(project)
    assert {name: split.rows for name, split in dataset.splits.items()} == {"train": 600, "valid": 300, "test": 300}


def test_the_truth_is_about_the_history_that_the_loader_builds(project: Project) -> None:
    """The probability of each test sample, computed from its batch and the planted vectors."""
    dataset = made(project)
    truth = np.load(folder(dataset) / "truth.npz")
    (batch,) = dataset.splits["test"].batches(1000)
    items, categories = batch["behaviors.item"], batch["behaviors.category"]
    assert isinstance(items, Jagged) and isinstance(categories, Jagged)
    assert (items.lengths == 12).all()
    history = values(dataset, "item", items.values.numpy()).reshape(-1, 12)
    interests = values(dataset, "category", categories.values.numpy()).reshape(-1, 12)
    target = values(dataset, "item", batch["item"].numpy())  # type: ignore[union-attr]
    category = values(dataset, "category", batch["category"].numpy())  # type: ignore[union-attr]
    known = (history >= 0).all(1) & (target >= 0) & (interests >= 0).all(1) & (category >= 0)
    assert known.mean() > 0.5
    assert (truth["item_category"][target[known]] == category[known]).all()

    scores = 6.0 * truth["similarity"][category[:, None], interests] - 0.5 * np.log(np.arange(12, 0, -1))
    weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    state = (weights[..., None] * truth["item_value"][history]).sum(1)
    logit = 4.0 * np.sqrt(8) * (state * truth["item_value"][target]).sum(1) - truth["bias"]
    last = np.arange(3, 1200, 4)
    assert np.allclose(truth["weights"][last][known], weights[known], atol=1e-5)
    assert np.allclose(truth["probability"][last][known], 1 / (1 + np.exp(-logit))[known], atol=1e-5)


def test_clicks_follow_the_probability(project: Project) -> None:
    path = folder(made(project))
    click = pq.read_table(path / "impressions.parquet")["click"].to_numpy()
    probability = np.load(path / "truth.npz")["probability"]
    assert abs(click.mean() - probability.mean()) < 4 * 0.5 / np.sqrt(len(click))
    assert probability[click == 1].mean() > probability[click == 0].mean() + 0.2
    assert 0.2 < click.mean() < 0.5


@pytest.mark.parametrize("conflict", [0, 1])
def test_conflict_decides_whether_similar_categories_say_similar_things(project: Project, conflict: int) -> None:
    truth = np.load(folder(made(project, more=f", conflict: {conflict}")) / "truth.npz")
    value = truth["value"] @ truth["value"].T
    upper = np.triu_indices(len(value), 1)
    correlation = np.corrcoef(value[upper], truth["similarity"][upper])[0, 1]
    assert abs(correlation - (1 - conflict)) < 0.3


def test_time_makes_behaviours_weigh_less(project: Project) -> None:
    decayed, flat = (np.load(folder(made(project, more=f", lam: {lam}")) / "truth.npz")["weights"] for lam in (2, 0))
    assert decayed[:, -3:].sum(1).mean() > flat[:, -3:].sum(1).mean() + 0.1


def test_every_category_needs_an_item(project: Project) -> None:
    (error,) = project.errors(DATA.replace("SEED", "0").replace("items: 400", "items: 3"), FEATURES, used=USED)
    assert "E106" in error and "3 items are not enough for 20 categories" in error
