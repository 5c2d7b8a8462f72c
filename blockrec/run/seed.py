"""Random numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch


def seed_everything(seed: int) -> None:
    """Seed Python, numpy's old generator (for a user's own blocks) and torch on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - the global generator is what others may use
    torch.manual_seed(seed)


def random_state(device: torch.device) -> dict[str, Any]:
    """Where all generators are, as tensors and numbers: those of Python, numpy, torch, and of the GPU that is used."""
    version, words, spare = random.getstate()
    name, keys, position, has_spare, numpy_spare = np.random.get_state(legacy=True)  # noqa: NPY002 - as above
    state: dict[str, Any] = {
        "python": {"version": version, "words": torch.tensor(words, dtype=torch.int64), "spare": spare},
        "numpy": {
            "name": name,
            "keys": torch.from_numpy(np.asarray(keys, np.int64)),
            "rest": [int(position), int(has_spare), float(numpy_spare)],
        },
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        state["cuda"] = torch.cuda.get_rng_state(device)
    return state


def set_random_state(state: Mapping[str, Any], device: torch.device) -> None:
    """Go on drawing where `random_state` was taken; on another kind of device that device's own numbers go on."""
    python, numpy = state["python"], state["numpy"]
    random.setstate((python["version"], tuple(python["words"].tolist()), python["spare"]))
    keys = numpy["keys"].numpy().astype(np.uint32)
    np.random.set_state((numpy["name"], keys, *numpy["rest"]))  # noqa: NPY002 - as above
    torch.set_rng_state(state["torch"])
    if device.type == "cuda" and "cuda" in state:
        torch.cuda.set_rng_state(state["cuda"], device)
