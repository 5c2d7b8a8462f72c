"""Groups of metrics are the values in the data, also of ids that share a row of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from blockrec.run.evaluate import evaluate
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from tests.metrics.words import value

MODEL = """
blockrec: 1
name: groups
features:
  user: {FEATURE, column: who}
  item: {vocab: 20}
labels: [click]
graph: {v: {block: embed, in: [user, item], dim: 4}, logit: {block: linear, in: v, out: 1}}
tasks: {click: {logits: logit, loss: bce, metrics: [{gauc: {by: user}}, {gauc: {by: who}}, {gauc: {by: item}}]}}
data: DATA
"""
SPLIT = "split: {by: user, valid: 0, test: 0.5}"
DATA = {
    "events": f"{{events: train.parquet, user: who, samples: {{from: test.parquet}}, {SPLIT}}}",
    "rows": "{train: train.parquet, test: test.parquet, user: who}",
}


@pytest.mark.parametrize("source", DATA)
@pytest.mark.parametrize("feature", ["vocab: auto", "hash: 2", "vocab: auto, cold: 2", "hash: 1000"])
def test_unseen_and_colliding_users_are_groups_of_their_own(tmp_path: Path, source: str, feature: str) -> None:
    draw = np.random.default_rng(0)
    for name, users in (("train", range(10)), ("test", range(10, 40))):
        who = np.repeat([f"u{user}" for user in users], 8)
        rows = len(who)
        columns = {"who": who, "item": draw.integers(0, 20, rows), "click": draw.integers(0, 2, rows)}
        pq.write_table(pa.table({**columns, "time": np.arange(rows)}), tmp_path / f"{name}.parquet")
    text = MODEL.replace("FEATURE", feature).replace("DATA", DATA[source])
    (tmp_path / "model.yaml").write_text(text, "utf-8")
    job = prepare(tmp_path / "model.yaml", Wishes(), Log(Console(quiet=True)))
    test = job.dataset.splits["test"]
    found = evaluate(job.model, test, "test", job.tasks, batch_size=1000, device=job.device)
    (batch,) = test.batches(1000)
    assert found is not None and test.rows > 100
    logits, labels, items = job.model.eval()(batch)["click"].detach()[:, 0], batch["click"], batch["item"]
    groups = np.arange(test.rows) // 8  # a user's samples are neighbours
    wanted = value({"gauc": {"by": "user"}}, logits.sigmoid(), labels, groups)
    assert found.metrics["test/click/gauc"] == pytest.approx(wanted)
    assert found.metrics["test/click/gauc_who"] == pytest.approx(wanted)
    assert found.metrics["test/click/gauc_item"] == pytest.approx(
        value({"gauc": {"by": "item"}}, logits.sigmoid(), labels, items)
    )
