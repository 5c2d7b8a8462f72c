"""The adaptive mimic loss, one row at a time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from blockrec.blocks.loss.amm import AdaptiveMimic

ROWS = torch.Generator().manual_seed(1)
AUGMENT, TARGET = (torch.randn(4, 3, generator=ROWS, dtype=torch.float64) for _ in range(2))
WEIGHT, MASK = torch.tensor([1.0, 0.5, 2.0, 3.0]), torch.tensor([1, 0, 1, 1])


def slow(augment: Tensor, *, normalize: bool = True) -> Tensor:
    rows = [a / a.norm() if normalize else a for a in augment]
    return torch.stack([((a - t) ** 2).sum() for a, t in zip(rows, TARGET, strict=True)])


@pytest.mark.parametrize("weights", [{}, {"weight": WEIGHT}, {"mask": MASK}, {"weight": WEIGHT, "mask": MASK}])
@pytest.mark.parametrize("normalize", [True, False])
def test_mean_and_sum(weights: dict[str, Any], normalize: bool) -> None:
    rows, factor = slow(AUGMENT, normalize=normalize), torch.ones(4, dtype=torch.float64)
    for w in weights.values():
        factor = factor * w
    mean = AdaptiveMimic(normalize=normalize)(AUGMENT, TARGET, **weights)
    torch.testing.assert_close(mean, (rows * factor).sum() / factor.sum())
    whole = AdaptiveMimic(reduction="sum", normalize=normalize)(AUGMENT, TARGET, **weights)
    torch.testing.assert_close(whole, (rows * factor).sum())


def test_only_the_augmented_vector_learns() -> None:
    augment, target = AUGMENT.clone().requires_grad_(), TARGET.clone().requires_grad_()
    AdaptiveMimic()(augment, target).backward()
    assert augment.grad is not None and augment.grad.abs().sum() > 0 and target.grad is None


def test_it_can_be_met() -> None:
    assert AdaptiveMimic()(3 * AUGMENT, torch.nn.functional.normalize(AUGMENT)) < 1e-12
