"""The studies: every trial is a model that compiles, and what was found is not run again."""

from __future__ import annotations

from pathlib import Path

import pytest

import blockrec
from tools import study_trials
from tools.experiment import Trial
from tools.study_dare import PLANTED, QUESTIONS, Question, row
from tools.study_plot import plotted, shares_of
from tools.study_trials import Results, measured, results, retrieval, search

FOUND = Results(
    {
        "one": {1: {"auc": 0.5, "ms": 2.0}, 2: {"auc": 0.7, "ms": 4.0}},
        "two": {1: {"auc": 0.6, "ms": 1.0}, 2: {"auc": 0.9, "ms": 2.0}},
    }
)
SMALL = f"data.generate.{PLANTED}={{users: 200, items: 100, categories: 10, history: 25}}"


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_trials_compile_and_have_names_of_their_own(question: Question) -> None:
    trials = [trial for block in question.blocks() for trial in block.trials]
    assert len({trial.name for trial in trials}) == len(trials) > 1
    assert "?" in question.doc
    asked = ("outputs.interest=search",) if search in question.probes else ()
    for trial in trials:
        _, graph, report = blockrec.check(
            trial.model, variants=trial.variants, sets=(*trial.sets, *asked), data=PLANTED
        )
        assert graph is not None, str(report)


def test_a_trial_is_trained_and_asked(tmp_path: Path) -> None:
    values = measured(Trial("dare", "dare", PLANTED, sets=(SMALL,), steps=2), 1, (retrieval, search))
    assert {"auc", "logloss", "ece", "rows/s", "ndcg", "search ms"} <= values.keys()
    assert 0 < values["ndcg"] <= 1 and values["search ms"] > 0


def test_a_study_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def alone(trial: Trial, seed: int, probes: object) -> dict[str, float]:
        ran.append((trial.name, seed))
        return {"auc": seed / 10}

    monkeypatch.setattr(study_trials, "_in_a_process", alone)
    trials, store = [Trial("a", "dare"), Trial("b", "dare")], tmp_path / "more" / "study.jsonl"
    results(trials[:1], [1, 2], store, (), say=lambda _: None)
    found = results(trials, [1, 2], store, (), say=lambda _: None)
    assert ran == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert found.values("a", "auc") == {1: 0.1, 2: 0.2} and found.values("b", "missing") == {}


def test_a_row_compares_with_the_first_of_its_block() -> None:
    question = Question("none", list, ("auc", "nothing"))
    assert row(question, FOUND, "one", "one") == ["one", "0.6000 ± 0.1414", "-", "", ""]
    assert row(question, FOUND, "two", "one")[1:4] == ["0.7500 ± 0.2121", "-", "+0.1500"]


def test_a_picture_shows_shares_of_the_first() -> None:
    assert shares_of(FOUND, ["one", "two"], "ms") == [1.0, 0.5]
    picture = plotted(FOUND, [["one", "two"]], ["auc", "ms"])
    assert picture.startswith("<svg") and picture.count("<circle") == 4 and "50.0%" in picture
