"""Learning rates against torch's own schedulers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs

from blockrec.run.schedule import plateau_of, shape_of
from tests.run.toy import settings

STEPS, PER_EPOCH = 60, 20
Scheduler = Callable[[torch.optim.Optimizer], theirs.LRScheduler]


def torchs(scheduler: Scheduler, steps: int = STEPS) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    made, rates = scheduler(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return rates


def ours(**schedule: Any) -> list[float]:
    shape = shape_of(settings(schedule=schedule).schedule, steps=STEPS, per_epoch=PER_EPOCH)
    return [shape(done) for done in range(STEPS)]


@pytest.mark.parametrize(
    ("schedule", "scheduler"),
    [
        ({}, lambda o: theirs.ConstantLR(o, factor=1)),
        ({"cosine": {"to": 0.1}}, lambda o: theirs.CosineAnnealingLR(o, STEPS, eta_min=0.1)),
        ({"exponential": {"gamma": 0.7}}, lambda o: theirs.StepLR(o, PER_EPOCH, gamma=0.7)),
        ({"exponential": {"gamma": 0.9, "every": "1 step"}}, lambda o: theirs.ExponentialLR(o, 0.9)),
        ({"manual": {"after": [7, 30], "factors": [0.3, 0.09]}}, lambda o: theirs.MultiStepLR(o, [7, 30], gamma=0.3)),
        ({"warmup": 8}, lambda o: theirs.LinearLR(o, 1 / 8, 1, total_iters=7)),
        ({"plateau": {}}, lambda o: theirs.ConstantLR(o, factor=1)),
        (
            {"warmup": 10, "cosine": {}},
            lambda o: theirs.SequentialLR(
                o, [theirs.LinearLR(o, 0.1, 1, total_iters=9), theirs.CosineAnnealingLR(o, STEPS - 10)], [10]
            ),
        ),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch's SequentialLR warns of its own call
def test_shapes_are_torchs(schedule: dict[str, Any], scheduler: Scheduler) -> None:
    assert ours(**schedule) == pytest.approx(torchs(scheduler))


def test_a_cosine_of_its_own_length_stays_at_its_end() -> None:
    rates = ours(cosine={"to": 0.2, "steps": 30})
    assert rates[30:] == pytest.approx([0.2] * 30) and rates[29] > 0.2


def test_a_warm_up_longer_than_the_run() -> None:
    assert ours(warmup=1000, cosine={}) == pytest.approx([(i + 1) / 1000 for i in range(STEPS)])


@pytest.mark.parametrize("patience", [0, 1, 3])
@pytest.mark.parametrize("mode", ["max", "min"])
def test_plateau_is_torchs(mode: Any, patience: int) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    wanted = theirs.ReduceLROnPlateau(optimizer, mode, factor=0.5, patience=patience, min_lr=0.1, threshold=0)
    options = {"factor": 0.5, "patience": patience, "least": 0.1}
    plateau, resumed = (plateau_of(settings(schedule={"plateau": options}).schedule) for _ in range(2))
    assert plateau is not None and resumed is not None and plateau.metric is None
    is_better = operator.gt if mode == "max" else operator.lt
    for value in torch.randn(40, generator=torch.Generator().manual_seed(patience)).tolist():
        before = plateau.factor
        fell = plateau.observe(value, lambda new, old: old is None or is_better(new, old))
        wanted.step(value)
        assert plateau.factor == pytest.approx(optimizer.param_groups[0]["lr"]) and fell == (plateau.factor < before)
        resumed.load_state_dict(plateau.state_dict())
        plateau, resumed = resumed, plateau
    assert plateau.factor == 0.1
