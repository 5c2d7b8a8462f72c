"""What updates of table rows on the GPU share: the occurrences of an id lie together, and one program sums them.

Nothing is added by atomics and no length is read back, so results are the same every time and no step waits for the
device. One program sums an id however often it occurs.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

OCCURRENCES = 16
"""Gradients that are summed at a time."""


class Sorted(NamedTuple):
    """ids [n] ascending, places [n] of each occurrence in the batch, ends [n]: where the occurrences of its id end."""

    ids: Tensor
    places: Tensor
    ends: Tensor


def ordered(ids: Tensor) -> Sorted:
    """Sort ids [n]; equal ones keep their order."""
    found, places = torch.sort(ids, stable=True)
    return Sorted(found, places, torch.searchsorted(found, found, right=True))


@triton.jit
def is_first(IDS, n):
    """Whether the n-th of the sorted ids is not the one before it."""
    before = tl.load(IDS + n - 1, mask=n > 0, other=-1)
    return tl.load(IDS + n) != before


@triton.jit
def summed(
    GRADIENTS, PLACES, start, end, channel, WIDTH: tl.constexpr, BT: tl.constexpr, D: tl.constexpr, ACC: tl.constexpr
):
    """[D] sum of the gradients of occurrences start … end."""
    total = tl.zeros((BT, D), ACC)
    for first in tl.range(start, end, BT):
        occurrence = first + tl.arange(0, BT)
        place = tl.load(PLACES + occurrence, mask=occurrence < end, other=0)
        both = (occurrence < end)[:, None] & (channel < WIDTH)[None, :]
        total += tl.load(GRADIENTS + place[:, None] * WIDTH + channel[None, :], mask=both, other=0.0).to(ACC)
    return tl.sum(total, axis=0)
