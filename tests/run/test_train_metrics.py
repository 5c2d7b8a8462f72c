"""Metrics of a sample of the training part, and what a run keeps beside the values of metrics."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from blockrec.run import RunResult, run
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from blockrec.run.train_sample import TrainSample

SMALL = [
    "data.generate.planted_interests.users=60",
    "data.generate.planted_interests.items=50",
    "data.generate.planted_interests.categories=5",
    "data.generate.planted_interests.groups=2",
    "tasks.click.metrics=[auc, ece, {gauc: {by: user}}, {hit: {k: 5, over: catalogue}}]",
    "eval.catalogue.items=[item, category]",
    "eval.catalogue.rows=5",
]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, list[dict[str, Any]]]:
    """A run that measures 100 training samples, and its metrics.jsonl."""
    done = run("twin", sets=[*SMALL, "eval.train=100"], epochs=1, runs_dir=tmp_path_factory.mktemp("runs"))
    assert done.directory is not None
    return done, [json.loads(line) for line in (done.directory / "metrics.jsonl").read_text("utf-8").splitlines()]


def test_training_samples_are_measured_like_others(lines: tuple[RunResult, list[dict[str, Any]]]) -> None:
    done, found = lines
    values = {(x["split"], x["task"], x["metric"]) for x in found if "value" in x}
    assert {("train", "click", m) for m in ("auc", "ece", "gauc")} <= values
    assert ("train", "click", "hit@5_catalogue") not in values
    assert {("valid", "click", "hit@5_catalogue"), ("test", "click", "hit@5_catalogue")} <= values
    assert "valid/click/hit@5_catalogue" in done.metrics and not any(m.startswith("train/") for m in done.metrics)


def test_a_reliability_curve_is_kept(lines: tuple[RunResult, list[dict[str, Any]]]) -> None:
    _, found = lines
    curves = {x["split"]: x for x in found if x.get("metric") == "ece" and "reliability" in x}
    assert set(curves) == {"train", "valid", "test"}
    curve, (value,) = (
        curves["test"]["reliability"],
        [x["value"] for x in found if (x["split"], x.get("metric")) == ("test", "ece") and "value" in x],
    )
    counts, predicted, observed = (np.array(curve[key]) for key in ("counts", "predicted", "observed"))
    assert (counts > 0).all() and counts.sum() == curves["test"]["rows"]
    assert value == pytest.approx((counts * np.abs(predicted - observed)).sum() / counts.sum())
    assert curves["train"]["rows"] == 100


def test_groups_and_lists_are_counted(lines: tuple[RunResult, list[dict[str, Any]]]) -> None:
    _, found = lines
    (groups,) = [x for x in found if (x["split"], x.get("metric")) == ("train", "gauc") and "groups" in x]
    assert groups["groups"] > 0 and groups["groups"] + groups["left_out"] <= 60
    (lists,) = [x for x in found if (x["split"], x.get("metric")) == ("test", "hit@5_catalogue") and "lists" in x]
    assert lists["lists"] == 5 and lists["items"] <= 50


def test_the_sample_has_different_training_rows_always_the_same() -> None:
    train = prepare("twin", Wishes(sets=SMALL), Log(Console(quiet=True))).dataset.splits["train"]
    rows = [b["item"] for b in TrainSample(train, 30).batches(7)]
    again = [b["item"] for b in TrainSample(train, 30).batches(7)]
    assert [len(x) for x in rows] == [7, 7, 7, 7, 2]
    assert all(bool((a == b).all()) for a, b in zip(rows, again, strict=True))
    sample = TrainSample(train, 30)
    assert len(set(sample._index.tolist())) == 30 and sample._index.max() < train.first + train.rows
    assert TrainSample(train, 10**9).rows == train.rows and TrainSample(train, 0).rows == 0
