"""Negatives beside the samples: from the training part, with their attributes and probabilities; what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from blockrec.data import Dataset
from blockrec.data.batching.cuts import Rank
from blockrec.jagged import Jagged
from tests.data.batching.test_batches import assert_equal
from tests.data.conftest import Project, visits

FEATURES = """
user: {vocab: 100}
item: {vocab: 200}
category: {vocab: 10}
popularity: {dense: 1, column: log_popularity}
behaviors: {max_len: 3, fields: {item: {like: item}}}
negatives:
  fields: {item: {like: item}, category: {like: category}, logq: {dense: 1, column: log_probability}}
"""
USED = ("user", "item", "category", "popularity", "behaviors.item", "negatives.item", "negatives.category")
USED = (*USED, "negatives.logq", "click")
DATA = "events: log.parquet\nsplit: {by: leave_last}\n"


@pytest.fixture
def shop(project: Project) -> Project:
    log = visits()
    project.parquet(
        **log,
        click=np.random.default_rng(2).integers(0, 2, len(log["user"])),
        shown=pa.array([[x % 30, 99, 7] if x % 3 else None for x in range(len(log["user"]))]),
        other=(log["item"] + 1) % 30,
    )
    return project


def opened(shop: Project, negatives: str, features: str = FEATURES, used: tuple[str, ...] = USED) -> Dataset:
    return shop.dataset(f"{DATA}negatives: {negatives}", features, used=used)


def everything(dataset: Dataset, part: str = "train", **more: Any) -> dict[str, Any]:
    (batch,) = dataset.splits[part].batches(10_000, **more)
    return batch


def steps(batch: dict[str, Any], name: str) -> Jagged:
    found = batch[name]
    assert isinstance(found, Jagged)
    return found


def training(shop: Project) -> dict[int, list[int]]:
    """user → the items of its training part."""
    log = everything(shop.dataset(DATA, FEATURES, used=("user", "item", "click")))
    return {user: log["item"][log["user"] == user].tolist() for user in range(60)}


@pytest.mark.parametrize(("options", "alpha"), [("", 1), (", alpha: 0.5", 0.5), (", by: uniform", 0)])
def test_items_come_by_their_popularity_with_their_probability(shop: Project, options: str, alpha: float) -> None:
    batch = everything(opened(shop, f"{{sampled: 50, avoid: none{options}}}"))
    counts = np.bincount([item for items in training(shop).values() for item in items], minlength=200)
    weights = np.where(counts > 0, counts.astype(float) ** alpha, 0)
    drawn = steps(batch, "negatives.item")
    assert drawn.lengths.tolist() == [50] * len(batch["user"])
    found = np.bincount(drawn.values.numpy(), minlength=200) / len(drawn.values)
    share = weights / weights.sum()
    assert found[counts == 0].max() == 0 and abs(found - share).max() < 4 * 0.5 / np.sqrt(len(drawn.values))
    assert torch.equal(steps(batch, "negatives.category").values, drawn.values % 7)
    logq = steps(batch, "negatives.logq").values[:, 0].numpy()
    np.testing.assert_allclose(logq, np.log(share[drawn.values.numpy()]), rtol=1e-5)
    own = counts[batch["item"].numpy()] / counts.sum()
    np.testing.assert_allclose(batch["popularity"][:, 0].numpy(), np.log(own), rtol=1e-5)


def test_what_the_user_met_in_training_is_avoided(shop: Project) -> None:
    dataset, met = opened(shop, "{sampled: 20}"), training(shop)
    for part in ("train", "valid", "test"):
        batch = everything(dataset, part)
        drawn = steps(batch, "negatives.item")
        users = batch["user"][drawn.rows].tolist()
        assert not [1 for user, item in zip(users, drawn.values.tolist(), strict=True) if item in met[user]]
        assert not (drawn.values == batch["item"][drawn.rows]).any()


def test_what_a_user_will_meet_after_training_may_come(shop: Project) -> None:
    """Else the draw would tell what the test holds."""
    dataset = opened(shop, "{sampled: 50}")
    later = dict(zip(*(everything(dataset, "test")[name].tolist() for name in ("user", "item")), strict=True))
    drawn = steps(everything(dataset), "negatives.item")
    users = everything(dataset)["user"][drawn.rows].tolist()
    assert [1 for user, item in zip(users, drawn.values.tolist(), strict=True) if item == later[user]]


def test_own_items_are_never_drawn(shop: Project) -> None:
    batch = everything(opened(shop, "{sampled: 30, avoid: target}"))
    drawn = steps(batch, "negatives.item")
    assert not (drawn.values == batch["item"][drawn.rows]).any()
    met = training(shop)
    assert [1 for u, i in zip(batch["user"][drawn.rows].tolist(), drawn.values.tolist(), strict=True) if i in met[u]]


@pytest.mark.parametrize("start", [0, 3])
def test_epochs_draw_anew_and_resume_draws_the_same(shop: Project, start: int) -> None:
    train = opened(shop, "{sampled: 4}").splits["train"]
    whole = list(train.batches(100, seed=5, epoch=2, shuffle=True))
    assert_equal(list(train.batches(100, seed=5, epoch=2, start=start, shuffle=True)), whole[start:])
    one, other = (steps(next(train.batches(10_000, epoch=e)), "negatives.item") for e in (0, 1))  # type: ignore[arg-type]
    assert (one.values == other.values).float().mean() < 0.3


def test_ranks_and_batch_sizes_draw_the_same(shop: Project) -> None:
    train = opened(shop, "{sampled: 4}").splits["train"]
    whole = steps(everything(opened(shop, "{sampled: 4}"), shuffle=True), "negatives.item").values.tolist()
    small = [steps(batch, "negatives.item").values.tolist() for batch in train.batches(64, shuffle=True)]
    parts = [train.batches(64, shuffle=True, rank=Rank(i, 3)) for i in range(3)]
    ranks = [steps(b, "negatives.item").values.tolist() for batch in zip(*parts, strict=True) for b in batch]
    assert [x for part in small for x in part] == [x for part in ranks for x in part] == whole


HARD_FEATURES = FEATURES + "hard_negatives: {max_len: 2, fields: {item: {like: item}, category: {like: category}}}\n"
HARD = ("item", "hard_negatives.item", "hard_negatives.category", "click")


def test_hard_negatives_are_those_of_the_column(shop: Project) -> None:
    batch = everything(opened(shop, "{hard: shown}", HARD_FEATURES, HARD))
    hard = steps(batch, "hard_negatives.item")
    assert torch.equal(steps(batch, "hard_negatives.category").values, hard.values % 7)
    assert 99 not in hard.values and not (hard.values == batch["item"][hard.rows]).any()
    row = int((hard.lengths == 2).nonzero()[0])
    assert hard.values[hard.rows == row][-1] == 7
    assert {0, 1, 2} == {*hard.lengths.tolist()}


def test_a_hard_negative_may_be_one_value(shop: Project) -> None:
    batch = everything(opened(shop, "{hard: other}", HARD_FEATURES, HARD))
    hard = steps(batch, "hard_negatives.item")
    assert torch.equal(hard.values, (batch["item"][hard.rows] + 1) % 30) and len(hard.values) > 700


def test_numbers_are_scaled_as_those_of_the_sample(shop: Project) -> None:
    features = "item: {vocab: 200}\nkind: {dense: 1, norm: zscore, column: category}\n"
    features += "negatives: {fields: {item: {like: item}, kind: {dense: 1, norm: zscore, column: category}}}"
    batch = everything(opened(shop, "{sampled: 5}", features, ("item", "kind", "negatives.item", "negatives.kind")))
    known = dict(zip(batch["item"].tolist(), batch["kind"][:, 0].tolist(), strict=True))
    drawn = steps(batch, "negatives.item").values.tolist()
    assert steps(batch, "negatives.kind").values[:, 0].tolist() == [known[item] for item in drawn]


def test_positions_and_words(shop: Project) -> None:
    features = "item: {vocab: auto}\nnegatives: {fields: {item: {like: item}, rank: {position: from_start, vocab: 4}}}"
    used = ("item", "negatives.item", "negatives.rank", "click")
    batch = everything(opened(shop, "{sampled: 3}", features, used))
    assert steps(batch, "negatives.rank").values[:6].tolist() == [1, 2, 3, 1, 2, 3]
    assert steps(batch, "negatives.item").values.min() > 0
    assert opened(shop, "{sampled: 3}", features, used).describe()["negatives"] == {"sampled": 3, "candidates": 30}
    short = features.replace("vocab: 4", "vocab: 3")
    _, report = shop.open(f"{DATA}negatives: {{sampled: 3}}", short, used=used)
    assert "positions of `negatives` reach 3" in str(report)


def test_a_model_without_negatives_ignores_them(shop: Project) -> None:
    with_, without = (
        shop.dataset(f"{DATA}{more}", FEATURES, used=("user", "item", "click"))
        for more in ("negatives: {sampled: 3}", "")
    )
    assert_equal(list(with_.splits["train"].batches(100)), list(without.splits["train"].batches(100)))


@pytest.mark.parametrize("sampled", ["{sampled: 3}", "{sampled: 3, hard: shown}"])
def test_other_data_have_their_own_candidates_or_none(shop: Project, sampled: str) -> None:
    features, used = HARD_FEATURES.replace("{vocab: 200}", "{vocab: auto}"), (*USED, *HARD[1:3])
    if "hard" not in sampled:
        features, used = FEATURES.replace("{vocab: 200}", "{vocab: auto}"), USED
    opened(shop, sampled, features, used).save_vocabularies(shop.folder / "learned")
    shop.parquet(
        "later.parquet", user=[1, 2], time=[9, 9], item=[3, 4], category=[3, 4], click=[1, 0], shown=[[3], [4]]
    )
    data = DATA.replace("log", "later").replace("leave_last", "leave_last, valid: 0")
    other = shop.dataset(f"{data}negatives: {sampled}", features, used=used, fitted=shop.folder / "learned")
    batch = everything(other, "test")
    assert steps(batch, "negatives.item").lengths.tolist() == [0, 0] and batch["item"].min() > 0


AGE = "item: {vocab: 200}\nnegatives: {fields: {item: {like: item}, time: {raw: int64}, age: {AGE}}}"
WRONG = [
    ("", FEATURES, USED, ["E208 `data` does not say what `negatives` are", "E208 `negatives.logq` reads"]),
    ("negatives: {hard: shown}", FEATURES, USED, ["E208 `data` does not say", "E208 `negatives.logq` reads"]),
    ("negatives: {alpha: 0.5}", FEATURES, ("item",), ["E101 `alpha` needs `sampled`"]),
    ("negatives: {sampled: 1, by: uniform, alpha: 2}", FEATURES, ("item",), ["E101 `alpha` has no meaning beside"]),
    ("negatives: {hard: show}", HARD_FEATURES, HARD, ["E502 "]),
    (
        "negatives: {hard: far} # words",
        HARD_FEATURES,
        HARD,
        ["E505 none of the 60 items in `far` is one of the 9 items"],
    ),
    (
        "negatives: {hard: word}",
        HARD_FEATURES,
        HARD,
        ["E503 column `word` is string, and items of the training part are int64"],
    ),
    (
        "negatives: {sampled: 2}",
        AGE.replace("AGE", "calendar: minutes_since(time), buckets: 3, unit: s"),
        ("item", "negatives.item", "negatives.age"),
        ["E208 `negatives.age` depends on the sample"],
    ),
]


@pytest.mark.parametrize(("negatives", "features", "used", "wanted"), WRONG)
def test_mistakes(shop: Project, negatives: str, features: str, used: tuple[str, ...], wanted: list[str]) -> None:
    rows = np.arange(60)
    shop.parquet(
        "words.parquet",
        user=rows // 6,
        time=rows,
        item=rows % 9,
        category=rows % 7,
        click=rows // 2 % 2,
        word=["a"] * 60,
        far=rows + 100,
    )
    data = DATA.replace("log.parquet", "words.parquet") if "word" in negatives else DATA
    found = shop.errors(data + negatives, features, used=used)
    assert len(found) == len(wanted)
    for message, start in zip(found, wanted, strict=True):
        assert message.startswith(start), found
