"""Every optimizer that a file can name against torch's own, on random problems."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blockrec.diagnostics import BlockrecError
from tests.run.toy import Toy, optimizers

DENSE: list[tuple[str, dict[str, Any], type[torch.optim.Optimizer], dict[str, Any]]] = [
    ("adam", {"lr": 0.02, "betas": [0.8, 0.95], "weight_decay": 0.1}, torch.optim.Adam, {}),
    ("adamw", {"lr": 0.02, "eps": 1e-4, "weight_decay": 0.2}, torch.optim.AdamW, {}),
    ("adagrad", {"lr": 0.1, "weight_decay": 0.1, "initial": 0.5}, torch.optim.Adagrad, {}),
    ("adagrad", {}, torch.optim.Adagrad, {"lr": 0.01}),
    ("sgd", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}, torch.optim.SGD, {}),
    ("sgd", {}, torch.optim.SGD, {"lr": 0.01}),
]
SPARSE = [{"lazy_adam": {"lr": 0.1}}, {"rowwise_adagrad": {"lr": 0.1}}, {"dense": {"sgd": {"momentum": 0.5}}}]


def gradients(model: nn.Module, seed: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {path: torch.randn(p.shape, generator=generator) for path, p in model.named_parameters()}


@pytest.mark.parametrize("part", ["dense", "sparse"])
@pytest.mark.parametrize(("name", "options", "kind", "more"), DENSE)
def test_the_dense_optimizers_are_torchs(
    name: str, options: dict[str, Any], kind: type[torch.optim.Optimizer], more: dict[str, Any], part: str
) -> None:
    torch.manual_seed(1)
    own = Toy()
    other = Toy()
    other.load_state_dict(own.state_dict())
    chosen = {"dense": {name: options}, "sparse": {"dense": {name: options}}}
    built = optimizers(own, optimizer=chosen)
    given = {{"initial": "initial_accumulator_value"}.get(k, k): v for k, v in (options | more).items()}
    theirs = kind(other.parameters(), **given)
    for step in range(5):
        for model in (own, other):
            for path, gradient in gradients(model, step).items():
                model.get_parameter(path).grad = gradient
        built.step()
        theirs.step()
    assert part in built.parts
    for (path, found), wanted in zip(own.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, msg=path)


def trained(model: Toy, built: Any, steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        item = torch.randint(0, 20, (8,), generator=generator)
        model.train()({"item": item, "click": (item % 2).float()})["loss"].backward()
        built.step(0.5)
        built.zero_grad()


@pytest.mark.parametrize("sparse", SPARSE, ids=str)
@pytest.mark.parametrize("dense", [name for name, *_ in DENSE])
def test_the_state_goes_on_the_same_way(dense: str, sparse: dict[str, Any]) -> None:
    def build(model: Toy) -> Any:
        overrides = [{"match": "*bias", "lr": 0.3}]
        return optimizers(model, optimizer={"dense": {dense: {}}, "sparse": sparse}, overrides=overrides)

    straight, broken, resumed = Toy(), Toy(), Toy()
    broken.load_state_dict(straight.state_dict())
    trained(straight, build(straight), range(6))
    before = build(broken)
    trained(broken, before, range(4))
    resumed.load_state_dict(broken.state_dict())
    file = io.BytesIO()
    torch.save(before.state_dict(), file)
    file.seek(0)
    after = build(resumed)
    after.load_state_dict(torch.load(file, weights_only=True))
    trained(resumed, after, range(4, 6))
    for (path, found), wanted in zip(resumed.named_parameters(), straight.parameters(), strict=True):
        assert torch.equal(found, wanted), path


def test_rates_are_those_of_the_file_that_goes_on() -> None:
    model = Toy()
    state = optimizers(model, optimizer={"dense": {"adam": {"lr": 0.5}}}).state_dict()
    other = optimizers(model, optimizer={"dense": {"adam": {"lr": 0.25}}}, overrides=[{"match": "*bias", "lr": 0.1}])
    other.load_state_dict(state)
    assert sorted(group["lr"] for group in other.parts["dense"].param_groups) == [0.1, 0.25]


def test_the_state_of_other_optimizers_is_refused() -> None:
    model = Toy()
    state = optimizers(model).state_dict()
    with pytest.raises(BlockrecError, match=r"E703.*state is of Adam, but `optimizer.dense` is SGD"):
        optimizers(model, optimizer={"dense": {"sgd": {}}}).load_state_dict(state)
