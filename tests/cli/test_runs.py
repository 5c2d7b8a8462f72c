"""Commands that work on a finished run: what they print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from blockrec.run import run as train
from tests.run.conftest import LITTLE


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `runs` with one run of `little`."""
    folder = tmp_path_factory.mktemp("finished") / "runs"
    train(LITTLE, runs_dir=folder, steps=3)
    return folder


@pytest.fixture
def options(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`little`, from a folder that has no runs of its own."""
    monkeypatch.chdir(tmp_path)
    return ["little", "--runs-dir", str(runs)]


def test_eval(blockrec: Any, options: list[str], runs: Path) -> None:
    ended = blockrec("eval", *options, "--split", "valid", "--checkpoint", "last", "--json")
    found = json.loads(ended.out)
    assert (ended.code, found["step"], found["split"], found["checkpoint"]) == (0, 3, "valid", "last")
    assert Path(found["run"]).parent == runs / "little" and Path(found["run"]).name != "latest"
    text = blockrec("eval", *options, "--split", "valid").out
    assert all(f"{value:.4f}" in text for value in found["metrics"].values())


def test_predict(blockrec: Any, options: list[str]) -> None:
    ended = blockrec("predict", *options, "--out", "x.parquet", "--keep", "user", "--split", "valid", "--json")
    found = json.loads(ended.out)
    table = pq.read_table("x.parquet")
    assert ended.code == 0 and found["rows"] == len(table) and [*found["columns"]] == table.column_names


def test_report(blockrec: Any, options: list[str]) -> None:
    ended = blockrec("report", *options, "-o", "x.html")
    assert (ended.code, ended.out) == (0, "x.html\n") and Path("x.html").read_text("utf-8").startswith(
        "<!doctype html>"
    )


def test_bench(blockrec: Any, runs: Path) -> None:
    ended = blockrec("bench", str(runs / "little" / "latest"), "--steps", "2", "--no-reference", "--json")
    found = json.loads(ended.out)
    assert ended.code == 0 and found["steps"]["count"] == 2 and found["reference"] is None


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["eval", "litle"], 2, "did you mean `little`"),
        (["eval", "little", "--checkpoint", "bset"], 2, "did you mean `best`"),
        (["eval", "little", "--split", "tset"], 3, "'tset' is not one of"),
        (["eval", "little", "--set", "graph.deep.hidden=[3]"], 2, "error[E703]"),
        (["predict", "little"], 3, "--out"),
        (["predict", "little", "--out", "x.csv"], 3, "written as Parquet"),
        (["predict", "little", "--out", "none/x.parquet"], 4, "there is no folder: none"),
        (["predict", "little", "--out", "x.parquet", "--data", "none.csv"], 2, "error[E501]"),
        (["predict", "little", "--out", "x.parquet", "--keep", "usr"], 2, "did you mean"),
        (["report", "litle"], 2, "error[E009]"),
        (["bench", "litle.yaml"], 2, "error[E009]"),
        (["bench", "little", "--steps", "1"], 3, "--steps"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(
    blockrec: Any,
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    more = ["--runs-dir", str(runs)] if words[0] != "bench" else []
    ended = blockrec(*words, *more)
    assert (ended.code, ended.out) == (code, "") and message in ended.err and "Traceback" not in ended.err
    assert not [*tmp_path.iterdir()]
