"""The studies: every trial is a model that compiles, and what was found is not run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import blockrec
from tools import study_store
from tools.experiment import Trial
from tools.study_dare import PAGE, PLANTED, QUESTIONS, Question, current, probes_of, row
from tools.study_plot import plotted, shares_of
from tools.study_store import Store, complete, named
from tools.study_trials import SEARCHING, conflict, measured, retrieval, search

ONE, TWO = Trial("one", "dare"), Trial("two", "twin")
SMALL = f"data.generate.{PLANTED}={{users: 200, items: 100, categories: 10, history: 25}}"


@pytest.fixture
def found(tmp_path: Path) -> Store:
    store = Store(tmp_path / "found.jsonl")
    for seed, auc, ms in ((1, 0.5, 2.0), (2, 0.7, 4.0)):
        store.keep(ONE, seed, {"auc": auc, "ms": ms})
    for seed, auc, ms in ((1, 0.6, 1.0), (2, 0.9, 2.0)):
        store.keep(TWO, seed, {"auc": auc, "ms": ms})
    return store


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=lambda question: question.name)
def test_trials_compile_and_have_names_of_their_own(question: Question) -> None:
    trials = [trial for block in question.blocks() for trial in block.trials]
    assert len({trial.name for trial in trials}) == len(trials) > 1
    assert "?" in question.doc
    for trial in trials:
        _, graph, report = blockrec.check(trial.model, variants=trial.variants, sets=trial.sets, data=PLANTED)
        assert graph is not None, str(report)
        assert search not in question.probes or {*SEARCHING} & {*graph.nodes}


def test_a_trial_is_trained_and_asked(tmp_path: Path) -> None:
    values = measured(Trial("dare", "dare", PLANTED, sets=(SMALL,), steps=2), 1, (retrieval, search))
    assert {"auc", "logloss", "ece", "CPU s", "ndcg", "search ms"} <= values.keys()
    assert 0 < values["ndcg"] <= 1 and values["search ms"] > 0


def test_a_study_goes_on_where_it_stopped_and_shares_trainings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def measured(wanted: Sequence[tuple[Trial, int]], *_: object) -> Iterator[tuple[Trial, int, dict[str, float]]]:
        for trial, seed in wanted:
            ran.append((named(trial), seed))
            yield trial, seed, {"auc": seed / 10}

    monkeypatch.setattr(study_store, "_measured", measured)
    path = tmp_path / "more" / "study.jsonl"
    first, same, second = Trial("a", "dare"), Trial("other name", "dare"), Trial("b", "dare", variants=("no_tr",))
    for wanted in ([first], [first, same, second]):
        complete(Store(path), wanted, [1, 2], lambda _: (), 1, say=lambda _: None)
    assert ran == [("dare", 1), ("dare", 2), ("dare[no_tr]", 1), ("dare[no_tr]", 2)]
    found = Store(path)
    assert found.values(same, "auc") == {1: 0.1, 2: 0.2} and found.values(second, "missing") == {}


def test_a_trial_answers_every_question_it_is_in() -> None:
    assert set(probes_of(Trial("any", "dare"))) == {retrieval, search, conflict}
    assert probes_of(Trial("any", "sdim")) == []


def test_a_row_compares_with_the_first_of_its_block(found: Store) -> None:
    question = Question("none", list, ("auc", "nothing"))
    assert row(question, found, ONE, ONE) == ["one", "0.6000 ± 0.1414", "-", "", ""]
    assert row(question, found, TWO, ONE)[1:4] == ["0.7500 ± 0.2121", "-", "+0.1500"]


def test_a_picture_shows_shares_of_the_first(found: Store) -> None:
    assert shares_of(found, [ONE, TWO], "ms") == [1.0, 0.5]
    picture = plotted(found, [[ONE, TWO]], ["auc", "ms"])
    assert picture.startswith("<svg") and picture.count("<circle") == 4 and "50.0%" in picture


def test_the_page_shows_what_was_measured() -> None:
    page = PAGE.read_text("utf-8")
    assert current(page) == page and page.count("<!-- study: ") > 10
