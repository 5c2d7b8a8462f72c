"""What may happen to a run in a week: each is said clearly, and the last checkpoint is whole and goes on."""

from __future__ import annotations

import math
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from blockrec.diagnostics import BlockrecError
from blockrec.run import RunResult, run
from blockrec.run.checksums import damage
from blockrec.run.files import check_takes_files
from blockrec.run.progress import Display
from blockrec.run.updater import Updater
from tests.run.outcome import outcome

MODEL = """
blockrec: 1
name: little
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 4}
  user_tower: {block: embed, in: user, dim: 4}
  deep: {block: mlp, in: [target, user_tower], hidden: [8]}
  logit: {block: linear, in: deep, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {generate: {planted_interests: {users: 300, items: 200}}, batch_size: 200}
train: {epochs: 2, checkpoint: {every: 2 steps}}
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = run(MODEL, runs_dir=tmp_path_factory.mktemp("whole"))
    assert result.directory is not None
    return result.directory


def after(patch: pytest.MonkeyPatch, step: int, happens: Any) -> None:
    """Something happens when a step is done."""
    update = Display.update

    def updated(self: Display, done: Any, *more: Any) -> None:
        update(self, done, *more)
        if done.number == step:
            happens()

    patch.setattr(Display, "update", updated)


def left(folder: Path) -> Path:
    """The directory of the only run, whose checkpoints are whole."""
    (latest,) = folder.glob("little/2*")
    steps = [*(latest / "checkpoints").glob("step-*")]
    assert steps and not [wrong for step in steps if (wrong := damage(step))]
    return latest


@pytest.fixture
def limits() -> Iterator[None]:
    """The limit on the size of files comes back."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def unlimited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize("size", [3000, 10_000])
def test_a_quota_that_is_used_up(size: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 bytes are too few for the weights, 10,000 for the optimizers' state."""
    with monkeypatch.context() as patch:
        after(patch, 7, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)))
        with pytest.raises(BlockrecError, match=r"(?s)E708.*cannot write .*: File too large.*--resume .* goes on"):
            run(MODEL, runs_dir=tmp_path)
    unlimited()
    folder = left(tmp_path)
    assert "E708" in (folder / "log.txt").read_text("utf-8")
    run(resume=folder)
    assert outcome(folder) == outcome(whole)


def test_sigterm_stops_after_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after(monkeypatch, 3, lambda: signal.raise_signal(signal.SIGTERM))
    result = run(MODEL, runs_dir=tmp_path)
    assert result.interrupted and result.steps == 3 and left(tmp_path)
    assert "SIGTERM: stopping after this step" in (left(tmp_path) / "log.txt").read_text("utf-8")
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_weights_that_are_not_finite_are_not_saved(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of a step is finite, its gradient is not, and a checkpoint would follow before the next loss."""
    step = Updater.step

    def spoiled(self: Updater, done: int, *, last: bool) -> bool:
        moved = step(self, done, last=last)
        if done == 4:
            with torch.no_grad():
                self.parameters[-1].fill_(math.nan)
        return moved

    with monkeypatch.context() as patch:
        patch.setattr(Updater, "step", spoiled)
        words = r"(?s)E701.*weights are not finite after step 4: `nodes.logit.bias`.*logit:.*last good state is in"
        with pytest.raises(BlockrecError, match=words):
            run(MODEL, runs_dir=tmp_path)
    folder = left(tmp_path)
    assert (folder / "checkpoints" / "last").resolve().name == "step-2"
    run(resume=folder)
    assert outcome(folder) == outcome(whole)


def test_data_that_are_deleted_or_cannot_be_read(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise FileNotFoundError(2, "No such file or directory", "part-7.parquet")

    with monkeypatch.context() as patch:
        after(patch, 5, gone)
        words = r"(?s)E501.*cannot be read any more: No such file or directory: `part-7.parquet`.*--resume"
        with pytest.raises(BlockrecError, match=words):
            run(MODEL, runs_dir=tmp_path)
    run(resume=left(tmp_path))
    assert outcome(left(tmp_path)) == outcome(whole)


@pytest.mark.parametrize("inner", ["", "deeper/still"])
def test_a_folder_that_takes_no_files_is_noticed_before_the_data(
    inner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runs").write_text("a file")
    monkeypatch.setattr("blockrec.run.prepare.open_dataset", lambda *_, **__: pytest.fail("the data were read"))
    with pytest.raises(BlockrecError, match=r"(?s)E708.*runs[^`]*`: Not a directory.*--runs-dir"):
        run(MODEL, runs_dir=tmp_path / "runs" / inner)


def test_a_folder_without_the_right_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blockrec.run.files.os.access", lambda *_: False)
    with pytest.raises(BlockrecError, match=r"E708.*runs`: Permission denied"):
        check_takes_files(tmp_path / "runs")


def test_a_log_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken() -> None:
        (folder,) = tmp_path.glob("little/2*")
        (folder / "metrics.jsonl").unlink(missing_ok=True)
        (folder / "metrics.jsonl").mkdir()

    after(monkeypatch, 3, taken)
    with pytest.raises(BlockrecError, match=r"E708.*metrics.jsonl`: Is a directory"):
        run(MODEL, runs_dir=tmp_path)
    assert left(tmp_path)


def test_early_stopping_says_why(tmp_path: Path) -> None:
    sets = ["train.early_stop={patience: 2}", "train.optimizer.dense={adam: {lr: 3.0}}", "eval.every=1 step"]
    result: RunResult = run(MODEL, sets=sets, epochs=9, runs_dir=tmp_path)
    assert result.best is not None and result.steps == result.best.step + 2 < 9 * 9
    assert f"stopped    after step {result.steps}: valid/click/auc has not improved on" in str(result)
    assert result.to_json()["stopped"].endswith("for 2 measurements")


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (["train.early_stop={}", "tasks.click.metrics=[]"], "`train.early_stop` follows a metric, but no task"),
        (["train.early_stop={}", "data.split={by: user, valid: 0, test: 0.1}"], "on `valid`, which has no samples"),
        (["train.checkpoint.best=valid/click/auc", "data.split={by: user, valid: 0, test: 0.1}"], "no samples"),
        (["train.schedule={plateau: {}}", "tasks.click.metrics=[]"], "`train.schedule.plateau` follows a metric"),
    ],
)
def test_a_rule_that_has_nothing_to_follow(sets: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(BlockrecError, match=f"E706.*{words}"):
        run(MODEL, sets=sets, runs_dir=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_without_valid_samples_the_last_weights_are_tested(tmp_path: Path) -> None:
    result = run(MODEL, sets=["data.split={by: user, valid: 0, test: 0.1}"], steps=2, runs_dir=tmp_path)
    assert result.directory is not None and result.best is None
    words = "the weights of the last step: there are no valid samples"
    assert f"tested     {words}" in str(result) and "test, last weights" in str(result)
    assert words in (result.directory / "log.txt").read_text("utf-8")
    page = (result.directory / "report.html").read_text("utf-8")
    assert words in page and "test, last weights" in page


def test_a_warm_up_that_is_longer_than_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for warmup in (2, 3):
        run(MODEL, sets=[f"train.schedule={{warmup: {warmup}}}"], steps=2, runs_dir=tmp_path, dry_run=True)
        assert ("warm-up takes 3 steps" in capsys.readouterr().err) == (warmup == 3)


def test_a_copy_of_a_run_is_a_run(whole: Path, tmp_path: Path) -> None:
    """Nothing in a directory depends on where it is."""
    copy = shutil.copytree(whole, tmp_path / "elsewhere", symlinks=True)
    run(resume=copy, epochs=3)
    assert outcome(copy)["last"]["step"] == 27
