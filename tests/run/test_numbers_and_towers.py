"""A model of numbers and two towers, measured by what suits them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from rich.console import Console

from blockrec.run import run
from blockrec.run.evaluate import evaluate
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare

NUMBERS = """
blockrec: 1
name: numbers
features: {user: {vocab: 12}, item: {vocab: 60}}
labels: {seconds: {type: float}}
graph:
  v: {block: embed, in: [user, item], dim: 4}
  watched: {block: linear, in: v, out: 1}
tasks: {seconds: {logits: watched, loss: squared_error, metrics: [rmse, mae, xauc, {rmse: {by: user}}]}}
data: {events: log.parquet, split: {by: time, valid: 0.2, test: 0.2}, batch_size: 64}
train: {optimizer: {dense: {adam: {lr: 0.05}}, sparse: {lazy_adam: {lr: 0.05}}}}
"""
TOWERS = """
blockrec: 1
name: towers
features: {user: {vocab: 12}, item: {vocab: 60}}
labels: {taken: {column: seconds, type: float}}
graph:
  who: {block: embed, in: user, dim: 8}
  what: {block: embed, in: item, dim: 8}
  score: {block: similarity, in: {query: who, item: what}, similarity: cosine, temperature: 0.2}
losses:
  match:
    block: match_softmax
    similarity: cosine
    temperature: 0.2
    in: {query: who, item: what, item_id: item}
tasks: {taken: {logits: score, loss: bce, weight: 0, metrics: [{hit: {k: 6, over: catalogue}}]}}
data: {events: log.parquet, split: {by: time, valid: 0.2, test: 0.2}, batch_size: 64}
train: {optimizer: {dense: {adam: {lr: 0.05}}, sparse: {lazy_adam: {lr: 0.05}}}}
eval: {catalogue: {items: [item]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users take items with their own last digit, and watch them for a time that is the item's."""
    folder = tmp_path_factory.mktemp("watched")
    draw = np.random.default_rng(0)
    user = np.tile(np.arange(10), 100)
    item = 10 * draw.integers(0, 6, 1000) + user
    seconds = 1 + (item * 7 % 11) / 2 + draw.random(1000)
    log = {"user": user, "time": np.arange(1000), "item": item, "seconds": seconds}
    pq.write_table(pa.table(log), folder / "log.parquet")
    (folder / "numbers.yaml").write_text(NUMBERS, "utf-8")
    (folder / "towers.yaml").write_text(TOWERS, "utf-8")
    return folder


def test_numbers_are_predicted_as_they_are(folder: Path, tmp_path: Path) -> None:
    done = run(folder / "numbers.yaml", epochs=15, runs_dir=tmp_path)
    values = pq.read_table(folder / "log.parquet").column("seconds").to_numpy()[800:]
    assert done.metrics["test/seconds/rmse"] < 0.5 < values.std()
    assert done.metrics["test/seconds/xauc"] > 0.9
    assert done.metrics["test/seconds/mae"] <= done.metrics["test/seconds/rmse"]
    result = json.loads((done.directory / "result.json").read_text("utf-8"))
    assert result["best"]["metrics"]["valid/seconds/rmse"] <= result["last"]["metrics"]["valid/seconds/rmse"]


def test_metrics_of_numbers_are_those_of_the_predictions(folder: Path) -> None:
    job = prepare(folder / "numbers.yaml", Wishes(), Log(Console(quiet=True)))
    test = job.dataset.splits["test"]
    found = evaluate(job.model, test, "test", job.tasks, batch_size=33, device=job.device)
    (batch,) = test.batches(1000)
    with torch.no_grad():
        errors = (job.model.eval()(batch)["seconds"][:, 0] - batch["seconds"]).double().numpy()
    users = batch["user"].numpy()
    assert found is not None
    assert found.metrics["test/seconds/rmse"] == pytest.approx(np.sqrt((errors**2).mean()))
    assert found.metrics["test/seconds/mae"] == pytest.approx(np.abs(errors).mean())
    by_user = [(np.sqrt((errors[users == u] ** 2).mean()), (users == u).sum()) for u in np.unique(users)]
    wanted = np.average([value for value, _ in by_user], weights=[size for _, size in by_user])
    assert found.metrics["test/seconds/rmse_user"] == pytest.approx(wanted)


def test_towers_find_what_is_taken_among_all_items(folder: Path, tmp_path: Path) -> None:
    done = run(folder / "towers.yaml", epochs=8, runs_dir=tmp_path)
    assert done.metrics["test/taken/hit@6_catalogue"] > 0.8  # of 60 items six are the user's; chance is 0.1
