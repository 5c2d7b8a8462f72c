"""What moves the weights: learning rates, accumulation, clipping and loss scale around the optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from blockrec.run import gradients
from blockrec.run.ema import Averages
from blockrec.run.loss_scale import LossScale
from blockrec.run.optimizers import Optimizers, build_optimizers, tables_of
from blockrec.run.schedule import Plateau, Shape, plateau_of, shape_of
from blockrec.run.settings import Train


class Stateful(Protocol):
    """What a checkpoint keeps."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None: ...


class Updater:
    """`backward(loss)`, then `step(...)`, for every batch.

    shape: the factor on the learning rates, by steps done. plateau: a second factor, which measurements lower.
    clip: longest norm of all gradients. accumulate: steps a move. scale: of the loss. ema: averages of the weights.
    waiting: steps whose gradients have not moved the weights yet; a checkpoint is possible when there is none.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizers: Optimizers,
        *,
        shape: Shape = lambda _: 1.0,
        plateau: Plateau | None = None,
        clip: float | None = None,
        accumulate: int = 1,
        scale: LossScale | None = None,
        ema: Averages | None = None,
    ) -> None:
        self.parameters = list(model.parameters())
        self.optimizers, self.shape, self.plateau = optimizers, shape, plateau
        self.clip, self.accumulate, self.scale, self.ema = clip, accumulate, scale, ema
        self.waiting = self.done = 0

    @property
    def lr(self) -> float:
        """The learning rate of the next move: of dense parameters (else tables) that no override speaks of."""
        return self.optimizers.lr * self._factor(self.done)

    @property
    def averages(self) -> Mapping[str, Tensor] | None:
        """With `ema` the averages by parameter path, which are measured and saved; None without."""
        return self.ema.values if self.ema else None

    def averaged(self, model: nn.Module) -> AbstractContextManager[None]:
        """The model has the weights that are measured: their averages, with `ema`."""
        return self.ema.in_place(model) if self.ema else nullcontext()

    def backward(self, loss: Tensor) -> None:
        """Add the gradients of a loss to those that wait."""
        torch.autograd.backward(self.scale.scaled(loss) if self.scale else loss)

    def step(self, done: int, *, last: bool) -> bool:
        """Move the weights if it is time; True if no gradients wait any more.

        done: steps done, this one included. last: this one is the last of its epoch or of the run.
        """
        self.waiting, self.done = self.waiting + 1, done
        if self.waiting < self.accumulate and not last:
            return False
        if self._ready():
            self.optimizers.step(self._factor(done - 1))
            if self.ema:
                self.ema.update()
        self.optimizers.zero_grad()
        self.waiting = 0
        return True

    def _ready(self) -> bool:
        """Make gradients of what waits; False if they overflowed."""
        factor = 1 / (self.waiting * (self.scale.scale if self.scale else 1))
        if self.clip is None and self.scale is None:
            if factor != 1:
                gradients.multiply(self.parameters, factor)
            return True
        norm = gradients.norm(self.parameters) * factor
        if self.scale and not self.scale.judge(norm):
            return False
        bound = 1 if self.clip is None else (self.clip / (norm + 1e-6)).clamp(max=1)
        gradients.multiply(self.parameters, bound * factor)
        return True

    def _factor(self, done: int) -> float:
        return self.shape(done) * (self.plateau.factor if self.plateau else 1)

    def _parts(self) -> dict[str, Stateful]:
        parts: dict[str, Stateful | None] = {
            "optimizers": self.optimizers,
            "plateau": self.plateau,
            "scale": self.scale,
            "ema": self.ema,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def state_dict(self) -> dict[str, Any]:
        """All that training needs to go on the same way, while no gradients wait."""
        return {"done": self.done, **{name: part.state_dict() for name, part in self._parts().items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """After the model's weights were loaded: with `ema` it puts the raw ones in their place."""
        self.done = state["done"]
        for name, part in self._parts().items():
            part.load_state_dict(state[name])


def build_updater(model: nn.Module, settings: Train, *, steps: int, per_epoch: int) -> Updater:
    """As `train:` says, for a run of so many steps."""
    dense = {path: p for path, p in model.named_parameters() if path not in tables_of(model)}
    return Updater(
        model,
        build_optimizers(model, settings),
        shape=shape_of(settings.schedule, steps=steps, per_epoch=per_epoch),
        plateau=plateau_of(settings.schedule),
        clip=settings.clip,
        accumulate=settings.accumulate,
        scale=LossScale() if settings.precision == "fp16" else None,
        ema=Averages(dense, settings.ema) if settings.ema is not None else None,
    )
