"""`blockrec run`: the result on stdout, progress on stderr, a directory that holds everything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SMALL = ["--set", "data.generate.planted_interests.users=300", "--set", "data.generate.planted_interests.items=500"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_ends_with_its_metrics_and_its_picture(blockrec: Any) -> None:
    ended = blockrec("run", "dare", "--steps", "3", *SMALL)
    assert ended.code == 0, ended.err
    assert "click/auc" in ended.out
    assert "valid/click/auc" in ended.err
    (directory,) = [path for path in Path("runs/dare").iterdir() if not path.is_symlink()]
    assert f"{directory}/graph.svg" in ended.out
    assert (directory / "graph.svg").read_text("utf-8").count("<svg") >= 1


def test_quiet_leaves_the_result_alone(blockrec: Any) -> None:
    ended = blockrec("run", "dare", "--steps", "2", "-q", "--json", "--runs-dir", "elsewhere", *SMALL)
    assert (ended.code, ended.err) == (0, "")
    result = json.loads(ended.out)
    assert 0 <= result["metrics"]["test/click/auc"] <= 1
    assert result["steps"] == 2
    assert Path(result["directory"]).is_relative_to("elsewhere")


def test_a_dry_run_writes_nothing(blockrec: Any) -> None:
    ended = blockrec("run", "dare", "--dry-run", *SMALL)
    assert ended.code == 0, ended.err
    assert list(Path().iterdir()) == []


def test_a_mistake_is_told_with_its_place_and_nothing_is_written(blockrec: Any) -> None:
    ended = blockrec("run", "dare", "--set", "train.epoch=3", "--data", "planted_interest")
    assert (ended.code, ended.out) == (2, "")
    assert "error[E110]" in ended.err
    assert "did you mean `planted_interests`?" in ended.err
    assert "Traceback" not in ended.err
    assert list(Path().iterdir()) == []


def test_a_run_that_goes_on(blockrec: Any) -> None:
    """With a model or without one, with or without saying which run."""
    first = blockrec("run", "din", "--steps", "3", *SMALL)
    (directory,) = [path for path in Path("runs/din").iterdir() if not path.is_symlink()]
    for more in (
        ["din", "--resume", "--steps", "4", *SMALL],
        ["--resume", "--steps", "5"],
        ["--resume", f"{directory}"],
    ):
        ended = blockrec("run", *more)
        assert ended.code == 0 and f"resumed    {directory} after step" in ended.err, ended.err
    assert json.loads((directory / "result.json").read_text("utf-8"))["steps"] == 5 and first.code == 0
    changed = blockrec("run", "din", "--resume", "--steps", "4")
    assert (
        changed.code == 2 and "error[E703]" in changed.err and "`data.generate.planted_interests.users`" in changed.err
    )
    warm = blockrec("run", "din", "--steps", "1", "--warm-start", "din", *SMALL)
    assert warm.code == 0 and "weights loaded" in warm.err


def test_there_must_be_a_model_or_a_run(blockrec: Any) -> None:
    nothing = blockrec("run")
    assert nothing.code == 3 and "name a model, or a run to go on with" in nothing.err
    none = blockrec("run", "--resume")
    assert none.code == 2 and "error[E009]: there is no run in `runs`" in none.err


def test_ctrl_c_saves_reports_and_exits_with_130() -> None:
    command = [sys.executable, "-m", "blockrec", "run", "dare", "--steps", "100000", *SMALL]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        for line in process.stderr:
            if "valid/click/auc" in line:
                process.send_signal(signal.SIGINT)
                break
        _, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "error[E704]: interrupted after step" in err
    assert list(Path("runs/dare").glob("*/checkpoints/last*"))
