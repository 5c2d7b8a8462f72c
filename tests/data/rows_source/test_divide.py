"""Rows of `train` that validate and test: shares, none twice, the same for any pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.data import Dataset
from blockrec.data.rows_source import pieces
from blockrec.data.rows_source.sample import Sample
from tests.data.conftest import Project

FEATURES = "id: {raw: int64}\nuser: {raw: int64}\ntime: {raw: int64}"
USED = ("id", "user", "time", "click")
ROWS = 400


@pytest.fixture
def shop(project: Project) -> Project:
    draw = np.random.default_rng(0)
    project.parquet(
        "rows.parquet",
        id=np.arange(ROWS),
        user=draw.integers(0, 80, ROWS),
        time=draw.integers(0, 300, ROWS),
        click=np.arange(ROWS) % 2,
    )
    return project


def parts(dataset: Dataset, name: str) -> dict[str, list[int]]:
    return {
        part: [i for batch in split.batches(64) for i in batch[name].tolist()]  # type: ignore[union-attr]
        for part, split in dataset.splits.items()
    }


@pytest.mark.parametrize("split", ["{}", "{by: user}", "{by: time}", "{by: time, valid_from: 200, test_from: 250}"])
def test_every_row_once_whatever_the_pieces(shop: Project, split: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for size in (200, 1 << 25):
        monkeypatch.setattr(pieces, "BYTES", size)
        dataset = shop.dataset(f"train: rows.parquet\nsplit: {split}", FEATURES, used=USED)
        found.append(parts(dataset, "id"))
        for path in (shop.folder / "cache").glob("rows-*"):
            path.rename(path.with_name(f"old-{size}"))
    assert found[0] == found[1] and all(found[0].values())
    assert sorted(i for ids in found[0].values() for i in ids) == list(range(ROWS))


def test_shares_of_rows_are_exact_and_seeded(shop: Project) -> None:
    data = "train: rows.parquet\nsplit: {valid: 0.25, test: 0.1, seed: SEED}"
    one, other = (parts(shop.dataset(data.replace("SEED", s), FEATURES, used=USED), "id") for s in "12")
    assert {name: len(ids) for name, ids in one.items()} == {"train": 260, "valid": 100, "test": 40}
    assert set(one["test"]) != set(other["test"])


def test_users_are_not_divided(shop: Project) -> None:
    data = "train: rows.parquet\nsplit: {by: user, valid: 0.2, test: 0.2}"
    found = parts(shop.dataset(data, FEATURES, used=USED), "user")
    train, valid, test = map(set, found.values())
    assert not (train & valid or train & test or valid & test)
    assert 0.1 < len(found["test"]) / ROWS < 0.3


def test_the_latest_rows_test(shop: Project) -> None:
    found = parts(shop.dataset("train: rows.parquet\nsplit: {by: time}", FEATURES, used=USED), "time")
    assert max(found["train"]) < min(found["valid"]) <= max(found["valid"]) < min(found["test"])
    assert abs(len(found["test"]) - ROWS / 10) < 5


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(2, 9))
def test_a_sample_is_even(sizes: list[int], most: int) -> None:
    sample, first = Sample(most), 0
    for size in sizes:
        sample.add(np.arange(first, first + size))
        first += size
    assert sample.values.tolist() == list(range(0, first, sample.every))
    assert len(sample.values) <= most and (sample.every == 1 or len(sample.values) > most // 2)
