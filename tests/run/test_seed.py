"""Random numbers go on where their state was taken, also through a file."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch

from blockrec.run.seed import random_state, seed_everything, set_random_state

CPU = torch.device("cpu")


def drawn() -> list[float]:
    """Of every generator; normal ones, because these keep a spare number."""
    normal = [random.gauss(0, 1), float(np.random.standard_normal())]  # noqa: NPY002 - the generator in question
    return [*normal, random.random(), float(np.random.rand()), float(torch.randn(()))]  # noqa: NPY002


def test_every_generator_goes_on(tmp_path: Path) -> None:
    seed_everything(5)
    first = drawn()
    torch.save(random_state(CPU), tmp_path / "state.pt")
    wanted = [drawn() for _ in range(3)]
    seed_everything(6)
    set_random_state(torch.load(tmp_path / "state.pt", weights_only=True), CPU)
    assert [drawn() for _ in range(3)] == wanted
    seed_everything(5)
    assert drawn() == first
