"""Benchmarks: what is counted is right; how fast it is belongs to the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from blockrec.run.bench import bench
from blockrec.run.bench.memory import kept_for_backward, memory_of
from blockrec.run.bench.result import MEMORY, Bench, Steps
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare
from tests.run.conftest import LITTLE

ATTENDS = LITTLE.replace("block: mean_pool, in: history", "block: din, in: {query: target, keys: wide}, hidden: [4]")
ATTENDS = ATTENDS.replace("  taste:", "  wide: {block: linear, in: history, out: 8}\n  taste:")


@pytest.fixture(scope="module")
def found() -> Bench:
    return bench(ATTENDS, steps=4)


def test_every_step_is_timed_and_counted(found: Bench) -> None:
    assert len(found.steps.seconds) == 4 and found.steps.rows == 4 * found.batch_size == 800
    assert all(set(parts) == {"data", "forward", "backward", "optimizer"} for parts in found.steps.seconds)
    assert all(seconds > 0 for parts in found.steps.seconds for seconds in parts.values())
    assert found.predicts > 0 and found.device == "cpu" and found.precision == "fp32"


def test_the_reference_kernels_train_the_same_steps(found: Bench) -> None:
    assert set(found.kernels.values()) == {"cpu"}
    assert found.reference is not None and found.reference.rows == found.steps.rows
    assert found.speedup == found.reference.median / found.steps.median


def test_a_model_without_other_kernels_has_nothing_to_compare() -> None:
    plain = bench(ATTENDS, steps=2, sets=["kernels=reference"])
    assert plain.reference is None and "reference kernels" not in str(plain)
    assert bench(ATTENDS, steps=2, reference=False).reference is None


def test_a_run_is_benched_with_its_weights(little_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[Path] = []
    monkeypatch.setattr("blockrec.run.bench.load_weights", lambda folder, _: loaded.append(folder))
    assert bench(little_run, steps=2, reference=False).name == "little"
    assert loaded == [little_run / "checkpoints" / "best"]


def test_a_run_is_named_as_elsewhere(little_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(little_run.parents[1])
    assert bench(little_run.parent.name, steps=4, reference=False).name == little_run.parent.name


def test_every_node_is_timed(found: Bench) -> None:
    named = {node["node"] for node in found.to_json()["nodes"]["nodes"]}
    assert {"deep", "logit", "wide"} <= named and "all nodes" in str(found)


def test_text_and_json_say_the_same(found: Bench) -> None:
    plain = json.loads(json.dumps(found.to_json()))
    assert plain["steps"]["seconds"]["step"]["median"] == found.steps.median
    text = str(found)
    for name in ("data", "forward", "backward", "optimizer", "step", "trains", "predicts", "kernels", *MEMORY.values()):
        assert name in text


def test_spreads_are_those_of_the_steps() -> None:
    steps = Steps(tuple({"forward": i / 1000, "backward": 0.0} for i in range(11)), 110)
    assert steps.to_json()["seconds"]["step"] == {"median": 0.005, "p10": 0.001, "p90": 0.009}
    assert steps.rows_a_second == pytest.approx(110 / 0.055)


@pytest.fixture
def job() -> Job:
    return prepare(LITTLE, Wishes(steps=10), Log())


def test_memory_is_that_of_the_tensors(job: Job) -> None:
    weights = 4 * sum(p.numel() for p in job.model.parameters())
    before = memory_of(job)
    assert before["parameters"] == weights and before["process"] > 10**7
    job.updater.backward(job.model(job.first_batch())["loss"])
    job.updater.step(1, last=True)
    after = memory_of(job)
    assert 2 * weights <= after["optimizer"] - before["optimizer"] < 2.1 * weights + 4096


def test_what_is_kept_grows_with_the_batch_and_leaves_no_trace(job: Job) -> None:
    state = torch.random.get_rng_state()
    small = kept_for_backward(job)
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(p.grad is None for p in job.model.parameters())
    twice: Any = prepare(LITTLE, Wishes(steps=10, sets=["data.batch_size=400"]), Log())
    assert 1.5 * small < kept_for_backward(twice) < 2.5 * small
