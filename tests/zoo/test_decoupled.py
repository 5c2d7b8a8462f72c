"""Tables of its own for attention, as a patch: with equal tables nothing changes, and each table serves its role."""

from __future__ import annotations

import pytest
import torch

import blockrec
from tests.zoo.test_zoo import SIZES, batch_of

ENCODERS = [(), ("dice",), ("simple_attention",), ("self_attention",), ("multi_window_din",)]


@pytest.mark.parametrize("variants", ENCODERS, ids="+".join)
def test_equal_tables_give_the_same_logits(variants: tuple[str, ...]) -> None:
    torch.manual_seed(0)
    one = blockrec.compile("multi_tower_din", variants=variants, vocabularies=SIZES).eval()
    two = blockrec.compile("multi_tower_din", variants=(*variants, "decoupled"), vocabularies=SIZES).eval()
    state = one.state_dict()
    two.load_state_dict({path: state[path.replace("tables.attention", "tables.main")] for path in two.state_dict()})
    batch = batch_of(one.graph_ir)
    torch.testing.assert_close(two(batch)["click"], one(batch)["click"])
    two(batch)["loss"].backward()
    for name in ("item", "category"):
        grad = two.get_parameter(f"tables.attention.{name}.weight").grad
        assert grad is not None and grad.any()
