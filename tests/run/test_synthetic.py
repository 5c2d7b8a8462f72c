"""Runs without a data set: on the generated card if it offers what the model reads, else on random rows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from blockrec.diagnostics import BlockrecError
from blockrec.run import run

MODEL = """
blockrec: 1
name: toy
features:
  user: {hash: 100}
  item: {vocab: auto}
  price: {dense: 2, norm: zscore}
  age: {buckets: 4}
  tags: {vocab: auto, pool: mean}
  hour: {calendar: hour}
  seen:
    max_len: 6
    fields:
      item: {like: item}
      place: {position: from_end}
      time: {raw: int64}
      old: {buckets: 3, calendar: minutes_since(time)}
labels: {click: {}, liked: {column: rating, at_least: 4}, flag: {column: bits, bit: 3}, spent: {type: float}}
graph:
  target: {block: embed, in: [user, item, age, hour], dim: 4}
  words: {block: embed, in: tags, dim: 4}
  steps: {block: embed, in: [seen.item, seen.place, seen.old], dim: 4}
  past: {block: mean_pool, in: steps}
  deep: {block: mlp, in: [target, words, past, price], hidden: [8]}
  a: {block: linear, in: deep, out: 1}
  b: {block: linear, in: deep, out: 1}
  c: {block: linear, in: deep, out: 1}
  d: {block: linear, in: deep, out: 1}
tasks:
  click: {logits: a, loss: bce, metrics: [logloss]}
  liked: {logits: b, loss: bce}
  flag: {logits: c, loss: bce}
  spent: {logits: d, loss: squared_error}
data: {events: not_here.csv, user: who, history: {seen: {where: rating > 3}}, batch_size: 64}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "toy.yaml"
    path.write_text(MODEL, "utf-8")
    return path


def said(model: Any, **more: Any) -> tuple[Any, str]:
    out = io.StringIO()
    result = run(model, synthetic=True, console=Console(file=out, width=200), **more)
    return result, out.getvalue()


def test_every_kind_of_feature_and_label_is_drawn(model: Path, tmp_path: Path) -> None:
    result, text = said(model, sets=["data.synthetic.rows=300"], steps=4, runs_dir=tmp_path / "runs")
    assert "nothing to learn" in text and result.steps == 4
    assert "train 240, valid 30, test 30" in text and "positive: click 0.5" in text


def test_the_same_seed_draws_the_same(model: Path, tmp_path: Path) -> None:
    def measured(seed: int, name: str) -> Any:
        sets = [f"data.synthetic={{rows: 200, seed: {seed}}}"]
        return said(model, sets=sets, steps=2, runs_dir=tmp_path / name)[0].metrics

    first = measured(0, "a")
    assert first and first == measured(0, "b") != measured(1, "c")


def test_the_generated_card_offers_what_din_reads() -> None:
    sets = ["data.generate.planted_interests={users: 60, items: 40, categories: 5, history: 3}"]
    _, text = said("din", sets=sets, dry_run=True)
    assert "the generated card" in text and "nothing to learn" not in text


@pytest.mark.parametrize("more", [{"data": "planted_interests"}, {"resume": "last"}])
def test_data_are_given_once(model: Path, more: dict[str, Any]) -> None:
    with pytest.raises(BlockrecError, match="generated data cannot stand beside"):
        said(model, **more)
