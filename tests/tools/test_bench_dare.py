"""The code that DARE is measured against computes the same as the zoo's models."""

from __future__ import annotations

import pytest
import torch

from tools.bench_dare import DIM, LENGTH, MODELS, K, Timed, both, drawn, shortened
from tools.published_dare import PublishedDARE, padded_left


@pytest.mark.parametrize("model", MODELS)
def test_published_form_has_the_same_loss_and_gradients(model: str) -> None:
    for theirs, own in zip(*both(model, items=300), strict=True):
        assert theirs.abs().max() > 1e-6
        torch.testing.assert_close(own, theirs, rtol=1e-3, atol=1e-5)


def test_every_lookup_of_the_published_form_makes_a_gradient_as_large_as_the_table() -> None:
    network = PublishedDARE("dare", 300, 10_000, DIM, K)
    network(padded_left(shortened(next(drawn(300, LENGTH, 64))), LENGTH)).backward()
    for parameter in network.parameters():
        assert parameter.grad is not None and not parameter.grad.is_sparse


def test_search_is_the_first_interest() -> None:
    network = PublishedDARE("dare", 300, 10_000, DIM, K)
    batch = padded_left(shortened(next(drawn(300, LENGTH, 64))), LENGTH)
    with torch.no_grad():
        torch.testing.assert_close(network.search(batch), network.interests(batch)[0], rtol=1e-4, atol=1e-6)


def test_shares_of_time() -> None:
    timed = Timed([[1.0, 2.0, 1.0], [1.0, 2.0, 1.0], [2.0, 4.0, 2.0]], [], 0)
    assert timed.step == 4 and timed.shares() == "25 / 50 / 25"
