"""Binary cross-entropy."""

from __future__ import annotations

import torch

from blockrec.blocks.loss.bce import BCE


def test_is_the_mean_of_its_formula() -> None:
    logits, label = torch.randn(9, 1, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    p = BCE().predict(logits)
    torch.testing.assert_close(BCE()(logits, label), -(label * p.log() + (1 - label) * (1 - p).log()).mean())


def test_certain_mistakes_cost_their_logit() -> None:
    loss = BCE()(torch.tensor([[500.0]]), torch.tensor([0.0]))
    torch.testing.assert_close(loss, torch.tensor(500.0))


def test_smoothing_moves_labels_towards_one_half() -> None:
    logits, label = torch.randn(9, 1), torch.randint(0, 2, (9,)).float()
    torch.testing.assert_close(BCE(smoothing=0.2)(logits, label), BCE()(logits, 0.8 * label + 0.1))
