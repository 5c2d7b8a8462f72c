"""Dropout that learns which inputs matter."""

from __future__ import annotations

import torch

from blockrec.blocks.interaction.variational_dropout import VariationalDropout
from blockrec.blocks.loss.selection_penalty import SelectionPenalty


def test_evaluation_scales_by_what_is_kept() -> None:
    block, x = VariationalDropout().eval(), torch.randn(5, 3)
    with torch.no_grad():
        block.logit.fill_(0.7)
    out, kept = block(x)
    torch.testing.assert_close(kept, torch.full((5, 1), 1 - torch.sigmoid(torch.tensor(0.7)).item()))
    torch.testing.assert_close(out, x * kept)


def test_training_drops_whole_samples_as_often_as_it_says() -> None:
    torch.manual_seed(0)
    block = VariationalDropout(temperature=1e-3).train()
    with torch.no_grad():
        block.logit.fill_(1.0)
    out = block(torch.ones(20_000, 2)).out.detach()
    assert out[:, 0].equal(out[:, 1])
    whole = (out < 1e-3) | (out > 1 - 1e-3)
    assert whole.float().mean() > 0.99
    torch.testing.assert_close(out.mean(), 1 - torch.sigmoid(torch.tensor(1.0)), atol=0.01, rtol=0)


def test_what_tells_nothing_is_dropped_and_what_tells_is_kept() -> None:
    torch.manual_seed(0)
    useful, idle, price = VariationalDropout(), VariationalDropout(), SelectionPenalty()
    weight = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([weight, useful.logit, idle.logit], lr=0.05)
    for _ in range(400):
        x, noise = torch.randn(64, 1), torch.randn(64, 1)
        a, b = useful(x), idle(noise)
        wanted = (torch.cat([a.out, b.out], 1) * weight).sum(1) - x[:, 0]
        optimizer.zero_grad()
        (wanted.square().mean() + 3 * price(a.kept, b.kept)).backward()
        optimizer.step()
    assert torch.sigmoid(useful.logit) < 0.2 < 0.8 < torch.sigmoid(idle.logit)


def test_the_price_is_the_number_of_kept_inputs_over_the_rows() -> None:
    kept = [torch.full((4, 1), 0.5), torch.full((4, 1), 1.0)]
    assert SelectionPenalty()(*kept) == 1.5 / 4
    assert SelectionPenalty()(kept[0][:0]) == 0
