"""Two towers that learn which items a user takes, from each kind of negatives; and mistakes about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from rich.console import Console

from blockrec.run.log import Log
from blockrec.run.loop import Loop
from blockrec.run.prepare import Job, Wishes, prepare

MODEL = """
blockrec: 1
name: two_towers
features:
  user: {vocab: 40}
  item: {vocab: 60}
  kind: {vocab: 4}
  popularity: {dense: 1, column: log_popularity}
  negatives:
    fields: {item: {like: item}, kind: {like: kind}, logq: {dense: 1, column: log_probability}}
  hard_negatives:
    fields: {item: {like: item}, kind: {like: kind}, popularity: {dense: 1, column: log_popularity}}
graph:
  who: {block: embed, in: user, dim: 8}
  query: {block: linear, in: who, out: 8}
  target: {block: embed, in: [item, kind], dim: 4}
  item_tower: {block: linear, in: target, out: 8}
  drawn: {block: embed, in: [negatives.item, negatives.kind], dim: 4}
  drawn_tower: {share: item_tower, in: drawn}
  shown: {block: embed, in: [hard_negatives.item, hard_negatives.kind], dim: 4}
  shown_tower: {share: item_tower, in: shown}
losses:
  match:
    block: match_softmax
    in: {query: query, item: item_tower, item_id: item}
outputs: {query: query, item: item_tower}
data:
  events: log.parquet
  split: {by: leave_last, valid: 0, test: 1}
  negatives: {sampled: 8, hard: shown}
  batch_size: 100
train: {optimizer: {dense: {adam: {lr: 0.01}}, sparse: {lazy_adam: {lr: 0.01}}}}
variants:
  in_batch: {}
  in_batch_logq: {losses: {match: {in: {item_logq: popularity}}}}
  sampled: {losses: {match: {in_batch: false, in: {negatives: drawn_tower, negatives_id: negatives.item}}}}
  shared: {losses: {match: {shared: true, similarity: cosine, temperature: 0.2}}}
  logq: {losses: {match: {in: {negatives_logq: negatives.logq, item_logq: popularity}}}}
  hard:
    losses:
      match: {in: {hard: shown_tower, hard_id: hard_negatives.item, hard_logq: hard_negatives.popularity}}
"""
KINDS = ["in_batch", "in_batch_logq", "sampled", "sampled,shared", "sampled,logq", "hard", "sampled,logq,hard"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Users take items whose last digit is theirs, popular ones more often; what they were shown has another one."""
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(40), 25)
    item = 10 * np.minimum(rng.geometric(0.3, 1000) - 1, 5) + user % 10
    shown = (item[:, None] + rng.integers(1, 10, (1000, 3))) % 60
    time = np.tile(np.arange(25), 40)
    log = {"user": user, "time": time, "item": item, "kind": item % 4, "shown": pa.array(list(shown))}
    pq.write_table(pa.table(log), tmp_path / "log.parquet")
    (tmp_path / "model.yaml").write_text(MODEL, "utf-8")
    return tmp_path / "model.yaml"


def prepared(model: Path, variants: str, **more: Any) -> Job:
    return prepare(model, Wishes(variants=tuple(variants.split(",")), seed=1, **more), Log(Console(quiet=True)))


def share_of_own(job: Job) -> float:
    """How often the best of all items for a user is one that it takes."""
    (batch,) = job.dataset.splits["train"].batches(10_000)
    with torch.no_grad():
        found = job.model(batch)
    items, first = np.unique(batch["item"].numpy(), return_index=True)
    best = (found["query"] @ found["item"][first].T).argmax(1).numpy()
    return float((items[best] % 10 == batch["user"].numpy() % 10).mean())


@pytest.mark.parametrize("variants", KINDS)
def test_it_learns(shop: Path, variants: str) -> None:
    job = prepared(shop, variants, steps=150)
    before = share_of_own(job)
    loop = Loop(job.model, job.updater, job.feed, job.plan, job.device)
    losses = [loop.losses.latest for _ in loop.steps()]
    assert losses[-1] < losses[0] and before < 0.4
    assert share_of_own(job) > 0.8
