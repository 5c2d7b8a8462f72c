"""Products of 16 bits: the loss that 32 bits give, and 32 bits wherever numbers are summed, kept or returned."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

import blockrec
from blockrec.graph.lower import Model
from blockrec.jagged import Jagged
from blockrec.language.files import packaged_models
from tests.zoo.test_zoo import SIZES, batch_of

TOLERANCE = {torch.bfloat16: 4e-3, torch.float16: 5e-4}


def compiled(name: str, precision: torch.dtype, *sets: str) -> Model:
    torch.manual_seed(0)
    model = blockrec.compile(name, vocabularies=SIZES, sets=sets)
    model.precision = precision
    return model


def gradients(model: Model) -> tuple[float, Tensor]:
    """The loss and the direction of all gradients together."""
    loss = model(batch_of(model.graph_ir))["loss"]
    loss.backward()
    assert all(p.grad is not None and p.grad.dtype is torch.float32 for p in model.parameters())
    assert loss.dtype is torch.float32
    parts = [p.grad.to_dense().flatten() for p in model.parameters() if p.grad is not None]
    return float(loss.detach()), torch.nn.functional.normalize(torch.cat(parts), dim=0)


@pytest.mark.parametrize("kernels", ["auto", "reference"])
@pytest.mark.parametrize("precision", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", packaged_models())
def test_the_loss_and_its_gradient_stay(name: str, precision: torch.dtype, kernels: str) -> None:
    wanted, along = gradients(compiled(name, torch.float32))
    found, direction = gradients(compiled(name, precision, f"kernels={kernels}"))
    assert found == pytest.approx(wanted, rel=TOLERANCE[precision])
    assert torch.dot(along, direction) > 1 - 10 * TOLERANCE[precision]


def test_products_are_of_16_bits_and_results_of_32() -> None:
    model = compiled("din", torch.bfloat16)
    seen: dict[str, torch.dtype] = {}

    def see(name: str) -> Any:
        return lambda _module, _inputs, out: seen.update({name: out.dtype})

    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(see(name))
    results = model(batch_of(model.graph_ir))
    assert seen and set(seen.values()) == {torch.bfloat16}
    values = [x.values if isinstance(x, Jagged) else x for x in results.values()]
    assert {x.dtype for x in values if x.is_floating_point()} == {torch.float32}


def test_copies_and_parts_have_the_precision_of_the_model() -> None:
    model = compiled("din", torch.bfloat16)
    assert deepcopy(model).precision is model.only("loss").precision is torch.bfloat16
    assert compiled("din", torch.float32).only("loss").precision is torch.float32


def test_outside_of_the_model_nothing_changes() -> None:
    model = compiled("din", torch.bfloat16)
    with pytest.raises(KeyError):
        model({})
    assert not torch.is_autocast_enabled("cpu")
