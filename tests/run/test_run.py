"""A whole run on a little generated data: what it leaves, what repeats it, what stops it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

import blockrec
from blockrec.run import RunResult, run
from blockrec.run.checkpoint import load_weights, read_training
from blockrec.run.evaluate import evaluate, tasks_of
from blockrec.run.interrupt import stopped
from blockrec.run.log import Log
from blockrec.run.prepare import Wishes, prepare
from blockrec.run.progress import Display

SMALL = [
    "data.generate.planted_interests.users=300",
    "data.generate.planted_interests.items=200",
    "data.batch_size=500",
]
MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  user_tower: {block: embed, in: user, dim: 4}
  deep: {block: mlp, in: [target, user_tower], hidden: [8], dropout: 0.1}
  logit: {block: linear, in: deep, out: 1}
tasks:
  click: {logits: logit, loss: bce, metrics: [auc, logloss]}
"""


def trained(model: Any, folder: Path, *sets: str, **more: Any) -> RunResult:
    return run(model, sets=[*SMALL, *sets], runs_dir=folder, **more)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    sets = ["train.optimizer={dense: {adam: {lr: 0.02}}, sparse: {lazy_adam: {lr: 0.02}}}"]
    return trained(MODEL, tmp_path_factory.mktemp("runs"), *sets, epochs=4)


def lines(result: RunResult) -> list[dict[str, Any]]:
    assert result.directory is not None
    text = (result.directory / "metrics.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_the_directory_holds_everything(finished: RunResult) -> None:
    folder = finished.directory
    assert folder is not None
    assert sorted(p.name for p in folder.iterdir()) == [
        "checkpoints",
        "data.json",
        "env.json",
        "graph.svg",
        "log.txt",
        "metrics.jsonl",
        "model.yaml",
        "report.html",
        "resolved.yaml",
        "result.json",
        "run.json",
        "tensorboard",
        "vocabularies",
    ]
    assert (folder / "model.yaml").read_text("utf-8") == MODEL
    assert json.loads((folder / "result.json").read_text("utf-8")) == finished.to_json()
    assert json.loads((folder / "env.json").read_text("utf-8")).keys() >= {"torch", "python", "platform", "threads"}
    assert {p.stem for p in (folder / "vocabularies").iterdir()} == {"user", "item", "category"}
    assert (folder.parent / "latest").resolve() == folder.resolve() and folder.parent.name == "little"
    log = (folder / "log.txt").read_text("utf-8")
    assert "lazy_adam" in log and "only the rows that a step touches" in log and str(finished) in log
    for link in ("best", "last"):
        assert "tables.main.item.weight" in load_file(folder / "checkpoints" / link / "model.safetensors")


def test_metrics_are_written_as_they_come(finished: RunResult) -> None:
    found = [(line["step"], line["epoch"], line["split"], line["metric"]) for line in lines(finished)]
    per_epoch = finished.steps // 4
    wanted = [
        (per_epoch * epoch, epoch, split, metric)
        for epoch in (1, 2, 3, 4)
        for split, metric in (("train", "loss"), ("train", "lr"), ("valid", "auc"), ("valid", "logloss"))
    ]
    assert found[:-2] == wanted and [x[2:] for x in found[-2:]] == [("test", "auc"), ("test", "logloss")]
    assert all(line["time"] > 1.6e9 for line in lines(finished))


def test_the_same_curves_are_in_tensorboard(finished: RunResult) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished.directory / "tensorboard"))  # type: ignore[operator]  # a run that was made
    events.Reload()
    curve = [(e.step, pytest.approx(e.value)) for e in events.Scalars("valid/click/auc")]
    written = [x for x in lines(finished) if (x["split"], x["metric"]) == ("valid", "auc")]
    assert curve == [(x["step"], x["value"]) for x in written] and len(curve) == 4


def test_without_tensorboard_nothing_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockrec.run.directory.find_spec", lambda _: None)
    result = trained(MODEL, tmp_path, steps=1)
    assert result.directory is not None and not (result.directory / "tensorboard").exists()
    assert lines(result)


def test_an_extending_file_is_kept_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("blockrec: 1\nname: mine\nextends: twin\nparams: {top_k: 3}\n", "utf-8")
    result = trained(path, tmp_path, steps=1)
    assert result.directory is not None
    assert (result.directory / "model.yaml").read_text("utf-8") == path.read_text("utf-8")


def test_the_test_metrics_are_those_of_the_best_checkpoint(finished: RunResult) -> None:
    values = [line["value"] for line in lines(finished) if (line["split"], line["metric"]) == ("valid", "auc")]
    assert finished.best is not None and finished.last is not None and finished.directory is not None
    assert finished.metrics["valid/click/auc"] == finished.best.metrics["valid/click/auc"] == max(values)
    assert finished.last.metrics["valid/click/auc"] == values[-1]
    job = prepare(MODEL, Wishes(sets=SMALL), Log())
    load_weights(finished.directory / "checkpoints" / "best", job.model)
    test = job.dataset.splits["test"]
    found = evaluate(job.model, test, "test", tasks_of(job.graph), batch_size=77, device=job.device)
    assert found is not None
    assert found.metrics == pytest.approx({k: v for k, v in finished.metrics.items() if k.startswith("test/")})


def test_the_report(finished: RunResult) -> None:
    text = str(finished)
    assert f"{finished.metrics['test/click/auc']:.4f}" in text
    assert "rows/s" in text and "MiB" in text and "graph.svg" in text
    assert all(part in text for part in ("data", "forward", "backward", "optimizer", "eval"))
    assert text.splitlines()[-1].endswith(str(finished.directory))


def test_the_resolved_file_and_the_seed_repeat_the_run(finished: RunResult, tmp_path: Path) -> None:
    assert finished.directory is not None
    again = run(finished.directory / "resolved.yaml", runs_dir=tmp_path, epochs=4)
    assert again.metrics == finished.metrics
    other = run(finished.directory / "resolved.yaml", runs_dir=tmp_path, epochs=4, seed=2)
    assert other.metrics != finished.metrics


@pytest.mark.parametrize(
    ("optimizer", "words"),
    [
        ("{sparse: {dense: {adam: {lr: 0.01}}}}", "adam(lr=0.01, eps=1e-08, weight_decay=0), every row at every step"),
        ("{sparse: {rowwise_adagrad: {}}}", "rowwise_adagrad(lr=0.02, eps=1e-08, weight_decay=0), only the rows"),
    ],
)
def test_the_log_says_how_tables_are_trained(optimizer: str, words: str, tmp_path: Path) -> None:
    result = trained(MODEL, tmp_path, f"train.optimizer={optimizer}", steps=1)
    assert result.directory is not None
    assert words in (result.directory / "log.txt").read_text("utf-8")


def test_measuring_every_few_steps(tmp_path: Path) -> None:
    result = trained(MODEL, tmp_path, "eval.every=2 steps", "eval.batch_size=50", steps=5)
    assert [line["step"] for line in lines(result) if line["metric"] == "loss"] == [2, 4, 5]


def test_two_runs_in_one_second_have_their_own_directories(tmp_path: Path) -> None:
    first, second = (trained(MODEL, tmp_path, steps=1) for _ in range(2))
    assert first.directory != second.directory and first.metrics == second.metrics


@pytest.mark.parametrize(
    "wrong",
    [
        {"sets": ["graph.logit.in=deeep"]},
        {"sets": ["data.split.by=never"]},
        {"sets": ["train.overrides=[{match: haed.*, lr: 1}]"]},
        {"sets": ["tasks.click.metrics=[{gauc: {by: nobody}}]"]},
        {"sets": ["graph.target.dim=1e400"]},
        {"device": "gpu"},
        {"epochs": 1, "steps": 1},
        {"data": "no_such_card"},
    ],
    ids=str,
)
def test_a_mistake_leaves_nothing_behind(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(blockrec.BlockrecError):
        run(MODEL, runs_dir=tmp_path / "runs", **wrong)
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_stops_after_one_batch(tmp_path: Path) -> None:
    result = trained(MODEL, tmp_path / "runs", dry_run=True)
    assert (result.directory, result.steps, result.metrics) == (None, 0, {})
    assert not (tmp_path / "runs").exists()


def test_a_loss_that_is_not_finite_leaves_the_last_good_state(tmp_path: Path) -> None:
    rates = "train.optimizer={sparse: {dense: {adam: {lr: 1e37}}}}"
    with pytest.raises(blockrec.BlockrecError, match=r"(?s)E701.*at step 2.*state is in .*checkpoints/last") as caught:
        trained(MODEL, tmp_path, rates, "eval.every=1 step")
    (log,) = tmp_path.glob("little/*-*/log.txt")
    assert log.read_text("utf-8").endswith(f"{caught.value}\n")
    assert load_file(log.parent / "checkpoints" / "best" / "model.safetensors")


def test_ctrl_c_keeps_the_last_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update = Display.update

    def interrupting(self: Display, step: Any, *more: Any) -> None:
        update(self, step, *more)
        if step.number == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "update", interrupting)
    handler = signal.getsignal(signal.SIGINT)
    result = trained(MODEL, tmp_path, steps=1000)
    assert result.interrupted and result.steps == 3 and result.directory is not None
    assert "interrupted after step 3" in str(stopped(result))
    assert not any(name.startswith("test/") for name in result.metrics)
    job = prepare(MODEL, Wishes(sets=SMALL), Log())
    last = result.directory / "checkpoints" / "last"
    load_weights(last, job.model)
    assert read_training(last)[1]["step"] == 3
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_twice_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupting(_self: Display, _step: Any, *_more: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "update", interrupting)
    with pytest.raises(KeyboardInterrupt):
        trained(MODEL, tmp_path, steps=1000)
