"""Watched values: logged at every measurement, paid for at no other time, and alarms that go off once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import blockrec
from blockrec.jagged import Jagged
from blockrec.language.alarms import STATISTICS, parse_alarm
from blockrec.run import RunResult, run
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from blockrec.run.watch import Alarms, Look, Watched, trained_part

MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: [behaviors.item, behaviors.category], dim: 4}
  score: {block: target_attention, in: {query: target, keys: history}}
  interest: {block: attend, in: {scores: score, values: history}}
  deep: {block: mlp, in: [target, interest], hidden: [8], dropout: 0.5}
  probe: {block: linear, in: deep, out: 3}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
watch:
  score: {node: score, warn: std < 1e9 after 2 epochs}
  probe: {node: probe, warn: mean > 1e9}
"""
SMALL = [
    "data.generate.planted_interests.users=60",
    "data.generate.planted_interests.items=200",
    "data.batch_size=50",
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    return run(MODEL, sets=SMALL, runs_dir=tmp_path_factory.mktemp("runs"), epochs=3)


def lines(result: RunResult) -> list[dict[str, Any]]:
    assert result.directory is not None
    return [json.loads(line) for line in (result.directory / "metrics.jsonl").read_text("utf-8").splitlines()]


def test_every_statistic_is_logged_at_every_measurement(finished: RunResult) -> None:
    found = [(x["epoch"], x["split"], x["metric"]) for x in lines(finished) if x.get("metric", "").startswith("watch.")]
    assert sorted(found) == sorted(
        (epoch, split, f"watch.{name}.{statistic}")
        for epoch in (1, 2, 3)
        for split in ("train", "valid")
        for name in ("score", "probe")
        for statistic in STATISTICS
    )


def test_histograms_have_lines_of_their_own(finished: RunResult) -> None:
    found = [x for x in lines(finished) if "watch" in x]
    assert [(x["watch"], x["split"]) for x in found[:4]] == [
        (name, split) for split in ("train", "valid") for name in ("score", "probe")
    ]
    valid = finished.facts["samples"]["valid"]
    assert {sum(x["histogram"]["counts"]) for x in found if x["split"] == "valid" and x["watch"] == "probe"} == {
        3 * valid
    }
    assert all(len(x["histogram"]["edges"]) == len(x["histogram"]["counts"]) + 1 for x in found)


def test_the_values_are_those_of_the_model_in_evaluation_mode(finished: RunResult) -> None:
    job = prepare(MODEL, Wishes(sets=SMALL), Log())
    assert finished.directory is not None
    blockrec.run.checkpoint.load_weights(finished.directory / "checkpoints" / "last", job.model)
    job.model.eval()
    with torch.no_grad():
        seen = [job.model(batch) for batch in job.dataset.splits["valid"].batches(64)]
    probe = torch.cat([x["watch.probe"] for x in seen]).double().numpy()
    steps = torch.cat([x["watch.score"].values for x in seen]).double().numpy()
    now = [x for x in lines(finished) if x["epoch"] == 3 and x["split"] == "valid" and "metric" in x]
    last = {x["metric"]: x["value"] for x in now}
    for name, values in (("probe", probe), ("score", steps)):
        wanted = {"mean": values.mean(), "std": values.std(), "median": np.median(values), "max": values.max()}
        assert {k: last[f"watch.{name}.{k}"] for k in wanted} == pytest.approx(wanted, rel=1e-4, abs=1e-7)


def test_tensorboard_has_the_histograms(finished: RunResult) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished.directory / "tensorboard"))  # type: ignore[operator]  # a run that was made
    events.Reload()
    assert set(events.Tags()["histograms"]) == {
        f"{s}/watch.{n}" for s in ("train", "valid") for n in ("score", "probe")
    }


def test_an_alarm_is_told_once_in_the_log_the_report_and_the_result(finished: RunResult) -> None:
    (raised,) = finished.alarms
    assert (raised.watch, raised.warn, raised.split) == ("score", "std < 1e9 after 2 epochs", "valid")
    assert raised.step == finished.steps // 3 * 2
    assert finished.to_json()["alarms"] == [raised.to_json()]
    assert str(finished).count(str(raised)) == 1 and str(raised).startswith("alarm: watch `score`")
    assert finished.directory is not None
    log = (finished.directory / "log.txt").read_text("utf-8")
    assert log.partition("valid, best")[0].count(str(raised)) == 1


def test_the_start_says_how_many_warnings_there_were_and_which_kernels_are_bound(finished: RunResult) -> None:
    assert finished.directory is not None
    log = (finished.directory / "log.txt").read_text("utf-8")
    assert "no task or loss reaches" in log.partition("warnings   1 warning, above")[0]
    assert "score target_dot" in log.partition("kernels ")[2].partition("\n")[0]


def test_watching_changes_nothing_that_is_trained(finished: RunResult, tmp_path: Path) -> None:
    without = run(f"{MODEL.partition('watch:')[0]}outputs: {{probe: probe}}", sets=SMALL, runs_dir=tmp_path, epochs=3)
    assert without.alarms == () and without.metrics == finished.metrics


@pytest.mark.parametrize(
    ("change", "split"),
    [
        ("tasks=null; losses={main: {block: bce, in: {logits: logit, label: click}}}", "valid"),
        ("data.split={by: time, valid: 0.0, test: 0.2}", "train"),
    ],
)
def test_alarms_need_neither_a_task_nor_valid_samples(change: str, split: str, tmp_path: Path) -> None:
    sets = [*SMALL, *change.split("; ")]
    found = run(MODEL, sets=sets, runs_dir=tmp_path, epochs=2)
    assert [(alarm.watch, alarm.split) for alarm in found.alarms] == [("score", split)]


def test_a_value_that_is_only_watched_is_not_computed_in_training_steps() -> None:
    job = prepare(MODEL, Wishes(sets=SMALL), Log())
    calls = []
    job.model.get_submodule("nodes.probe").register_forward_hook(lambda *_: calls.append(1))
    batch = job.first_batch()
    part = trained_part(job.model)
    part(batch)["loss"].backward()
    assert calls == []
    job.model(batch)
    assert calls == [1]
    assert {p.data_ptr() for p in part.parameters()} < {p.data_ptr() for p in job.model.parameters()}


def test_sequences_count_their_steps() -> None:
    look = Look((Watched("a", "watch.a"), Watched("b", "watch.b"), Watched("c", "watch.c")))
    steps = Jagged(torch.tensor([1.0, 2.0, 6.0]), torch.tensor([0, 1, 1, 3]), 2)
    for _ in range(2):
        look.see(
            {
                "watch.a": steps,
                "watch.b": torch.tensor([[1, 2], [3, 4]]),
                "watch.c": torch.ones(2, dtype=torch.bfloat16),
                "click": torch.zeros(3),
            }
        )
    assert look.streams["a"].count == 6 and look.streams["a"].statistics()["mean"] == 3
    assert look.streams["b"].count == 8 and look.streams["c"].statistics()["mean"] == 1


def test_alarms_wait_for_their_time_and_go_off_once() -> None:
    look = Look((Watched("a", "watch.a", parse_alarm("max >= 5 after 2 steps")), Watched("b", "watch.b")))
    look.see({"watch.a": torch.tensor([5.0]), "watch.b": torch.tensor([7.0])})
    alarms = Alarms()
    told = [[str(r) for r in alarms.check(look, "valid", step=step, epochs=0.1)] for step in (1, 2, 3)]
    assert told == [[], ["alarm: watch `a`: max >= 5 after 2 steps (5 on valid at step 2)"], []]


def test_nothing_finite_fulfils_only_what_is_said_of_that() -> None:
    look = Look((Watched("a", "a", parse_alarm("mean < 9")), Watched("b", "b", parse_alarm("not_finite > 0"))))
    look.see({"a": torch.tensor([torch.nan]), "b": torch.tensor([torch.nan])})
    assert [r.watch for r in Alarms().check(look, "valid", step=1, epochs=1)] == ["b"]
