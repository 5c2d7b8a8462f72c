"""Negatives are as popular as the items of the training part, and never what the user has met."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from blockrec.data.sampling.negatives import Forbidden, draw
from blockrec.jagged import Jagged
from tests.data.conftest import FEATURES, Project, visits

DATA = """
events: log.parquet
samples: {positives: {where: rating >= 4}, negatives: {per_positive: 3}}
split: {by: leave_last}
"""


def test_draws_follow_the_weights() -> None:
    weights = np.array([0, 10, 30, 60, 0])
    nothing = Forbidden.of(np.array([], int), np.array([], int), 5)
    drawn = draw(np.zeros(50_000, int), weights, nothing, np.random.default_rng(0))
    shares = np.bincount(drawn, minlength=5) / len(drawn)
    # Four standard deviations of a share.
    assert np.abs(shares - weights / 100).max() < 4 * 0.5 / np.sqrt(len(drawn))


def test_draws_follow_the_weights_of_what_is_allowed() -> None:
    """Also where nearly everything is refused, so that the allowed items are listed."""
    weights = np.array([10**9, 10, 30, 60])
    forbidden = Forbidden.of(np.array([0, 0]), np.array([0, 3]), 4)
    drawn = draw(np.zeros(4000, int), weights, forbidden, np.random.default_rng(0))
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    assert shares[[0, 3]].tolist() == [0, 0] and abs(shares[1] - 0.25) < 4 * 0.5 / np.sqrt(len(drawn))


def test_a_user_who_has_met_everything_gets_none() -> None:
    forbidden = Forbidden.of(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    assert draw(np.array([0, 1, 0]), np.array([1, 1]), forbidden, np.random.default_rng(0)).tolist() == [-1, 0, -1]


@pytest.fixture
def shop(project: Project) -> Project:
    log = visits()
    project.parquet(**log, rating=np.full(len(log["user"]), 5), device=log["user"] % 2)
    return project


WITH_ATTRIBUTES = DATA + "items: {attributes: [category]}"
FEATURES_HERE = FEATURES + "category: {vocab: 100}\ndevice: {vocab: 2}\n"
USED = ("user", "item", "category", "device", "behaviors.item", "behaviors.time", "click")


def drawn(project: Project, data: str = DATA):  # type: ignore[no-untyped-def]
    """Per sample of all parts: user, item (values of the log), category, device, click; and the dataset."""
    dataset = project.dataset(data, FEATURES_HERE, used=USED)
    batches = [batch for split in dataset.splits.values() for batch in split.batches(1000)]
    rows = [[batch[name].numpy() for name in ("user", "item", "category", "device", "click")] for batch in batches]  # type: ignore[union-attr]
    columns = [np.concatenate(found) for found in zip(*rows, strict=True)]
    for i, root in enumerate(("user", "item")):
        values = dataset.values[root].values.to_numpy()
        columns[i] = np.where(columns[i] > 0, values[columns[i] - 1], -1)
    return columns, dataset


def test_negatives_were_never_met_by_the_user(shop: Project) -> None:
    (user, item, _, _, click), _ = drawn(shop)
    table = shop_events(shop)
    for u, i in zip(user[click == 0], item[click == 0], strict=True):
        assert not pc.any(pc.and_(pc.equal(table["user"], u), pc.equal(table["item"], i))).as_py()


def shop_events(project: Project):  # type: ignore[no-untyped-def]
    import pyarrow.parquet as pq

    return pq.read_table(project.folder / "log.parquet")


def test_each_positive_is_followed_by_its_negatives(shop: Project) -> None:
    (user, _, _, device, click), dataset = drawn(shop, WITH_ATTRIBUTES)
    assert click.reshape(-1, 4).tolist() == [[1, 0, 0, 0]] * (len(click) // 4)
    assert (user.reshape(-1, 4) == user[::4, None]).all() and (device == user % 2).all()
    (batch,) = dataset.splits["test"].batches(1000)
    history = batch["behaviors.item"]
    assert isinstance(history, Jagged)
    steps = [history.values[a:b].tolist() for a, b in zip(history.offsets[:-1], history.offsets[1:], strict=True)]
    assert all(steps[i] == steps[i - i % 4] for i in range(len(steps)))


def test_the_attributes_of_a_negative_are_those_of_its_item(shop: Project) -> None:
    (_, item, category, _, click), _ = drawn(shop, WITH_ATTRIBUTES)
    seen = item >= 0
    assert (category[seen] == item[seen] % 7).all() and (click[seen] == 0).any()


def test_popularity_is_counted_in_the_training_part(shop: Project) -> None:
    (_, item, _, _, click), dataset = drawn(shop, DATA.replace("per_positive: 3", "per_positive: 3, avoid: target"))
    assert 99 not in dataset.values["item"].values.to_pylist()
    counts = np.bincount(item[(click == 0) & (item >= 0)], minlength=30)
    assert counts[:5].sum() > counts[10:].sum() > 0
    assert (click[item < 0] == 1).all()


def test_uniform_negatives_are_less_popular(shop: Project) -> None:
    (_, popular, _, _, click), _ = drawn(shop)
    (_, uniform, _, _, _), _ = drawn(shop, DATA.replace("per_positive: 3", "per_positive: 3, by: uniform"))
    assert uniform[click == 0].mean() > popular[click == 0].mean() + 3


def test_avoiding_the_target_only(shop: Project) -> None:
    data = DATA.replace("per_positive: 3", "per_positive: 3, avoid: target")
    (user, item, _, _, _), _ = drawn(shop, data)
    groups = item.reshape(-1, 4)
    assert (groups[:, 1:] != groups[:, :1]).all()
    table = shop_events(shop)
    met = set(zip(table["user"].to_pylist(), table["item"].to_pylist(), strict=True))
    negatives = [(u, i) for k, (u, i) in enumerate(zip(user.tolist(), item.tolist(), strict=True)) if k % 4]
    assert any(pair in met for pair in negatives)


def test_the_draw_is_the_same_again_and_another_with_another_seed(shop: Project, tmp_path_factory) -> None:  # type: ignore[no-untyped-def]
    first, _ = drawn(shop)
    import shutil

    shutil.rmtree(shop.folder / "cache")
    again, _ = drawn(shop)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    other, _ = drawn(shop, DATA.replace("per_positive: 3", "per_positive: 3, seed: 1"))
    assert (first[1] != other[1]).any()


def test_every_and_last_choose_from_the_end(project: Project) -> None:
    project.parquet(user=[0] * 12, time=list(range(12)), item=list(range(12)), rating=[5] * 10 + [1, 5])
    data = """
events: log.parquet
samples: {positives: {where: rating >= 4, every: 3, last: 8}, negatives: {avoid: target}}
split: {by: leave_last, valid: 0, test: 0}
"""
    dataset = project.dataset(data)
    (batch,) = dataset.splits["train"].batches(100)
    items = dataset.values["item"].values.to_numpy()[batch["item"].numpy() - 1]  # type: ignore[union-attr]
    # The positives are 0 … 9 and 11: of the last eight (3 … 9, 11) every third, counted from the end.
    assert items[::2].tolist() == [4, 7, 11]


def test_the_newest_are_taken_before_every_counts(project: Project) -> None:
    """One to test, one to validate, and every fifth of what is before: as in the preparation of DARE."""
    project.parquet(user=[0] * 20 + [1] * 3, time=list(range(23)), item=[*range(20), 0, 1, 2])
    data = "events: log.parquet\nsamples: {positives: {every: 5, newest: 2, last: 15}, negatives: {avoid: target}}"
    dataset = project.dataset(f"{data}\nsplit: {{by: leave_last}}")
    rows = {
        part: split.gather.columns["behaviors/end"][split.first :][: split.rows]
        for part, split in dataset.splits.items()
    }
    # Of user 0 the events 17, 12, 7 | 18 | 19, of user 1 (from event 20 on) one each; twice, with a negative.
    assert {part: sorted(ends.tolist()) for part, ends in rows.items()} == {
        "train": [7, 7, 12, 12, 17, 17, 20, 20],
        "valid": [18, 18, 21, 21],
        "test": [19, 19, 22, 22],
    }
