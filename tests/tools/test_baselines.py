"""The baselines of the table of quality, against slow and obvious counting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.jagged import Jagged, offsets_of
from tests.data.conftest import Project
from tools import experiment
from tools.baselines import auc, baselines, category_share, popularity

quick = settings(max_examples=60, deadline=None)


@quick
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2).filter(lambda x: len({c for _, c in x}) == 2))
def test_auc_counts_pairs(found: list[tuple[int, bool]]) -> None:
    score, label = np.array(found).T
    pairs = [(a > b) + (a == b) / 2 for a, c in found if c for b, other in found if not other]
    assert auc(score.astype(float), label) == pytest.approx(sum(pairs) / len(pairs))


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=5)), min_size=1, max_size=6))
def test_category_share_is_a_share(rows: list[tuple[int, list[int]]]) -> None:
    steps = torch.tensor([step for _, history in rows for step in history], dtype=torch.int64)
    lengths = [len(history) for _, history in rows]
    jagged = Jagged(steps, offsets_of(torch.tensor(lengths)), max(lengths))
    found = category_share(np.array([category for category, _ in rows]), jagged)
    expected = [history.count(category) / max(1, len(history)) for category, history in rows]
    assert found.tolist() == pytest.approx(expected)


def test_popularity_counts_events_of_the_training_part_once(tmp_path: Path) -> None:
    """Those before the last training sample of a user, whatever number of histories they stand in."""
    project = Project(tmp_path)
    project.parquet(
        user=[1] * 5 + [2] * 4, time=list(range(9)), item=[10, 10, 20, 30, 30, 20, 40, 40, 40], click=[0, 1] * 4 + [0]
    )
    dataset = project.dataset("events: log.parquet\nsplit: {by: leave_last}")
    counts = popularity(dataset.splits["train"])
    words = [None, *dataset.values["item"].values.to_pylist()]
    # Histories before the training samples end at the third event of user 1 and at the second of user 2.
    assert {words[row]: n for row, n in enumerate(counts.tolist()) if n} == {10: 2, 20: 1}


def test_of_a_card() -> None:
    """On generated impressions neither says much of a click."""
    found = baselines("planted_interests", ["data.generate.planted_interests.users=300"])
    assert found.samples == 300
    assert 0.3 < found.popularity < 0.7 and 0.3 < found.category_share < 0.9


def test_an_experiment_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, ran = tmp_path / "results.jsonl", []

    def measured(trial: experiment.Trial, seed: int) -> dict[str, float]:
        ran.append((trial.name, seed))
        return {"auc": 0.5 + seed / 100, "rows_per_second": 1.0, "peak_memory": 1.0}

    monkeypatch.setattr(experiment, "_in_a_process", measured)
    trials = [experiment.Trial("a", "din"), experiment.Trial("b", "din")]
    experiment.outcomes(trials[:1], [1, 2], store, say=lambda _: None)
    found = experiment.outcomes(trials, [1, 2, 3], store, say=lambda _: None)
    assert ran == [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2), ("b", 3)]
    assert found["a"].auc == [0.51, 0.52, 0.53] and found["b"].cell() == "0.5200 ± 0.0100"
