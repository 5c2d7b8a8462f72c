"""`blockrec analyze` lists what there is, prints JSON, and refuses what it does not know."""

from __future__ import annotations

import json
from pathlib import Path

from blockrec.cli.completion import analyses
from tests.cli.conftest import Run

MODEL = """
blockrec: 1
name: tiny
dataset: planted_interests
graph:
  target: {block: embed, in: [item, category], dim: 2}
  logit: {block: linear, in: target, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
data: {generate: {planted_interests: {users: 100, items: 100}}}
"""


def test_all_analyses_are_listed_and_completed(blockrec: Run) -> None:
    ended = blockrec("analyze")
    assert ended.code == 0
    assert all(f"{name}: " in ended.out for name in analyses(""))
    assert analyses("re") == ["representation", "retrieval"]


def test_json_is_what_is_kept(blockrec: Run, tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(MODEL)
    runs = ["--runs-dir", str(tmp_path / "runs")]
    assert blockrec("run", str(tmp_path / "tiny.yaml"), "--epochs", "1", *runs).code == 0
    ended = blockrec("analyze", "tiny", "curves", "--json", *runs)
    (kept,) = (tmp_path / "runs").glob("tiny/2*/analysis/curves.json")
    assert ended.code == 0 and json.loads(ended.out) == json.loads(kept.read_text())
    refused = blockrec("analyze", "tiny", "k", *runs)
    assert refused.code == 2 and "E709" in refused.err and "no node of it has a parameter `k`" in refused.err


def test_a_run_alone_is_no_question(blockrec: Run) -> None:
    ended = blockrec("analyze", "dare")
    assert ended.code == 3 and "name an analysis" in ended.err
