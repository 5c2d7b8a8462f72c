"""The loop: what is trained, what is repeated by a seed, what stops it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from blockrec.diagnostics import BlockrecError
from blockrec.jagged import Jagged
from blockrec.run.batches import Rows
from blockrec.run.loop import Loop, Losses, Plan
from blockrec.run.seed import seed_everything
from blockrec.run.smoke import smoke_step
from blockrec.run.trace import Trace, watched
from tests.run.toy import Samples, Toy, updater

CPU = torch.device("cpu")


def loop(model: nn.Module, *, steps: int | None = None, epochs: int = 2, seed: int = 3) -> Loop:
    feed = Rows(Samples(), 32, shuffle=True, seed=seed)
    return Loop(model, updater(model), feed, Plan.of(feed.per_epoch, epochs=epochs, steps=steps), CPU)


def losses(seed: int, *, smoke: bool = False) -> list[float]:
    seed_everything(seed)
    model = Toy(dropout=0.3)
    training = loop(model, seed=seed)
    if smoke:
        smoke_step(model, next(iter(Samples().batches(32))))
    return [training.losses.latest or math.nan for _ in training.steps()]


def test_steps_and_epochs() -> None:
    found = [(s.number, s.epoch, s.rows, s.ends_epoch, s.ends_run) for s in loop(Toy()).steps()]
    assert found == [
        (1, 1, 32, False, False),
        (2, 1, 32, False, False),
        (3, 1, 32, False, False),
        (4, 1, 4, True, False),
        (5, 2, 32, False, False),
        (6, 2, 32, False, False),
        (7, 2, 32, False, False),
        (8, 2, 4, True, True),
    ]


def test_steps_that_settle() -> None:
    model = Toy()
    feed = Rows(Samples(), 32, shuffle=True, seed=3)
    training = Loop(model, updater(model, accumulate=3), feed, Plan.of(4, epochs=9, steps=6), CPU)
    seen = []
    for step in training.steps():
        waits = any(p.grad is not None for p in model.parameters())
        seen.append((step.number, step.settled, waits))
    moves = {3, 4, 6}
    assert seen == [(number, number in moves, number not in moves) for number in range(1, 7)]


def test_steps_win_over_epochs() -> None:
    training = loop(Toy(), steps=5, epochs=1)
    assert [s.number for s in training.steps()] == [1, 2, 3, 4, 5] and training.plan.epochs == 2
    assert [s.ends_run for s in loop(Toy(), steps=2).steps()] == [False, True]


def test_a_seed_repeats_the_losses() -> None:
    assert losses(3) == losses(3)
    assert losses(3) != losses(4)


def test_the_smoke_step_changes_nothing() -> None:
    assert losses(3, smoke=True) == losses(3)


def test_training_learns() -> None:
    torch.manual_seed(0)
    model = Toy()
    training = Loop(
        model,
        updater(model, optimizer={"dense": {"adam": {"lr": 0.05}}, "sparse": {"lazy_adam": {"lr": 0.05}}}),
        Rows(Samples(1000), 100, shuffle=True, seed=1),
        Plan.of(10, epochs=5, steps=None),
        CPU,
    )
    found = [training.losses.latest or math.nan for _ in training.steps()]
    assert sum(found[-5:]) / 5 < 0.56 < sum(found[:5]) / 5


def test_parts_of_the_time() -> None:
    training = loop(Toy())
    for _ in training.steps():
        pass
    assert set(training.clock.seconds) == {"data", "forward", "backward", "optimizer"}
    assert training.clock.training == sum(training.clock.seconds.values()) > 0


def test_a_loss_that_is_not_finite_names_step_and_node_before_weights_change() -> None:
    model = Toy()
    training = loop(model)
    steps = training.steps()
    for _ in range(3):
        next(steps)
    with torch.no_grad():
        model.get_submodule("nodes.head.logit").bias.fill_(math.nan)  # type: ignore[operator]
    before = {k: v.clone() for k, v in model.state_dict().items() if not k.endswith(("mean", "var", "tracked"))}
    with pytest.raises(
        BlockrecError,
        match=r"(?s)E701.*nan at step 4 \(epoch 1, batch 4 of 4: 4 samples\); .*`head.logit`, for all samples",
    ):
        next(steps)
    after = model.state_dict()
    assert all(torch.equal(after[k].nan_to_num(7), before[k].nan_to_num(7)) for k in before)


class Spoiling(nn.Module):
    """Divides by an item, of which 0 is one; as a sequence of two steps a sample if `jagged`."""

    def __init__(self, items: torch.Tensor, *, jagged: bool) -> None:
        super().__init__()
        self.items, self.jagged = items, jagged

    def forward(self, x: torch.Tensor) -> torch.Tensor | Jagged:
        spoilt = x / (self.items != 0)[:, None]
        if not self.jagged:
            return spoilt
        offsets = torch.arange(0, 2 * len(x) + 1, 2)
        return Jagged(spoilt.repeat_interleave(2, 0), offsets, 2)


@pytest.mark.parametrize("jagged", [False, True])
def test_the_samples_are_named_that_are_not_finite(jagged: bool) -> None:
    items = torch.arange(9) % 4
    seen = Trace()
    model = nn.Sequential()
    model.add_module("nodes", nn.Sequential(Spoiling(items, jagged=jagged)))
    model.forward = lambda batch: model[0](batch["x"])  # type: ignore[method-assign]
    watched(model, {"x": torch.ones(9, 3)}, seen)
    assert (seen.not_finite, seen.samples) == ("nodes.0", (0, 4, 8))


def test_losses_that_are_fetched_late_keep_their_step() -> None:
    losses = Losses(window=4)
    ages = [losses.add(torch.tensor(x)) for x in (1.0, 2.0, math.inf, 4.0)]
    assert ages == [None, None, None, 1]
    others = Losses(window=4)
    assert [others.add(torch.tensor(x)) for x in (1.0, 2.0)] == [None, None]
    assert others.mean() == 1.5 and math.isnan(others.mean())


class Broken(nn.Module):
    """A layer that fails, on every batch or on small ones."""

    def __init__(self, least: int) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x if x.shape[0] >= self.least else x.reshape(-1, 3)


def test_a_model_that_fails_is_reported_with_the_node() -> None:
    model = Toy()
    model.nodes["head"]["drop"] = Broken(10)  # type: ignore[operator]
    with pytest.raises(BlockrecError, match=r"E705.*`head.drop` fails on a batch: shape"):
        list(loop(model).steps())
    smoke_step(model, next(iter(Samples().batches(32))))
    with pytest.raises(BlockrecError, match=r"E705.*`head.drop` fails on a batch: shape"):
        smoke_step(model, next(iter(Samples().batches(4))))


def test_the_smoke_step_finds_gradients_that_are_not_finite() -> None:
    class Root(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x * 0).sqrt()

    model = Toy()
    model.nodes["head"]["drop"] = Root()  # type: ignore[operator]
    with pytest.raises(BlockrecError, match=r"E701.*gradient of `.*` is not finite on the first batch"):
        smoke_step(model, next(iter(Samples().batches(32))))
    assert all(p.grad is None for p in model.parameters())


def test_out_of_memory() -> None:
    class Huge(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes\nmore")

    model = Toy()
    model.nodes["head"]["drop"] = Huge()  # type: ignore[operator]
    with pytest.raises(BlockrecError, match=r"E702.*out of memory: DefaultCPUAllocator.*8 bytes\n.*batch_size"):
        list(loop(model).steps())
