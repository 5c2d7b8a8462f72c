"""Heads of a model: one of several classes, and a number, from data to metrics and predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

import blockrec
from blockrec.diagnostics import BlockrecError
from blockrec.jagged import Jagged
from blockrec.run import run
from blockrec.run.predict import predict
from tests.graph.conftest import caret

ROWS, KINDS = 400, 4
MODEL = """
blockrec: 1
name: heads
features: {item: {vocab: 20}}
labels: {kind: {classes: 4}, price: {type: float}}
graph:
  v: {block: embed, in: item, dim: 8}
  kinds: {block: linear, in: v, out: 4}
  number: {block: linear, in: v, out: 1}
tasks:
  kind: {logits: kinds, loss: {block: softmax, smoothing: 0.05}, metrics: [accuracy, {accuracy: {by: item}}]}
  price: {logits: number, loss: squared_error, metrics: [rmse], weight: 0.5}
data: {train: rows.parquet, batch_size: 64}
train: {epochs: 40, optimizer: {dense: {adam: {lr: 0.05}}, sparse: {lazy_adam: {lr: 0.05}}}}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    items = np.random.default_rng(0).integers(20, size=ROWS)
    rows = {"item": items, "kind": items % KINDS, "price": items / 10}
    pq.write_table(pa.table(rows), tmp_path / "rows.parquet")
    path = tmp_path / "model.yaml"
    path.write_text(MODEL, "utf-8")
    return path


def test_classes_and_numbers_are_learned_and_predicted(model: Path) -> None:
    result = run(model, runs_dir=model.parent / "runs")
    assert result.metrics["test/kind/accuracy"] == result.metrics["test/kind/accuracy_item"] == 1
    assert result.metrics["test/price/rmse"] < 0.4
    assert result.directory is not None
    out = model.parent / "out.parquet"
    written = predict(result.directory, out, keep=["kind"], split="all")
    table = pq.read_table(written.out)
    assert table.column("kind").equals(table.column("kind_label").cast(pa.int64()))


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        ("classes: 4", "classes: 3", "E310", "kinds"),
        ("loss: {block: softmax, smoothing: 0.05}", "loss: bce", "E310", "kinds"),
        ("[accuracy, {accuracy: {by: item}}]", "[auc]", "E107", "auc"),
        ("{classes: 4}", "{classes: 4, at_least: 2}", "E101", "classes"),
        ("{classes: 4}", "{classes: 4, type: float}", "E101", "type"),
        ("{classes: 4}", "{classes: 1}", "E106", "1"),
    ],
)
def test_mistakes(model: Path, old: str, new: str, code: str, at: str) -> None:
    model.write_text(model.read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(BlockrecError) as raised:
        run(model, runs_dir=model.parent / "runs")
    first = raised.value.diagnostics.errors[0]
    assert (first.code, caret(first)) == (code, at)


@pytest.mark.parametrize("wrong", [4.0, -1.0, 0.5])
def test_a_class_that_is_none_names_its_row(model: Path, wrong: float) -> None:
    table = pq.read_table(model.parent / "rows.parquet")
    kinds = table.column("kind").to_numpy().astype(float)
    kinds[7] = wrong
    pq.write_table(table.set_column(1, "kind", pa.array(kinds)), model.parent / "rows.parquet")
    with pytest.raises(BlockrecError, match=rf"label `kind` is {wrong:g} in .* from 0 to 3") as raised:
        run(model, runs_dir=model.parent / "runs")
    assert raised.value.diagnostics.errors[0].code == "E505"


def test_values_of_a_list_have_weights() -> None:
    """A weighted bag is a sequence of ids and weights, summed by them; an empty one is zeros."""
    text = """
blockrec: 1
name: weighted
features: {tags: {max_len: 4, fields: {id: {vocab: 9, dim: 3}, weight: {raw: float32}}}}
graph:
  tag: {block: embed, in: tags.id}
  bag: {block: weighted_sum, in: {scores: tags.weight, values: tag}}
outputs: {bag: bag}
"""
    model = blockrec.compile(text)
    ids, weights = Jagged.from_lists([[1, 2], [], [3]]), Jagged.from_lists([[0.5, 2.0], [], [1.5]])
    table = model.get_parameter("tables.main.tags.id.weight")
    bag = model({"tags.id": ids, "tags.weight": weights})["bag"]
    wanted = torch.stack([0.5 * table[1] + 2 * table[2], 0 * table[0], 1.5 * table[3]])
    torch.testing.assert_close(bag, wanted)
