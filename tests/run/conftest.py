"""One finished run on a little generated data, for everything that works on runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockrec.run import RunResult, run

LITTLE = """
blockrec: 1
name: little
dataset: planted_interests
features: {user: {dim: 2}}
graph:
  target: {block: embed, in: [item, category], dim: 4}
  history: {block: embed, in: behaviors.item, dim: 4}
  taste: {block: mean_pool, in: history}
  deep: {block: mlp, in: [target, taste], hidden: [8]}
  logit: {block: linear, in: deep, out: 1}
tasks:
  click: {logits: logit, loss: bce, metrics: [auc, logloss]}
outputs: {taste: taste}
watch: {deep: {node: deep, warn: std >= 0}}
data: {generate: {planted_interests: {users: 200, items: 100}}, batch_size: 200}
train: {optimizer: {dense: {adam: {lr: 0.02}}, sparse: {lazy_adam: {lr: 0.02}}}}
"""


@pytest.fixture(scope="session")
def little(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """The result of two epochs; its directory must not be changed."""
    folder = tmp_path_factory.mktemp("little")
    return run(LITTLE, runs_dir=folder / "runs", epochs=2)


@pytest.fixture
def little_run(little: RunResult) -> Path:
    """The directory of that run."""
    assert little.directory is not None
    return little.directory
