"""One model that uses every kind of feature and label, trained and measured on a little log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from blockrec.data.batching.batches import Batch
from blockrec.diagnostics import BlockrecError
from blockrec.jagged import Jagged
from blockrec.run import RunResult, run
from blockrec.run.log import Log
from blockrec.run.measure import evaluate_run
from blockrec.run.predict import predict
from blockrec.run.prepare import Job, Wishes, prepare
from tests.metrics.words import value

MODEL = """
blockrec: 1
name: everything
features:
  user: {vocab: auto, cold: 3}
  item: {vocab: auto, init: {uniform: 0.1}}
  brand: {vocab: brands.txt, cold: 2, init: {constant: 0.5}}
  city: {hash: 50, default: nowhere}
  price: {buckets: 5}
  level: {buckets: [2, 3.5], column: stars, init: {normal: 1}}
  amount: {dense: 1, column: price, default: 0, norm: log1p}
  vector: {dense: 2, norm: zscore}
  dwell: {dense: 1, norm: minmax}
  login: {raw: int64}
  hour: {calendar: hour, tz: Europe/Berlin}
  weekday: {calendar: weekday}
  day: {calendar: day, column: login, unit: s}
  since: {calendar: minutes_since(login), unit: s, dense: 1, norm: zscore}
  tags: {vocab: auto, pool: mean, max_len: 2, keep: first}
  related: {like: item, pool: sum}
  bias: {constant: 1, vocab: 3}
  seen:
    max_len: 10
    keep: last
    fields:
      item: {like: item}
      time: {raw: int64}
      price: {like: price}
      age: {calendar: minutes_since(time), buckets: 8}
      days: {calendar: minutes_since(time), dense: 1, norm: zscore}
      hour: {like: hour}
      place: {position: from_end}
labels:
  like: {column: stars, at_least: 4}
  odd: {column: flags, bit: 0}
  share: {type: float}
  seen_like: {column: seen.stars, at_least: 4}
graph:
  sample: {block: embed, in: [user, item, brand, city, price, level, hour, weekday, day, tags, related, bias], dim: 4}
  steps: {block: embed, in: [seen.item, seen.price, seen.age, seen.hour, seen.place], dim: 4}
  history: {block: mlp, in: [steps, seen.days], hidden: [8]}
  interest: {block: mean_pool, in: history}
  deep: {block: mlp, in: [sample, amount, vector, dwell, since, interest], hidden: [8]}
  logit: {block: linear, in: deep, out: 1}
  other: {block: linear, in: deep, out: 1}
  third: {block: linear, in: deep, out: 1}
  step: {block: linear, in: history, out: 1}
tasks:
  like: {logits: logit, loss: bce, metrics: [auc]}
  odd: {logits: other, loss: bce, metrics: [auc]}
  share: {logits: third, loss: bce}
  seen_like: {logits: step, loss: bce, metrics: [auc, {gauc: {by: user}}]}
data:
  events: log.parquet
  items: {key: item, table: items.parquet}
  split: {by: time, valid: 0.2, test: 0.2}
  batch_size: 64
train: {steps: 2}
"""
EVENTS, ITEMS = 300, 30
T0 = 1_700_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("log"), np.random.default_rng(0)
    items = rng.integers(0, ITEMS, EVENTS)
    log = {
        "user": rng.integers(0, 12, EVENTS),
        "time": pa.array(T0 * 10**6 + np.sort(rng.integers(0, 10**12, EVENTS)), pa.timestamp("us")),
        "item": [f"item {i}" for i in items],
        "price": [None if i % 11 == 0 else i * 1.5 for i in items],
        "city": [None if i % 7 == 0 else f"city {i % 9}" for i in range(EVENTS)],
        "login": T0 - rng.integers(0, 10**6, EVENTS),
        "stars": rng.integers(1, 6, EVENTS),
        "flags": rng.integers(0, 8, EVENTS),
        "dwell": rng.random(EVENTS),
        "share": rng.random(EVENTS),
    }
    table = {
        "item": [f"item {i}" for i in range(ITEMS)],
        "tags": [[f"tag {j}" for j in range(i % 4)] for i in range(ITEMS)],
        "related": [[f"item {(i + j) % ITEMS}" for j in range(i % 3)] for i in range(ITEMS)],
        "vector": [[float(i), 2.0 * i] for i in range(ITEMS)],
        "brand": [f"brand {i % 5}" for i in range(ITEMS)],
    }
    pq.write_table(pa.table(log), folder / "log.parquet")
    pq.write_table(pa.table(table), folder / "items.parquet")
    (folder / "brands.txt").write_text("brand 0\nbrand 1\nbrand 2\n", "utf-8")
    (folder / "model.yaml").write_text(MODEL, "utf-8")
    return folder


@pytest.fixture(scope="module")
def finished(folder: Path) -> RunResult:
    return run(folder / "model.yaml", runs_dir=folder / "runs")


@pytest.fixture(scope="module")
def job(folder: Path) -> Job:
    return prepare(folder / "model.yaml", Wishes(), Log())


def test_it_trains_and_is_measured(finished: RunResult) -> None:
    assert finished.steps == 2
    assert {f"test/{m}" for m in ("like/auc", "odd/auc", "seen_like/auc", "seen_like/gauc")} <= set(finished.metrics)


def test_every_parameter_learns(job: Job) -> None:
    model = job.model
    model(job.first_batch())["loss"].backward()
    still = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.to_dense().any()]
    assert still == []


def test_a_run_keeps_what_was_learned(finished: RunResult) -> None:
    assert finished.directory is not None
    kept = finished.directory / "vocabularies"
    assert {p.name for p in kept.iterdir()} == {
        *(f"{root}.parquet" for root in ("user", "item", "brand", "tags")),
        "numbers.json",
    }
    numbers = json.loads((kept / "numbers.json").read_text("utf-8"))
    assert set(numbers) == {"price", "level", "amount", "vector", "dwell", "since", "seen.age", "seen.days"}


def test_steps_are_measured_with_the_groups_of_their_samples(job: Job) -> None:
    from blockrec.run.evaluate import evaluate

    scores = evaluate(job.model, job.dataset.splits["valid"], "valid", job.tasks, batch_size=17, device=job.device)
    (batch,) = job.dataset.splits["valid"].batches(1000)
    with torch.no_grad():
        logits = job.model.eval().only("seen_like")(batch)["seen_like"].values.squeeze(-1)
    label = steps(batch, "seen_like")
    users = batch["user"][label.rows]  # type: ignore[index]
    assert scores is not None
    assert scores.metrics["valid/seen_like/auc"] == pytest.approx(
        value("auc", logits.sigmoid(), label.values), abs=1e-4
    )
    assert scores.metrics["valid/seen_like/gauc"] == pytest.approx(
        value({"gauc": {"by": "user"}}, logits.sigmoid(), label.values, users), abs=1e-4
    )


def steps(batch: Batch, name: str) -> Jagged:
    value = batch[name]
    assert isinstance(value, Jagged)
    return value


@pytest.mark.parametrize("by", ["tags", "seen.item"])
def test_a_group_has_one_value_a_sample(folder: Path, by: str) -> None:
    text = MODEL.replace("gauc: {by: user}", f"gauc: {{by: {by}}}")
    (folder / "groups.yaml").write_text(text, "utf-8")
    with pytest.raises(BlockrecError, match=r"E208.*has several values a sample"):
        prepare(folder / "groups.yaml", Wishes(), Log())


SETTINGS = [
    "train.steps=7",
    "train.recompute=['*']",
    "train.clip=0.5",
    "train.accumulate=2",
    "train.ema=0.5",
    "train.schedule={warmup: 3, exponential: {}}",
    "train.optimizer={dense: {adagrad: {}}, sparse: {rowwise_adagrad: {}}}",
]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_it_trains_with_every_setting(folder: Path, tmp_path: Path, precision: str) -> None:
    sets = [*SETTINGS, f"train.precision={precision}"]
    found = run(folder / "model.yaml", sets=sets, runs_dir=tmp_path, profile=True)
    assert found.steps == 7 and found.profile is not None and found.profile.precision == precision
    assert {"sample/tags", "history", "seen_like"} <= {node.node.split(".")[-1] for node in found.profile.nodes}
    assert all(np.isfinite(value) for value in found.metrics.values())


def test_the_run_is_measured_again_as_it_was(finished: RunResult, folder: Path) -> None:
    assert finished.directory is not None
    for data in (None, str(folder / "log.parquet")):  # the second is encoded with what the run learned
        found = evaluate_run(finished.directory, split="test", data=data)
        assert found.metrics == pytest.approx({k: v for k, v in finished.metrics.items() if k.startswith("test/")})


def test_every_kind_is_predicted(finished: RunResult, folder: Path, tmp_path: Path) -> None:
    assert finished.directory is not None
    keep = ["time", "flags", "like", "share", "seen_like", "city"]
    predict(finished.directory, tmp_path / "x.parquet", keep=keep, split="all")
    table = pq.read_table(tmp_path / "x.parquet")
    assert {"user", "item", "brand", "hour", "time", "flags"} < set(table.column_names)
    events = pq.read_table(folder / "log.parquet")
    log = {event["time"]: event for event in events.to_pylist()}
    for row in table.to_pylist():
        event = log[row["time"]]
        assert row["item"] in (None, event["item"]) and row["user"] in (None, event["user"])
        assert row["city"] == event["city"]  # text, of which the model knows only the hash
        assert row["flags"] == event["flags"] and row["like_label"] == (event["stars"] >= 4)
        assert row["share_label"] == pytest.approx(event["share"]) and 0 <= row["like"] <= 1
        assert len(row["seen_like"]) == len(row["seen_like_label"]) <= 10
