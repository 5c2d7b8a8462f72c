"""Truths: the planted one is that of the generated files, mutual information is what counting says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from blockrec.jagged import Jagged
from blockrec.run.analyze import truth
from blockrec.run.analyze.kinds import Kind, chosen_kind, steps_of
from blockrec.run.analyze.subject import Subject
from blockrec.run.analyze.truth import Bounds, Information, Planted, mutual_information
from blockrec.run.batches import Batch
from blockrec.run.log import Log

KIND = Kind("category", "category", "behaviors.category")


def test_the_planted_relevance_is_that_of_the_generator(attending: Path) -> None:
    """Of each user's last impression, which is the test sample, in the order of users."""
    subject = Subject(attending, Log())
    dataset = subject.dataset()
    kind = chosen_kind(subject.graph, "")
    assert kind == KIND
    planted = Planted.of(dataset, subject.loaded.document.evaluated("data"), kind)
    assert planted is not None and dataset.files is not None
    wanted = np.load(dataset.files / "truth.npz")["weights"].reshape(300, 8, 12)[:, -1]
    (batch,) = dataset.splits["test"].batches(300)
    steps = steps_of(batch, kind)
    found = planted.relevance(steps).reshape(300, 12)
    known = (found > 0).all(1) & planted.known(steps)
    assert known.sum() > 250
    found /= found.sum(1, keepdims=True)
    assert np.allclose(found[known], wanted[known], atol=1e-5)


def random_batch(seed: int, samples: int = 300) -> Batch:
    rng = np.random.default_rng(seed)
    offsets = torch.tensor([0, *rng.integers(0, 5, samples)]).cumsum(0)
    steps = int(offsets[-1])
    return {
        "category": torch.from_numpy(rng.integers(0, 3, samples)),
        "behaviors.category": Jagged(torch.from_numpy(rng.integers(0, 3, steps)), offsets, 4),
        "click": torch.from_numpy(rng.integers(0, 2, samples)).float(),
    }


def test_mutual_information_is_counted_as_its_definition_says(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [random_batch(seed) for seed in range(3)]
    monkeypatch.setattr(truth, "WAITING", 500)
    found = Information.counted(batches, KIND, "click", 3, 4, Bounds(0, 0, 99))
    steps = steps_of(batches[0], KIND)
    relevance = found.relevance(steps)
    for i in range(0, len(relevance), 37):
        place = (steps.target[i], steps.behaviour[i], steps.place[i])
        assert relevance[i] == pytest.approx(by_hand(batches, *place), rel=1e-9)
    assert found.known(steps).tolist() == (np.diff(steps.offsets) > 0).tolist()


def by_hand(batches: list[Batch], target: int, behaviour: int, place: int) -> float:
    """I(X; Y) over the samples of that target, by entropies: H(X) + H(Y) − H(X, Y)."""
    pairs = []
    for batch in batches:
        history = batch["behaviors.category"]
        for row in range(len(batch["category"])):
            if batch["category"][row] == target:
                own = history.values[history.offsets[row] : history.offsets[row + 1]].tolist()
                pairs.append((len(own) >= place and own[-place] == behaviour, bool(batch["click"][row])))

    def entropy(values: list[object]) -> float:
        _, counts = np.unique([str(v) for v in values], return_counts=True)
        return float(-(counts / len(values) * np.log2(counts / len(values))).sum())

    return entropy([x for x, _ in pairs]) + entropy([y for _, y in pairs]) - entropy(pairs)


def test_independent_things_share_nothing_and_equal_ones_a_bit() -> None:
    one = np.array([50.0])
    assert mutual_information(one / 2, one / 2, one, one) == pytest.approx(0, abs=1e-6)
    assert mutual_information(one, 0 * one, one, one) == pytest.approx(1, abs=1e-5)


def test_bounds_leave_out_rare_targets_and_samples_of_rare_behaviours() -> None:
    batch = random_batch(0)
    steps = steps_of(batch, KIND)
    often = Information.counted([batch], KIND, "click", 3, 4, Bounds(10**6, 0, 99))
    assert not often.known(steps).any()
    rare = Information.counted([batch], KIND, "click", 3, 4, Bounds(0, 10**6, 2))
    assert (rare.known(steps) == np.isin(np.diff(steps.offsets), [1, 2])).all()
