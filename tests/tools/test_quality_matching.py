"""The table of retrieval: every trial compiles, kept results are lines, and the baselines are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import blockrec
from tools.quality_matching import CARDS, COSTS, METRICS, answer, generated, trials
from tools.retrieval_baselines import retrieved
from tools.study_store import Store, named

METRIC = "hit@50_catalogue"


@pytest.mark.parametrize("card", CARDS)
def test_every_trial_is_a_model_of_its_own(card: str) -> None:
    every = trials(card)
    assert len({named(trial) for trial in every}) == len(every)
    for trial in every:
        _, graph, report = blockrec.check(trial.model, sets=trial.sets, data=card)
        assert graph is not None, str(report)


def test_every_kind_of_negatives_is_one(tmp_path: Path) -> None:
    card = generated(tmp_path)
    for trial in COSTS:
        _, graph, report = blockrec.check(trial.model, variants=trial.variants, sets=trial.sets, data=str(card))
        assert graph is not None, str(report)


def test_a_line_for_each_model_that_was_run(tmp_path: Path) -> None:
    store, (first, *_) = Store(tmp_path / "kept.jsonl"), trials("movielens_100k")
    names = (METRIC, "hit@10_catalogue", "hit@100_catalogue", "ndcg@10_catalogue", "ndcg@100_catalogue")
    store.keep(first, 1, {**dict.fromkeys(names, 0.3), "rows/s": 1000.0})
    lines = answer(store, "movielens_100k", {"popularity": dict.fromkeys(names, 0.2)}).splitlines()
    assert lines[2] == "| popularity | 0.2000 | 0.2000 | 0.2000 | 0.2000 | 0.2000 | 1.00 |  |"
    assert lines[3].startswith("| DSSM | 0.3000 ± 0.0000") and lines[3].endswith("| 1.50 | 1,000 |") and len(lines) == 4


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Users of two groups, each with ten items of its own; two more items are popular with all."""
    draw = np.random.default_rng(0)
    user = np.repeat(np.arange(40), 8)
    own = 10 * (user % 2) + draw.integers(0, 10, len(user))
    item = np.where(draw.random(len(user)) < 0.3, 20 + draw.integers(0, 2, len(user)), own)
    rows = {"user": user, "time": np.tile(np.arange(8), 40), "item": item, "category": item % 3}
    pq.write_table(pa.table({**rows, "click": np.ones(len(user), np.int64)}), tmp_path / "log.parquet")
    card = tmp_path / "card.yaml"
    card.write_text(
        "blockrec: 1\nfeatures:\n  user: {vocab: auto}\n  item: {vocab: auto}\n  category: {vocab: 3}\n"
        "  behaviors: {max_len: 2, fields: {item: {like: item}}}\nlabels: {click: {type: float}}\n"
        "data: {events: log.parquet, split: {by: leave_last}}\n",
        "utf-8",
    )
    return card


def test_neighbours_know_groups_and_popularity_does_not(log: Path) -> None:
    found = retrieved(str(log), ["eval.catalogue.seen=keep"], [{"hit": {"k": [2, 12], "over": "catalogue"}}])
    table = pq.read_table(log.with_name("log.parquet")).to_pydict()
    last = [item for item, time in zip(table["item"], table["time"], strict=True) if time == 7]
    popular = sum(item >= 20 for item in last) / len(last)
    assert found["popularity"]["hit@2_catalogue"] == pytest.approx(popular)
    assert found["item-kNN"]["hit@12_catalogue"] > 0.9 > found["popularity"]["hit@12_catalogue"]
    assert METRICS[0]["hit"]["k"][0] == 50  # type: ignore[index]  # the checkpoint is chosen by it
