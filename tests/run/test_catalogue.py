"""Rankings of the whole catalogue against scoring one pair after another."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from rich.console import Console

from blockrec.data.batching.catalogue import Catalogue
from blockrec.jagged import Jagged
from blockrec.run.catalogue import Ranker
from blockrec.run.evaluate import Scores, evaluate
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare

MODEL = """
blockrec: 1
name: ranked
features:
  user: {vocab: auto}
  item: {vocab: auto}
  kind: {vocab: 5}
  tags: {vocab: auto, pool: mean}
  past: {max_len: 2, fields: {item: {like: item}}}
labels: {good: {column: stars, at_least: 3}, fine: {column: stars, at_least: 2}}
graph:
  v: {block: embed, in: [user, item, kind, tags], dim: 3}
  h: {block: embed, in: past, dim: 3}
  m: {block: mean_pool, in: h}
  x: {block: mlp, in: [v, m], hidden: [8]}
  logit: {block: linear, in: x, out: 1}
tasks:
  good:
    logits: logit
    loss: bce
    metrics:
      - auc
      - hit: {k: [1, 4, 100], over: catalogue}
      - recall: {k: 4, over: catalogue}
      - precision: {k: 4, over: catalogue}
      - ndcg: {k: 4, over: catalogue}
      - mrr: {over: catalogue}
  fine: {logits: logit, loss: bce, mask: good, metrics: [{mrr: {over: catalogue}}]}
data:
  events: log.parquet
  split: {by: time, valid: 0.2, test: 0.2}
  batch_size: 16
eval: {catalogue: {items: [item, kind, tags]}}
"""
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log in which item 19 comes only at the end."""
    folder = tmp_path_factory.mktemp("ranked")
    draw, rows = np.random.default_rng(0), 200
    item = draw.integers(0, 19, rows)
    item[-8:-5] = 19
    log = {
        "user": draw.integers(0, 12, rows),
        "time": np.arange(rows),
        "item": item,
        "kind": item % 5,
        "tags": pa.array([[f"t{i % 3}", f"t{i % 4}"][: i % 3] for i in item.tolist()], pa.list_(pa.string())),
        "stars": draw.integers(1, 5, rows),
    }
    pq.write_table(pa.table(log), folder / "log.parquet")
    (folder / "model.yaml").write_text(MODEL, "utf-8")
    return folder


def job_of(folder: Path, *sets: str) -> Job:
    torch.manual_seed(3)
    job = prepare(folder / "model.yaml", Wishes(sets=sets), Log(Console(quiet=True)))
    for parameter in job.model.parameters():
        torch.nn.init.normal_(parameter)
    return job


def measured(job: Job, batch_size: int = 50) -> Scores:
    found = evaluate(
        job.model, job.dataset.splits["test"], "test", job.tasks, batch_size=batch_size, device=CPU, ranker=ranker(job)
    )
    assert found is not None
    return found


def ranker(job: Job, **more: Any) -> Ranker:
    assert job.evaluation.catalogue is not None
    return Ranker(job.dataset.splits, job.evaluation.catalogue, **more)


def row(batch: dict[str, Any], place: int) -> dict[str, Any]:
    """One sample of a batch."""
    found: dict[str, Any] = {}
    for name, value in batch.items():
        if isinstance(value, Jagged):
            steps = value.values[value.offsets[place] : value.offsets[place + 1]]
            found[name] = Jagged(steps, torch.tensor([0, len(steps)]), len(steps))
        else:
            found[name] = value[place : place + 1]
    return found


def slow_places(job: Job, label: str, dropped: bool = False) -> list[float]:
    """The place of each positive among all items, one pair at a time; infinity for an item that is not there."""
    model = job.model.eval()
    predictor, splits = model.only("good").eval(), job.dataset.splits
    train, test = (next(iter(splits[name].batches(1000))) for name in ("train", "test"))
    items = {int(item): row(train, place) for place, item in enumerate(train["item"])}
    places = []
    seen = histories(job, train, test) if dropped else [set()] * len(test["item"])
    for place, wanted in enumerate(test["item"].tolist()):
        if not test[label][place]:
            continue
        if wanted not in items:
            places.append(math.inf)
            continue
        sample, scores = row(test, place), {}
        for item, other in items.items():
            if item == wanted or item not in seen[place]:
                pair = {**sample, **{name: other[name] for name in ("item", "kind", "tags")}}
                with torch.no_grad():
                    scores[item] = torch.sigmoid(predictor(pair)["good"]).item()
        places.append(1 + sum(score > scores[wanted] for score in scores.values()))
    return places


def histories(job: Job, train: dict[str, Any], test: dict[str, Any]) -> list[set[int]]:
    """The items that the user of each test sample met before it: samples of a user are in the order of time."""
    before: dict[int, set[int]] = {}
    found = []
    valid = next(iter(job.dataset.splits["valid"].batches(1000)))
    for part in (train, valid, test):
        for user, item in zip(part["user"].tolist(), part["item"].tolist(), strict=True):
            if part is test:
                found.append(set(before.get(user, ())))
            before.setdefault(user, set()).add(item)
    return found


@pytest.mark.parametrize("batch_size", [7, 50, 10_000])
def test_places_are_those_of_one_pair_after_another(folder: Path, batch_size: int) -> None:
    job = job_of(folder)
    places = slow_places(job, "good")
    assert math.inf in places and len(set(places)) > 4
    found = measured(job, batch_size)
    wanted = {
        "hit@1_catalogue": fmean(p <= 1 for p in places),
        "hit@4_catalogue": fmean(p <= 4 for p in places),
        "hit@100_catalogue": fmean(p <= 100 for p in places),
        "recall@4_catalogue": fmean(p <= 4 for p in places),
        "precision@4_catalogue": fmean((p <= 4) / 4 for p in places),
        "ndcg@4_catalogue": fmean((p <= 4) / math.log2(1 + p) for p in places),
        "mrr_catalogue": fmean(1 / p for p in places),
    }
    got = {name.removeprefix("test/good/"): value for name, value in found.metrics.items() if "catalogue" in name}
    assert got.pop("test/fine/mrr_catalogue") == pytest.approx(wanted["mrr_catalogue"])  # the mask leaves the good ones
    assert got == pytest.approx(wanted)
    assert found.details["test/good/mrr_catalogue"] == {
        "lists": len(places),
        "items": 19,
        "missing": places.count(math.inf),
        "seen": "keep",
    }


def test_seen_items_are_left_out_however_long_ago_they_were_met(folder: Path) -> None:
    job = job_of(folder, "eval.catalogue.seen=drop")
    places = slow_places(job, "good", dropped=True)
    assert places != slow_places(job, "good")
    assert measured(job).metrics["test/good/mrr_catalogue"] == pytest.approx(fmean(1 / p for p in places))


def test_a_sample_of_the_positives_is_always_the_same(folder: Path) -> None:
    job = job_of(folder, "eval.catalogue.rows=5")
    first = measured(job)
    assert first.details["test/good/mrr_catalogue"]["lists"] == 5
    assert measured(job, 13).metrics == pytest.approx(first.metrics)


def test_a_model_that_tells_nothing_ranks_like_chance(folder: Path) -> None:
    job = job_of(folder)
    for parameter in job.model.get_submodule("nodes.logit").parameters():
        torch.nn.init.zeros_(parameter)
    found = measured(job)
    missing = found.details["test/good/mrr_catalogue"]
    share = 1 - missing["missing"] / missing["lists"]
    assert found.metrics["test/good/hit@4_catalogue"] == pytest.approx(share * 4 / 19)


def test_a_score_that_is_no_number_is_said(folder: Path) -> None:
    job = job_of(folder)
    with torch.no_grad():
        next(job.model.get_submodule("nodes.logit").parameters()).fill_(math.nan)
    found = measured(job)
    assert not any("catalogue" in name for name in found.metrics)
    assert any("lists have a score that is no finite number" in reason for reason in found.undefined)


def test_it_stops_when_asked(folder: Path) -> None:
    job = job_of(folder)
    asked = iter([False] * 3 + [True] * 100)
    split = job.dataset.splits["test"]
    found = evaluate(
        job.model, split, "test", job.tasks, batch_size=50, device=CPU, ranker=ranker(job), stop=lambda: next(asked)
    )
    assert found is None


def test_an_item_is_the_one_of_its_last_training_sample(folder: Path) -> None:
    job = job_of(folder)
    train = job.dataset.splits["train"]
    catalogue = Catalogue.of(train, ["item", "kind", "tags"], ["item", "kind"])
    items = train.gather.columns["item"][train.first : train.first + train.rows]
    assert catalogue.ids.tolist() == sorted(set(items.tolist()))
    last = {int(item): train.first + place for place, item in enumerate(items)}
    assert catalogue.rows.tolist() == [last[item] for item in catalogue.ids.tolist()]
    assert catalogue.places(np.array([*catalogue.ids, 999, -5])).tolist() == [*range(len(catalogue)), -1, -1]


def test_a_feature_that_goes_with_the_item_is_doubted(folder: Path) -> None:
    job = job_of(folder, "eval.catalogue.items=[item, tags]")
    (doubt,) = ranker(job).doubts(job.model, job.tasks)
    assert doubt.startswith("`kind` has one value for each item") and "eval.catalogue.items" in doubt
    whole = job_of(folder)
    assert [*ranker(whole).doubts(whole.model, whole.tasks)] == []


def test_a_long_ranking_says_how_far_it_is(folder: Path) -> None:
    job, said, clock = job_of(folder), [], iter(range(0, 10**6, 11))
    place = ranker(job, say=said.append, now=lambda: float(next(clock))).places(
        job.model, job.tasks[0], "test", batch_size=50, device=CPU, stop=lambda: False
    )
    assert place is not None and said[-1].startswith("test catalogue 100% eta 0") and len(said) > 3
