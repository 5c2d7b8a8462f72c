"""A small run of a packaged model with attention, for every analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from blockrec.run import run

SETS = [
    "data.generate.planted_interests.users=300",
    "data.generate.planted_interests.items=200",
    "data.generate.planted_interests.categories=20",
    "data.generate.planted_interests.history=12",
    "features.behaviors.max_len=12",
    "data.batch_size=150",
    "graph.search.k=5",
]


@pytest.fixture(scope="session")
def attending(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run of `twin`; analyses write into it."""
    result = run("twin", sets=SETS, steps=12, runs_dir=tmp_path_factory.mktemp("attending"))
    assert result.directory is not None
    return result.directory
