"""Capsules against routing that is written out, and what they find."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from blockrec.blocks.sequence.capsules import Capsules
from blockrec.jagged import Jagged, offsets_of

LENGTHS = [5, 0, 1, 9, 2]


def steps(width: int = 4) -> Jagged:
    generator = torch.Generator().manual_seed(2)
    values = torch.randn(sum(LENGTHS), width, dtype=torch.float64, generator=generator)
    return Jagged(values, offsets_of(torch.tensor(LENGTHS)), 9)


def slow(block: Capsules, x: Tensor, length: int) -> Tensor:
    """[k, width] of one history, a sum at a time."""
    number = next(j for j in range(1, 99) if j >= max(1, min(block.k, math.log2(length) if length else -1)))
    number = block.k if not block.adaptive else number
    low = [step @ block.bilinear for step in x]
    unit = [v / v.norm() for v in low]
    logits = [[float(block.deviation * (u @ block.directions[:, k]).detach()) for k in range(number)] for u in unit]
    for last in reversed(range(block.iterations)):
        shares = [torch.softmax(torch.tensor([block.scale * r for r in row]).double(), 0) for row in logits]
        zero = torch.zeros(block.bilinear.shape[1], dtype=torch.float64)
        high = [sum((s[k] * v for s, v in zip(shares, low, strict=True)), zero) for k in range(number)]
        if last:
            logits = [
                [float((s[k] + high[k] @ u).detach()) for k in range(number)] for s, u in zip(shares, unit, strict=True)
            ]
    found = []
    for h in high:
        length_ = max(float(h.detach().norm()), 1e-7)
        found.append(h / length_ * (length_**2 / (1 + length_**2)) ** block.power)
    return torch.stack(found)


@pytest.mark.parametrize(("k", "power", "adaptive"), [*product([1, 3], [1.0, 0.6], [True, False])])
def test_against_sums(k: int, power: float, adaptive: bool) -> None:
    torch.manual_seed(0)
    block, x = Capsules(4, width=3, k=k, power=power, scale=2.0, adaptive=adaptive).double(), steps()
    with torch.no_grad():
        found = block(x)
    for row, length in enumerate(LENGTHS):
        own = found.values[found.offsets[row] : found.offsets[row + 1]]
        torch.testing.assert_close(own, slow(block, x.values[x.rows == row], length).detach())


def test_two_groups_of_steps_become_two_interests() -> None:
    torch.manual_seed(0)
    centres = torch.tensor([[5.0, 0, 0, 0], [0, 0, 5, 0]])
    group = torch.arange(16) % 2
    x = Jagged(centres[group] + 0.1 * torch.randn(16, 4), torch.tensor([0, 16]), 16)
    block = Capsules(4, width=4, k=2)
    with torch.no_grad():
        block.bilinear.copy_(torch.eye(4))
        block.directions.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]]).T)
    found = torch.nn.functional.normalize(block(x).values)
    torch.testing.assert_close(found.detach(), centres / 5, atol=0.05, rtol=0)


def test_a_prediction_is_always_the_same_unless_first_logits_are_noise() -> None:
    torch.manual_seed(0)
    block, noisy = Capsules(4, width=3).double().eval(), Capsules(4, width=3, first="noise").double().eval()
    assert block(steps()).values.equal(block(steps()).values)
    assert not noisy(steps()).values.equal(noisy(steps()).values)
