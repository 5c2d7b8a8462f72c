"""`blockrec sweep` and `blockrec compare`: tables on stdout, progress on stderr, exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

MODEL = """\
blockrec: 1
name: little
dataset: planted_interests
params: {dim: 4}
graph:
  target: {block: embed, in: [item, category], dim: $dim}
  logit: {block: linear, in: target, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {generate: {planted_interests: {users: 60, items: 200}}, batch_size: 100}
sweep: {grid: {params.dim: [2, 3]}}
"""


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("little.yaml").write_text(MODEL, "utf-8")
    return Path("little.yaml")


def test_a_sweep_from_its_first_look_to_its_comparison(blockrec: Any) -> None:
    looked = blockrec("sweep", "little.yaml", "--dry-run", "--steps", "2", "--seeds", "2")
    assert looked.code == 0 and "2 sweep points without a mistake; 4 of 4 runs to do" in looked.err
    assert not Path("runs").exists()

    ended = blockrec("sweep", "little.yaml", "--steps", "2", "--seeds", "2")
    assert ended.code == 0, ended.err
    head, *rows = ended.out.splitlines()
    assert head.split() == ["params.dim", "valid/click/auc", "test/click/auc", "seeds"]
    assert len(rows) == 2 and rows[0].startswith("*") and all(row.endswith("  2") for row in rows)
    assert "[4/4] params.dim=3 seed 2: valid/click/auc 0." in ended.err and "eta" in ended.err

    again = blockrec("sweep", "little.yaml", "--steps", "2", "--seeds", "1,2")
    assert again.out == ended.out and "0 of 4 runs to do" in again.err
    table = blockrec("sweep", "little.yaml", "--steps", "2", "--seeds", "2", "--table", "-q")
    assert (table.out, table.err) == (ended.out, "")

    found = json.loads(blockrec("sweep", "little.yaml", "--steps", "2", "--table", "--json", "-q").out)
    assert [len(point["runs"]) for point in found["points"]] == [1, 1]
    lines = list(csv.DictReader(io.StringIO(blockrec("sweep", "little.yaml", "--steps", "2", "--table", "--csv").out)))
    assert {line["params.dim"] for line in lines} == {"2", "3"}

    beside = blockrec("compare", found["directory"])
    assert beside.code == 0 and beside.out.splitlines()[0].split()[:3] == ["run", "params.dim", "test/click/auc"]
    chosen = blockrec(
        "compare", f"{found['directory']}/*", "--metric", "valid/click/auc", "--sort", "params.dim", "--json"
    )
    assert [group["settings"] for group in json.loads(chosen.out)] == [{"params.dim": 2}, {"params.dim": 3}]


def test_a_mistake_in_a_point_ends_with_2_before_anything_is_run(blockrec: Any, file: Path) -> None:
    file.write_text(MODEL.replace("[2, 3]", "[2, -3]"), "utf-8")
    for command in ("check", "sweep"):
        ended = blockrec(command, "little.yaml")
        assert (ended.code, ended.out) == (2, "")
        assert "E106" in ended.err and "(at the sweep's point params.dim=-3)" in ended.err
    assert not Path("runs").exists()


def test_check_says_how_many_points_it_saw(blockrec: Any, file: Path) -> None:
    assert blockrec("check", "little.yaml").out.rstrip().endswith(", 2 sweep points")
    file.write_text(MODEL.replace("[2, 3]", str([*range(1, 61)])), "utf-8")
    assert blockrec("check", "little.yaml").out.rstrip().endswith(", the first 50 of 60 sweep points")


def test_the_command_may_bring_the_sweep(blockrec: Any) -> None:
    given = "sweep={grid: {params.top_k: [5, 20], variant: [base, twin]}, seeds: 2}"
    ended = blockrec("sweep", "dare", "--set", given, "--dry-run")
    assert ended.code == 0 and "8 of 8 runs to do" in ended.err, ended.err
    ended = blockrec("sweep", "dare", "--set", given.replace("top_k", "topk"), "--dry-run")
    assert ended.code == 2 and "did you mean `top_k`?" in ended.err


def test_failed_runs_end_with_1(blockrec: Any, file: Path) -> None:
    file.write_text(
        MODEL + "train: {optimizer: {dense: {adam: {lr: 1e30}}, sparse: {lazy_adam: {lr: 1e30}}}}\n", "utf-8"
    )
    ended = blockrec("sweep", "little.yaml", "--epochs", "1")
    assert ended.code == 1 and "0 of 1" in ended.out
    assert "failed: params.dim=2 seed 1: error[E701]" in ended.err and "`--retry`" in ended.err


@pytest.mark.parametrize("seeds", ["0", "-1", "x", "1,1", "1.5"])
def test_seeds_that_are_none_are_wrong_usage(seeds: str, blockrec: Any) -> None:
    ended = blockrec("sweep", "little.yaml", f"--seeds={seeds}")
    assert ended.code == 3 and "--seeds" in ended.err


def test_no_sweep_and_no_run_are_told(blockrec: Any) -> None:
    ended = blockrec("sweep", "dare")
    assert ended.code == 2 and "`dare` has no `sweep`" in ended.err and "sweep: {grid:" in ended.err
    ended = blockrec("compare", "dare")
    assert ended.code == 2 and "there is no run `dare`" in ended.err
