"""Focal loss."""

from __future__ import annotations

import torch

from blockrec.blocks.loss.bce import BCE
from blockrec.blocks.loss.focal import Focal


def some(rows: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(rows, 1, dtype=torch.float64, requires_grad=True), torch.randint(0, 2, (rows,)).double()


def test_is_the_mean_of_its_formula() -> None:
    logits, label = some()
    block = Focal(gamma=1.5, alpha=0.3)
    p = block.predict(logits)
    yes, no = 0.3 * (1 - p) ** 1.5 * label * p.log(), 0.7 * p**1.5 * (1 - label) * (1 - p).log()
    torch.testing.assert_close(block(logits, label), -(yes + no).mean())


def test_without_focus_it_is_half_the_cross_entropy() -> None:
    logits, label = some()
    torch.testing.assert_close(Focal(gamma=0)(logits, label), BCE()(logits, label) / 2)


def test_detached_it_has_the_same_value_and_the_gradient_of_a_weighted_cross_entropy() -> None:
    logits, label = some()
    p = Focal().predict(logits).detach()
    focus = 0.5 * (label * (1 - p) ** 2 + (1 - label) * p**2)
    (weighted,) = torch.autograd.grad(BCE()(logits, label, focus) * focus.mean(), logits)
    (detached,) = torch.autograd.grad(Focal(detach=True)(logits, label), logits)
    (whole,) = torch.autograd.grad(Focal()(logits, label), logits)
    torch.testing.assert_close(detached, weighted)
    torch.testing.assert_close(Focal(detach=True)(logits, label), Focal()(logits, label))
    assert not torch.allclose(whole, detached)


def test_certain_mistakes_keep_a_finite_gradient() -> None:
    logits = torch.tensor([[500.0], [-500.0]], requires_grad=True)
    Focal()(logits, torch.tensor([0.0, 1.0])).backward()
    assert logits.grad is not None and logits.grad.isfinite().all() and (logits.grad != 0).all()
