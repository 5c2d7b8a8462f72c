"""Negatives beside rows: from the training rows alone, piece by piece as at once; or lists of the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from blockrec.data import Dataset
from blockrec.data.rows_source import pieces
from blockrec.jagged import Jagged
from tests.data.batching.test_batches import assert_equal
from tests.data.conftest import Project

FEATURES = """
user: {vocab: 100}
item: {vocab: auto}
kind: {vocab: auto}
popularity: {dense: 1, column: log_popularity}
seen: {max_len: 5, fields: {item: {like: item}}}
negatives:
  fields: {item: {like: item}, kind: {like: kind}, logq: {dense: 1, column: log_probability}}
hard_negatives: {fields: {item: {like: item}, kind: {like: kind}}}
"""
SAMPLED = ("user", "item", "kind", "popularity", "seen.item", "negatives.item", "negatives.kind", "negatives.logq")
HARD = ("user", "item", "hard_negatives.item", "hard_negatives.kind")
DATA = "train: rows.parquet\ntest: test.parquet\nnegatives: {sampled: 6, avoid: AVOID, hard: shown}\n"


@pytest.fixture
def shop(project: Project) -> Project:
    """Items are words; `z…` occur only in the test rows."""
    rng = np.random.default_rng(0)
    for name, size, letter in (("rows.parquet", 600, "a"), ("test.parquet", 80, "z")):
        item = np.minimum(rng.geometric(0.2, size), 15)
        word = [f"{letter if letter == 'z' and i > 9 else 'a'}{i}" for i in item]
        project.parquet(
            name,
            user=rng.integers(0, 40, size),
            item=pa.array(word).dictionary_encode(),
            kind=item % 4,
            seen_item=pa.array([["a1", "a2"]] * size),
            shown=pa.array([[f"a{x}", "z15"] for x in rng.integers(1, 15, size)]),
            click=np.arange(size) % 2,
        )
    return project


def opened(shop: Project, avoid: str = "seen", used: tuple[str, ...] = SAMPLED) -> Dataset:
    return shop.dataset(DATA.replace("AVOID", avoid), FEATURES, used=used)


def all_of(dataset: Dataset, part: str = "train") -> dict[str, Any]:
    (batch,) = dataset.splits[part].batches(10_000)
    return batch


def steps(batch: dict[str, Any], name: str) -> Jagged:
    found = batch[name]
    assert isinstance(found, Jagged)
    return found


def test_training_items_come_by_popularity(shop: Project) -> None:
    dataset = opened(shop, "none")
    batch = all_of(dataset)
    counts = np.bincount(batch["item"].numpy())
    share = counts / counts.sum()
    for part in ("train", "test"):
        drawn = steps(all_of(dataset, part), "negatives.item").values.numpy()
        assert drawn.min() > 0
        error = abs(np.bincount(drawn, minlength=len(share)) / len(drawn) - share)
        assert error.max() < 4 * 0.5 / np.sqrt(len(drawn))
    logq = steps(batch, "negatives.logq").values[:, 0]
    torch.testing.assert_close(logq, torch.log(torch.tensor(share))[steps(batch, "negatives.item").values].float())
    torch.testing.assert_close(batch["popularity"][:, 0], torch.log(torch.tensor(share))[batch["item"]].float())
    kinds = dict(zip(batch["item"].tolist(), batch["kind"].tolist(), strict=True))
    drawn = steps(batch, "negatives.item").values.tolist()
    assert steps(batch, "negatives.kind").values.tolist() == [kinds[item] for item in drawn]


def test_what_a_user_has_in_training_rows_is_avoided(shop: Project) -> None:
    dataset = opened(shop)
    train = all_of(dataset)
    met = {*zip(train["user"].tolist(), train["item"].tolist(), strict=True)}
    for part in ("train", "test"):
        batch = all_of(dataset, part)
        drawn = steps(batch, "negatives.item")
        assert len(drawn.values) > 300
        assert not met & {*zip(batch["user"][drawn.rows].tolist(), drawn.values.tolist(), strict=True)}


def test_hard_negatives(shop: Project) -> None:
    batch = all_of(opened(shop, used=HARD))
    hard = steps(batch, "hard_negatives.item")
    assert 0 not in hard.values and {*hard.lengths.tolist()} == {0, 1}
    assert not (hard.values == batch["item"][hard.rows]).any() and len(hard.values) > 450


@pytest.mark.parametrize("used", [SAMPLED, HARD])
def test_pieces_make_no_difference(shop: Project, used: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = opened(shop, used=used)
    monkeypatch.setattr(pieces, "BYTES", 1000)
    for name in ("train", "test"):
        text = f"{DATA.replace('AVOID', 'seen')}\nwhere: user >= 0"  # another name in the cache
        cut = shop.dataset(text, FEATURES, used=used)
        assert_equal(list(cut.splits[name].batches(50)), list(whole.splits[name].batches(50)))


def test_without_negatives_they_are_lists_of_the_file(project: Project) -> None:
    project.parquet("rows.parquet", item=["a", "b"], negatives_item=pa.array([["b", "b"], ["a"]]), click=[0, 1])
    features = "item: {vocab: auto}\nnegatives: {fields: {item: {like: item}}}"
    dataset = project.dataset(
        "train: rows.parquet\nsplit: {valid: 0, test: 0}", features, used=("item", "negatives.item")
    )
    assert steps(all_of(dataset), "negatives.item").values.tolist() == [2, 2, 1]
    assert dataset.describe()["history"] == {"negatives": {"mean": 1.5, "max": 2}}


def test_random_rows_stand_for_negatives_too(project: Project) -> None:
    text = "synthetic: {rows: 50}\nnegatives: {sampled: 3, hard: shown}"
    batch = all_of(project.dataset(text, FEATURES, used=(*SAMPLED, *HARD[2:])))
    assert steps(batch, "negatives.item").lengths.equal(steps(batch, "negatives.logq").lengths)
    assert steps(batch, "hard_negatives.item").batch == len(batch["popularity"])


WRONG = [
    ("negatives: {sampled: 2}\nuser: person", SAMPLED, "E502"),
    ("negatives: {sampled: 2}\nitem: thing", SAMPLED, "E502"),
    ("negatives: {hard: show}", HARD, "E502"),
    ("negatives: {hard: click}", HARD, "E505 none of the 600 items in `click` is one of the 15 items"),
    ("negatives: {alpha: 2}", ("item",), "E101 `alpha` needs `sampled`"),
    ("item: item", ("item",), "E101 `item` has no meaning beside `train`"),
]


@pytest.mark.parametrize(("more", "used", "message"), WRONG)
def test_mistakes(shop: Project, more: str, used: tuple[str, ...], message: str) -> None:
    found = shop.errors(f"train: rows.parquet\nsplit: {{valid: 0, test: 0}}\n{more}", FEATURES, used=used)
    assert found and found[0].startswith(message)
