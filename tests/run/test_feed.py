"""The batches of a run: as `data:` says, the same after a resume, cut by tokens and block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from blockrec.jagged import Jagged
from blockrec.run.batches import Batch
from blockrec.run.log import Log
from blockrec.run.loop import Loop
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.summary import beginning
from tests.data.batching.test_batches import assert_equal

MODEL = """
blockrec: 1
name: little
features:
  user: {vocab: 20}
  item: {vocab: 30}
  behaviors: {max_len: 12, fields: {item: {like: item}}}
  negatives: {fields: {item: {like: item}}}
labels: [click]
graph:
  target: {block: embed, in: [user, item], dim: 4}
  steps: {block: embed, in: behaviors.item, dim: 4}
  others: {block: embed, in: negatives.item, dim: 4}
  recent: {block: mean_pool, in: steps}
  drawn: {block: mean_pool, in: others}
  deep: {block: mlp, in: [target, recent, drawn], hidden: [4], dropout: 0.1}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {events: log.parquet, batch_size: 50, negatives: {sampled: 2}}
"""
SETTINGS = {
    "samples": ["data.batch_size=32"],
    "tokens": ["data.batch_tokens=300"],
    "blocks": ["data.batch_tokens=200", "data.shuffle={blocks: 2, rows: 40}"],
    "in order": ["data.shuffle=false"],
}
EVERY = pytest.mark.parametrize("sets", SETTINGS.values(), ids=SETTINGS)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    user, item = rng.integers(0, 20, 600), rng.integers(0, 30, 600)
    log = {"user": user, "time": np.arange(600), "item": item, "click": rng.integers(0, 2, 600)}
    pq.write_table(pa.table(log), tmp_path / "log.parquet")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    return tmp_path / "model.yaml"


def prepared(model: Path, sets: list[str], **more: Any) -> Job:
    return prepare(model, Wishes(sets=sets, seed=4, **more), Log(Console(quiet=True)))


@EVERY
def test_an_epoch_has_the_batches_that_are_promised(model: Path, sets: list[str]) -> None:
    job = prepared(model, sets, epochs=3)
    assert job.plan.steps == 3 * job.feed.per_epoch
    for epoch in (0, 1):
        batches = list(job.feed.batches(epoch))
        assert len(batches) == job.feed.per_epoch
        assert sum(len(batch["click"]) for batch in batches) == job.dataset.splits["train"].rows  # type: ignore[arg-type]


def test_tokens_are_those_of_the_histories(model: Path) -> None:
    job = prepared(model, SETTINGS["tokens"], epochs=1)
    histories = [batch["behaviors.item"] for batch in job.feed.batches(0)]
    tokens = [len(h.values) + h.batch for h in histories if isinstance(h, Jagged)]
    assert len(tokens) == -(-sum(tokens) // 300) and max(tokens) < 600
    assert job.eval_batch_size == 50
    assert ("training", "of 300 tokens, 1 epoch") in [(t, d.partition("steps ")[2]) for t, d in beginning(job)]


def seen(model: Path, sets: list[str], done: int) -> list[Batch]:
    """The batches of two epochs after step `done`."""
    job = prepared(model, sets, epochs=2)
    loop = Loop(job.model, job.updater, job.feed, job.plan, job.device, done=done)
    return [loop.batch for _ in loop.steps()]


@EVERY
def test_a_loop_goes_on_with_the_batches_that_were_left(model: Path, sets: list[str]) -> None:
    whole = seen(model, sets, 0)
    for done in (7, len(whole) // 2, len(whole) // 2 + 3, len(whole) - 1):
        assert_equal(seen(model, sets, done), whole[done:])  # type: ignore[arg-type]
