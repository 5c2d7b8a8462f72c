"""Random numbers by their place: nothing is stored, and any of them can be had without those before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)


def uniform(places: NDArray[np.int64], *key: int) -> NDArray[np.float64]:
    """[n] numbers in [0, 1), which the key and the place decide.

    SplitMix64 (Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014) at the given places
    of the stream that `key` starts.
    """
    start: Any = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    mixed = start + places.astype(np.uint64) * _STEP
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)
