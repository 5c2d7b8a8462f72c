"""Sweeps: nothing finished is run twice, whatever stopped them; failures are rows; the best is on top."""

from __future__ import annotations

import csv
import io
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import blockrec
from blockrec.run import sweep as package
from blockrec.run.prepare import Wishes
from blockrec.run.progress import Display
from blockrec.run.sweep import SweepResult, sweep, sweep_so_far
from blockrec.run.sweep.plan import Trial
from blockrec.run.sweep.store import Store
from blockrec.run.sweep.work import Stopped, failed, finished

MODEL = """
blockrec: 1
name: little
dataset: planted_interests
params: {dim: 4}
graph:
  target: {block: embed, in: [item, category], dim: $dim}
  logit: {block: linear, in: target, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc, logloss]}}
data: {generate: {planted_interests: {users: 60, items: 200}}, batch_size: 100}
sweep: {grid: {params.dim: [2, 3, 4]}, seeds: 2}
"""
METRIC = "valid/click/auc"


class Worker:
    """In the place of training: a point of dim d with seed s has the AUC d / 10 + s / 100."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ran: list[tuple[int, int]] = []
        self.stop_at: int | None = None
        self.broken: set[int] = set()
        monkeypatch.setattr(package, "run_here", self)

    def __call__(self, _plan: Any, trial: Trial, _console: Any) -> Any:
        if len(self.ran) == self.stop_at:
            raise Stopped
        self.ran.append(trial.key)
        dim = trial.point.to_json().get("params.dim", 0)
        if dim in self.broken:
            return failed(trial, "error[E701]: the loss is nan at step 3\n  more about it")
        return finished(trial, {"metrics": {METRIC: dim / 10 + trial.seed / 100, "valid/click/logloss": 1 - dim / 10}})


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(monkeypatch)


def swept(folder: Path, model: str = MODEL, **more: Any) -> SweepResult:
    return sweep(model, runs_dir=folder, console=Console(quiet=True), **more)


ALL = [(point, seed) for seed in (1, 2) for point in (1, 2, 3)]


def test_every_point_is_run_with_every_seed(worker: Worker, tmp_path: Path) -> None:
    found = swept(tmp_path)
    assert worker.ran == ALL and list(found.rows) == ALL and not found.interrupted
    assert found.plan.folder.parent == tmp_path / "little" / "sweeps"
    rows = [json.loads(line) for line in (found.plan.folder / "table.jsonl").read_text("utf-8").splitlines()]
    assert [(row["point"], row["seed"]) for row in rows] == ALL
    assert rows[4]["settings"] == {"params.dim": 3} and rows[4]["metrics"][METRIC] == pytest.approx(0.32)


@pytest.mark.parametrize("stops", range(7))
def test_a_stopped_sweep_goes_on_and_repeats_nothing(stops: int, worker: Worker, tmp_path: Path) -> None:
    worker.stop_at = stops
    assert swept(tmp_path).interrupted is (stops < 6)
    worker.stop_at = None
    found = swept(tmp_path)
    assert worker.ran == ALL and len(found.rows) == 6 and not found.interrupted
    swept(tmp_path)
    assert worker.ran == ALL


def test_a_sweep_that_is_killed_while_it_writes_has_lost_nothing(worker: Worker, tmp_path: Path) -> None:
    worker.stop_at = 3
    folder = swept(tmp_path).plan.folder
    (folder / ".table.jsonl.part").write_text('{"point": 2, "see', "utf-8")
    worker.stop_at = None
    swept(tmp_path)
    assert worker.ran == ALL


def test_a_run_that_outlived_a_killed_sweep_is_not_repeated(worker: Worker, tmp_path: Path) -> None:
    folder = swept(tmp_path, dry_run=True).plan.folder
    for name, text in (
        ("point-1-seed-1", json.dumps({"metrics": {METRIC: 0.9}, "interrupted": False})),
        ("point-2-seed-1", json.dumps({"metrics": {METRIC: 0.9}, "interrupted": True})),
        ("point-3-seed-1", '{"metrics": {'),
    ):
        (folder / name).mkdir(parents=True)
        (folder / name / "result.json").write_text(text, "utf-8")
    found = swept(tmp_path)
    assert worker.ran == ALL[1:] and found.rows[1, 1]["metrics"] == {METRIC: 0.9}
    swept(tmp_path)
    assert worker.ran == ALL[1:]


def test_more_seeds_and_other_jobs_belong_to_the_same_sweep(worker: Worker, tmp_path: Path) -> None:
    first = swept(tmp_path)
    more = swept(tmp_path, seeds=[1, 2, 7])
    assert more.plan.folder == first.plan.folder and worker.ran == [*ALL, (1, 7), (2, 7), (3, 7)]
    assert [group.spread(METRIC).count for group in swept(tmp_path).groups] == [2, 2, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"steps": 3},
        {"epochs": 2},
        {"sets": ["train.epochs=2"]},
        {"model": MODEL.replace("[2, 3, 4]", "[2, 3]")},
        {"model": MODEL.replace("dim: $dim", "dim: $(2 * dim)")},
    ],
    ids=str,
)
def test_another_model_or_other_points_are_another_sweep(change: Any, worker: Worker, tmp_path: Path) -> None:
    assert swept(tmp_path).plan.folder != swept(tmp_path, **change).plan.folder


def test_a_changed_block_is_another_sweep(worker: Worker, tmp_path: Path) -> None:
    block = tmp_path / "blocks.py"
    block.write_text("A = 1\n", "utf-8")
    first = swept(tmp_path, imports=[block])
    block.write_text("A = 2\n", "utf-8")
    assert swept(tmp_path, imports=[block]).plan.folder != first.plan.folder


def test_failures_are_rows_and_are_run_again_only_when_asked(worker: Worker, tmp_path: Path) -> None:
    worker.broken = {3}
    found = swept(tmp_path)
    assert [row["point"] for row in found.failures] == [2, 2]
    assert "failed: params.dim=3 seed 1: error[E701]: the loss is nan at step 3" in found.notes()
    assert found.best is not None and found.best.point.number == 3
    assert found.groups[-1].point.number == 2 and str(found).splitlines()[-1].endswith("0 of 2")
    worker.broken = set()
    assert len(swept(tmp_path).failures) == 2
    assert swept(tmp_path, retry=True).failures == []
    assert worker.ran == [*ALL, (2, 1), (2, 2)]


def test_the_table_has_the_best_on_top(worker: Worker, tmp_path: Path) -> None:
    lines = str(swept(tmp_path)).splitlines()
    assert lines[0].split() == ["params.dim", METRIC, "seeds"]
    assert lines[1].split() == ["*", "4", "0.4150", "±", "0.0071", "2"]
    assert [line.replace("*", "").split()[0] for line in lines[1:]] == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("wish", "order"),
    [("metric: valid/click/logloss", [4, 3, 2]), ("mode: min", [2, 3, 4]), ("metric: valid/click/auc", [4, 3, 2])],
)
def test_metric_and_mode_decide_what_is_best(wish: str, order: list[int], worker: Worker, tmp_path: Path) -> None:
    found = swept(tmp_path, MODEL.replace("seeds: 2", f"seeds: 2, {wish}"))
    assert [group.point.to_json()["params.dim"] for group in found.groups] == order


def test_a_setting_that_all_points_share_is_no_column(worker: Worker, tmp_path: Path) -> None:
    found = swept(tmp_path, MODEL.replace("{params.dim: [2, 3, 4]}", "{params.dim: [2, 3], train.epochs: [1]}"))
    assert found.paths == ["params.dim"]


def test_json_and_csv_hold_every_run(worker: Worker, tmp_path: Path) -> None:
    worker.broken = {2}
    found = swept(tmp_path)
    plain = json.loads(json.dumps(found.to_json()))
    assert (plain["metric"], plain["mode"], plain["seeds"]) == (METRIC, "max", [1, 2])
    assert [p["best"] for p in plain["points"]] == [True, False, False]
    assert plain["points"][0][METRIC] == {"mean": pytest.approx(0.415), "std": pytest.approx(0.00707, 1e-2), "count": 2}
    assert plain["points"][2][METRIC] == {"mean": None, "std": None, "count": 0}
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [(row["params.dim"], row["seed"], row[METRIC][:4]) for row in rows][1] == ("4", "2", "0.42")
    assert [row["error"].partition(":")[0] for row in rows] == ["", "", "", "", "error[E701]", "error[E701]"]


def test_a_dry_run_checks_and_writes_nothing(worker: Worker, tmp_path: Path) -> None:
    found = swept(tmp_path, dry_run=True)
    assert found.notes()[-1].startswith("0 of 6 runs done") and worker.ran == []
    assert list(tmp_path.iterdir()) == []


def test_the_table_so_far_runs_nothing(worker: Worker, tmp_path: Path) -> None:
    worker.stop_at = 4
    swept(tmp_path)
    assert str(sweep_so_far(MODEL, Wishes(), runs_dir=tmp_path)).splitlines()[1].endswith("1 of 2")
    assert len(worker.ran) == 4


def test_a_bad_point_is_told_before_anything_is_run(worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"E104.*"):
        swept(tmp_path, MODEL.replace("[2, 3, 4]", "[2, 3, wide]"))
    assert worker.ran == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (MODEL.partition("sweep:")[0], "has no `sweep`"),
        (MODEL.replace(", metrics: [auc, logloss]", ""), "no task has a metric"),
    ],
)
def test_what_cannot_be_swept_is_told(model: str, words: str, worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=words):
        swept(tmp_path, model)


def test_variants_of_the_command_and_of_the_sweep_exclude_each_other(worker: Worker, tmp_path: Path) -> None:
    model = MODEL.replace("{params.dim: [2, 3, 4]}", "{variant: [base]}") + "variants: {x: {params: {dim: 3}}}\n"
    with pytest.raises(blockrec.BlockrecError, match="the sweep sets `variant`"):
        swept(tmp_path, model, variants=["x"])


def test_two_processes_do_not_run_one_sweep(worker: Worker, tmp_path: Path) -> None:
    folder = swept(tmp_path, dry_run=True).plan.folder
    with Store(folder).held(), pytest.raises(blockrec.BlockrecError, match="another process runs this sweep"):
        swept(tmp_path)
    assert worker.ran == []
    swept(tmp_path)
    assert worker.ran == ALL


def test_a_model_may_be_a_mapping(worker: Worker, tmp_path: Path) -> None:
    import yaml

    assert len(sweep(yaml.safe_load(MODEL), runs_dir=tmp_path, console=Console(quiet=True)).rows) == 6


def test_points_train_as_runs_do(tmp_path: Path) -> None:
    found = swept(tmp_path / "sweep", steps=3, seeds=[5])
    for group in found.groups:
        dim = group.point.to_json()["params.dim"]
        alone = blockrec.run.run(MODEL, sets=[f"params.dim={dim}"], steps=3, seed=5, runs_dir=tmp_path / "alone")
        (row,) = group.rows
        assert row["metrics"] == alone.metrics and row["steps"] == 3
        folder = found.plan.folder / row["directory"]
        assert {"result.json", "resolved.yaml", "metrics.jsonl"} <= {path.name for path in folder.iterdir()}
        assert f"dim: {dim}" in (folder / "resolved.yaml").read_text("utf-8")


def test_ctrl_c_in_a_run_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update, seen = Display.update, []

    def interrupting(self: Display, step: Any, *more: Any) -> None:
        update(self, step, *more)
        seen.append(step.number)
        if seen == [1, 2, 1]:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Display, "update", interrupting)
        found = swept(tmp_path / "one", steps=2)
        assert found.interrupted and list(found.rows) == [(1, 1)] and seen == [1, 2, 1]
        assert "stopped; the same command goes on from here" in found.notes()
        seen.append(0)
        again = swept(tmp_path / "one", steps=2)
    assert seen == [1, 2, 1, 0, 2, *[1, 2] * 4], "the stopped run goes on from its checkpoint"
    whole = swept(tmp_path / "other", steps=2)
    assert {key: row["metrics"] for key, row in again.rows.items()} == {
        k: row["metrics"] for k, row in whole.rows.items()
    }


def test_a_stopped_run_that_is_damaged_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    update, seen = Display.update, []

    def interrupting(self: Display, step: Any, *more: Any) -> None:
        update(self, step, *more)
        seen.append(step.number)
        if len(seen) == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Display, "update", interrupting)
    found = swept(tmp_path, steps=2, seeds=[1])
    assert found.interrupted
    weights = found.plan.folder / "point-1-seed-1" / "checkpoints" / "last" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert not swept(tmp_path, steps=2, seeds=[1]).failures
    assert seen == [1, *[1, 2] * 3]
