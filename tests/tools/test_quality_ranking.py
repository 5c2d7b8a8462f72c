"""The table of ranking models: every trial compiles on every card, and a kept result is a line."""

from __future__ import annotations

from pathlib import Path

import pytest

import blockrec
from tests.models import variants
from tools.quality_ranking import CARDS, ENCODERS, answer, trials
from tools.study_store import Store, named


@pytest.mark.parametrize("card", CARDS)
def test_every_trial_is_a_model_of_its_own(card: str) -> None:
    every = trials(card)
    assert len({named(trial) for trial in every}) == len({trial.name for trial in every}) == len(every)
    for trial in every:
        _, graph, report = blockrec.check(trial.model, variants=trial.variants, sets=trial.sets, data=card)
        assert graph is not None, str(report)


def test_every_encoder_of_the_zoo_is_tried() -> None:
    assert set(ENCODERS) == set(variants("multi_tower_din")) - {"decoupled"}


def test_a_line_for_each_model_that_was_run(tmp_path: Path) -> None:
    store, (first, second, *_) = Store(tmp_path / "kept.jsonl"), trials(CARDS[0])
    for seed, auc in ((1, 0.7), (2, 0.8)):
        store.keep(first, seed, {"auc": auc, "gauc": 0.6, "logloss": 0.5, "rows/s": 1000.0})
        store.keep(second, seed, {"auc": auc + 0.01 * seed, "logloss": 0.5, "rows/s": 3000.0})
    lines = answer(Store(tmp_path / "kept.jsonl"), CARDS[0]).splitlines()
    assert lines[2] == "| MultiTower | 0.7500 ± 0.0707 | 0.6000 ± 0.0000 | 0.5000 ± 0.0000 | 1,000 |  |  |"
    assert (
        lines[3].startswith("| DCN-v2 | 0.7650 ± 0.0778 | - | 0.5000 ± 0.0000 | 3,000 | +0.0150 | ") and len(lines) == 4
    )
