"""Which inputs a model keeps, told by a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import blockrec
from blockrec.run import run
from blockrec.run.analyze import analyze_run
from blockrec.run.load import load_run

MODEL = """
blockrec: 1
name: choosing
dataset: planted_interests
graph:
  who: {block: embed, in: user, dim: 4}
  what: {block: embed, in: [item, category], dim: 4}
  chosen: {block: variational_dropout, in: $part, each: {part: [who, what]}}
  logit: {block: linear, in: [chosen.*], out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc]}}
losses: {price: {block: selection_penalty, in: [chosen.who.kept, chosen.what.kept]}}
data: {generate: {planted_interests: {users: 200, items: 50, categories: 5, groups: 2}}}
"""


@pytest.fixture(scope="module")
def choosing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    result = run(MODEL, steps=5, runs_dir=tmp_path_factory.mktemp("choosing"))
    assert result.directory is not None
    return result.directory


def test_inputs_are_ranked_by_what_is_kept(choosing: Path) -> None:
    found = analyze_run(choosing, "feature-selection")
    model = load_run(choosing).model
    kept = {
        part: 1 - torch.sigmoid(model.get_parameter(f"nodes.chosen.{part}.logit")).item() for part in ("who", "what")
    }
    rows = found.findings.tables[0].rows
    assert [row[0] for row in rows] == [f"chosen.{part}" for part in sorted(kept, key=lambda part: -kept[part])]
    assert {row[1]: row[3] for row in rows} == pytest.approx(kept)
    assert {row[1]: row[2] for row in rows} == {"who": "user", "what": "item, category"}
    assert ">feature-selection</h3>" in (choosing / "report.html").read_text("utf-8")


def test_metrics_without_an_input_are_those_of_a_model_that_drops_it(choosing: Path) -> None:
    values = analyze_run(choosing, "feature-selection").findings.values
    measured = json.loads((choosing / "result.json").read_text("utf-8"))["metrics"]["test/click/auc"]
    assert values["click/auc"] == pytest.approx(measured, abs=1e-6)
    assert values["click/auc/without chosen.what"] != values["click/auc"] != values["click/auc/without chosen.who"]
    skipped = analyze_run(choosing, "feature-selection", ["without=skip"]).findings.values
    assert {*skipped} == {"kept/chosen.who", "kept/chosen.what"}


def test_a_model_that_chooses_nothing(little_run: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"E709.*variational_dropout"):
        analyze_run(little_run, "feature-selection")
