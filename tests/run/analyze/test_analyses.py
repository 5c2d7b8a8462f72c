"""Every analysis on a run: written, shown, and true where the truth is known; mistakes are diagnostics."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

import blockrec
from blockrec.jagged import Jagged
from blockrec.run.analyze import analyze_run, catalogue
from blockrec.run.analyze.analyses.attention import _repeated
from blockrec.run.analyze.analyses.length import newest
from blockrec.run.analyze.attention import silenced
from blockrec.run.analyze.kinds import chosen_kind, tables_beside
from blockrec.run.analyze.registry import all_analyses
from blockrec.run.analyze.scores import scores_of
from blockrec.run.analyze.subject import Subject
from blockrec.run.log import Log

OPTIONS = {
    "attention": ["samples=1", "targets=2", "kinds=4", "places=5"],
    "conflict": ["steps=2"],
    "k": ["ks=1,5"],
    "length": ["lengths=3,12,99"],
    "representation": ["clusters=2,5", "seeds=2"],
    "retrieval": ["top=6"],
}


OF_ATTENTION = [name for name in all_analyses() if name not in ("feature-selection", "index", "tree")]


@pytest.mark.parametrize("name", OF_ATTENTION)
def test_an_analysis_is_written_and_shown(attending: Path, name: str) -> None:
    found = analyze_run(attending, name, OPTIONS.get(name, []))
    assert found.path == attending / "analysis" / f"{name}.json"
    kept = json.loads(found.path.read_text("utf-8"))
    assert kept["analysis"] == name and kept["tables"][0]["rows"]
    assert kept["values"] and kept["options"].keys() == all_analyses()[name].options.keys()
    assert f">{name}</h3>" in (attending / "report.html").read_text("utf-8")
    assert kept["tables"][0]["title"] in str(found)
    assert name in catalogue()


def test_what_is_measured_as_trained_is_what_the_run_measured(attending: Path) -> None:
    run = json.loads((attending / "result.json").read_text("utf-8"))["metrics"]
    ks = analyze_run(attending, "k", ["ks=2,5"]).findings.values
    lengths = analyze_run(attending, "length", ["lengths=4"]).findings.values
    for values, at in ((ks, 5), (lengths, 12)):
        assert values[f"click/auc@{at}"] == pytest.approx(run["test/click/auc"], abs=1e-6)
    assert ks["click/auc@2"] != ks["click/auc@5"] and lengths["click/auc@4"] != lengths["click/auc@12"]


def test_retrieval_of_all_behaviours_finds_all(attending: Path) -> None:
    values = analyze_run(attending, "retrieval", ["top=12"]).findings.values
    assert values["random/hits@12"] == 12 and values["score/hits@12"] == 12
    assert values["same kind, then newest/ndcg@12"] > values["random/ndcg@12"]
    information = analyze_run(attending, "retrieval", ["truth=mi", "samples=1", "seen=0", "top=3"]).findings.values
    assert 0 < information["score/ndcg@3"] <= 1


def test_bounds_that_leave_nothing_are_said(attending: Path) -> None:
    found = analyze_run(attending, "retrieval", ["truth=mi", "samples=100000"]).findings
    assert found.notes and all(math.isnan(x) for x in found.values.values())


def test_scores_without_other_features_depend_on_kind_and_place_alone(attending: Path) -> None:
    subject = Subject(attending, Log())
    kind = chosen_kind(subject.graph, "")
    template = next(iter(subject.dataset().splits["test"].batches(7)))
    batch = {**_repeated(subject.graph, template, kind, 3, torch.tensor([3, 4]).numpy(), 6)}
    other = {**batch, "item": batch["item"] + 1}
    with silenced(subject.model, tables_beside(subject.graph, kind)):
        alone, same = scores_of(subject, batch, 12)["score"], scores_of(subject, other, 12)["score"]
    assert (alone == same).all() and len({*alone.round(6).tolist()}) == 12
    assert (scores_of(subject, batch, 12)["score"] != scores_of(subject, other, 12)["score"]).any()


def test_the_newest_steps_are_kept() -> None:
    value = Jagged.from_lists([[1, 2, 3], [], [4], [5, 6]])
    cut = newest(value, 2)
    assert cut.values.tolist() == [2, 3, 4, 5, 6] and cut.lengths.tolist() == [2, 0, 1, 2] and cut.max_length == 2


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("retreival", [], r"E107(.|\n)*did you mean `retrieval`"),
        ("retrieval", ["tops=3"], r"E103(.|\n)*did you mean `top`"),
        ("retrieval", ["top=many"], "E104.*takes a whole number"),
        ("retrieval", ["top"], "E104.*has no value"),
        ("retrieval", ["truth=known"], "E107.*no choice `known`"),
        ("retrieval", ["by=user"], "E208.*share no feature `user`"),
        ("k", ["ks=1,two"], "E104.*takes whole numbers"),
        ("representation", ["node=sreach"], r"E207(.|\n)*did you mean `search`"),
        ("representation", ["node=keys"], "E709.*not a vector a sample"),
        ("representation", ["task=clik"], r"E207(.|\n)*did you mean `click`"),
    ],
)
def test_mistakes(attending: Path, name: str, options: list[str], code: str) -> None:
    with pytest.raises(blockrec.BlockrecError, match=code):
        analyze_run(attending, name, options)


def test_a_model_without_attention(little_run: Path) -> None:
    with pytest.raises(blockrec.BlockrecError, match=r"E709.*scores the steps"):
        analyze_run(little_run, "conflict")
