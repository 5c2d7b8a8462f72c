"""A run that was stopped and goes on ends as the one that was not, bit for bit; and what is refused."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from blockrec.diagnostics import BlockrecError
from blockrec.run import RunResult, run
from blockrec.run.lock import held
from blockrec.run.progress import Display
from tests.run.outcome import outcome

MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  user_tower: {block: embed, in: user, dim: 4}
  deep: {block: mlp, in: [target, user_tower], hidden: [8], dropout: 0.1, norm: batch}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc, logloss, {gauc: {by: item}}]}}
watch: {hidden: {node: deep, warn: mean < 100 after 1 epoch}}
data: {generate: {planted_interests: {users: 300, items: 200}}, batch_size: 200}
eval: {every: 4 steps}
train: {epochs: 3, checkpoint: {every: 5 steps, keep: 1}}
"""
SETTINGS = {
    "plain": [],
    "accumulated": ["train.accumulate=4", "train.clip=0.5"],
    "scheduled": ["train.schedule={warmup: 6, cosine: {}}", "train.ema=0.9"],
    "plateau": ["train.schedule={plateau: {patience: 0}}", "train.optimizer.dense={sgd: {lr: 0.5, momentum: 0.9}}"],
    "stopped early": ["train.early_stop={patience: 2}", "train.optimizer.dense={adam: {lr: 2.0}}"],
    "row-wise": ["train.optimizer.sparse={rowwise_adagrad: {}}", "eval.train=100", "train.recompute=[deep]"],
    "in 16 bits": ["train.precision=bf16", "train.optimizer.dense={adagrad: {}}"],
    "by tokens": ["data.batch_tokens=400", "data.shuffle={blocks: 4, rows: 50}"],
}


def directory(result: RunResult) -> Path:
    assert result.directory is not None
    return result.directory


def interrupt_at(patch: pytest.MonkeyPatch, *steps: int, number: signal.Signals = signal.SIGINT) -> None:
    """Signal this process when these steps are done."""
    update = Display.update

    def interrupting(self: Display, step: Any, *more: Any) -> None:
        update(self, step, *more)
        if step.number in steps:
            signal.raise_signal(number)

    patch.setattr(Display, "update", interrupting)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody stopped."""
    return directory(run(MODEL, runs_dir=tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize("name", SETTINGS)
def test_stopped_at_two_moments_it_ends_as_if_it_had_not_been(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = outcome(directory(run(MODEL, sets=SETTINGS[name], runs_dir=tmp_path / "whole")))
    with monkeypatch.context() as patch:
        interrupt_at(patch, 6)
        result = run(MODEL, sets=SETTINGS[name], runs_dir=tmp_path / "cut")
    assert result.interrupted and result.steps in (6, 8, 9)
    with monkeypatch.context() as patch:
        interrupt_at(patch, 11)
        assert run(resume=directory(result)).interrupted
    again = run(MODEL, sets=SETTINGS[name], resume="last", runs_dir=tmp_path / "cut")
    assert directory(again) == directory(result) and outcome(directory(again)) == wanted
    assert bool(again.stopped) == (name == "stopped early")


def test_stopped_while_it_was_measured(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The measurement is made up for: it has left nothing before."""
    import blockrec.run.measuring as module

    measured = module.evaluate
    calls = []

    def interrupted(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGTERM)
        return measured(*given, **named)

    monkeypatch.setattr(module, "evaluate", interrupted)
    result = run(MODEL, runs_dir=tmp_path)
    assert result.interrupted and result.last is not None and result.last.step < result.steps
    assert outcome(directory(run(resume=directory(result)))) == outcome(whole)


def test_resuming_what_has_ended_changes_nothing(whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    run(resume=copy)
    assert outcome(copy) == outcome(whole)


def test_a_run_that_goes_on_for_longer(whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    result = run(resume=copy, epochs=4)
    begun = [line for line in outcome(whole)["metrics"] if line["split"] != "test"]
    assert result.steps == 36 and outcome(copy)["metrics"][: len(begun)] == begun
    assert run(resume=copy).steps == 36


def test_before_the_first_checkpoint_it_begins_again(whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    shutil.rmtree(copy / "checkpoints")
    run(resume=copy)
    assert outcome(copy) == outcome(whole)


def test_it_goes_back_to_an_older_checkpoint(whole: Path, tmp_path: Path) -> None:
    """The state before a damaged one is offered by its path, and leads to the same end."""
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    weights = copy / "checkpoints" / "last" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(BlockrecError, match=r"(?s)E707.*`model.safetensors` does not.*--resume .*step-25`") as caught:
        run(resume=copy)
    older = str(caught.value).split("--resume ")[1].split("`")[0]
    run(resume=older)
    assert outcome(copy) == outcome(whole)


def test_a_damaged_best_state_is_given_up_if_one_says_so(whole: Path, tmp_path: Path) -> None:
    """It would be tested at the end; the training itself does not need it."""
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    older = json.loads((copy / "checkpoints" / "step-25" / "training.json").read_text("utf-8"))["best"]
    (copy / "checkpoints" / f"step-{older}" / "model.safetensors").unlink()
    for link in ("best", "last"):
        (copy / "checkpoints" / link).unlink()
    (copy / "checkpoints" / "last").symlink_to("step-25")
    with pytest.raises(BlockrecError, match=rf"(?s)E707.*`step-{older}`, is damaged.*--resume .*step-25` goes on"):
        run(resume=copy)
    result = run(resume=copy / "checkpoints" / "step-25")
    assert result.best is not None and result.best.step > 25
    assert outcome(copy)["last/model.safetensors"] == outcome(whole)["last/model.safetensors"]
    assert f"of step {older}, is lost" in (copy / "log.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sets": ["graph.deep.hidden=[16]"]}, r"E703.*`deep` parameter hidden: \[8\] → \[16\]; and .* more"),
        ({"sets": ["data.batch_size=100"]}, r"E703.*`data.batch_size` 200 → 100"),
        ({"sets": ["train.seed=2"]}, "E703.*`train.seed` 1 → 2"),
        ({"seed": 2}, "E706.*the run has seed 1"),
        ({"sets": ["train.optimizer.dense={sgd: {}}"]}, "E703.*the state is of Adam"),
    ],
)
def test_another_training_is_refused(change: dict[str, Any], words: str, whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    with pytest.raises(BlockrecError, match=f"(?s){words}"):
        run(MODEL, resume=copy, **change)
    assert outcome(copy) == outcome(whole)


def test_settings_of_the_training_may_change(whole: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    run(MODEL, resume=copy, sets=["train.epochs=4", "train.optimizer.dense={adam: {lr: 0.01}}"])
    log = (copy / "log.txt").read_text("utf-8")
    assert "`train.epochs` 3 → 4" in log and "`train.optimizer.dense.adam.lr` 0.001 → 0.01" in log
    assert "lr: 0.01" in (copy / "resolved.yaml").read_text("utf-8") and run(resume=copy).steps == 36


def test_what_is_different_about_the_machine_is_said(whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    known = json.loads((copy / "env.json").read_text("utf-8"))
    (copy / "env.json").write_text(json.dumps({**known, "threads": 77}), "utf-8")
    run(resume=copy)
    assert f"threads: 77 → {known['threads']}; results may differ" in (copy / "log.txt").read_text("utf-8")


def test_other_data_are_refused(whole: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(whole, tmp_path / "copy", symlinks=True)
    known = json.loads((copy / "data.json").read_text("utf-8"))
    (copy / "data.json").write_text(json.dumps({**known, "events": 1}), "utf-8")
    with pytest.raises(BlockrecError, match=r"E703.*the data have changed.*events 1 then, 17400 now"):
        run(resume=copy)


def test_two_processes_do_not_train_in_one_directory(whole: Path) -> None:
    with held(whole), pytest.raises(BlockrecError, match=r"E706.*another process is training"):
        run(resume=whole)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"resume": "last"}, "E009.*no run in"),
        ({"model": MODEL, "resume": "last"}, "E009.*no run of `little` in"),
        ({"resume": "nothing"}, "E009.*no run `nothing`"),
        ({"model": MODEL, "resume": "last", "dry_run": True}, "E706.*cannot be a dry run"),
        ({"model": MODEL, "resume": "last", "warm_start": "x"}, "E706.*cannot be a warm start"),
        ({}, "E706.*no model to run"),
    ],
)
def test_what_cannot_be_resumed(wrong: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(BlockrecError, match=words):
        run(**wrong, runs_dir=tmp_path)
