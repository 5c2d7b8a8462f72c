"""Running means of the dense weights, which are measured and saved in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class Averages:
    """After the first move the weights themselves, then a ← decay · a + (1 − decay) · w after each.

    Polyak & Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992, with exponential weights.
    values: the averages, by parameter path.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], decay: float) -> None:
        self.parameters, self.decay, self.moves = dict(parameters), decay, 0
        self._raw: dict[str, Tensor] | None = None
        self.values: dict[str, Tensor] = {path: p.detach().clone() for path, p in parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Count the weights after a move."""
        weight = 1.0 if self.moves == 0 else 1 - self.decay
        self.moves += 1
        for path, parameter in self.parameters.items():
            self.values[path].lerp_(parameter, weight)

    @contextmanager
    def in_place(self, model: nn.Module) -> Iterator[None]:
        """The model's parameters are their averages, and afterwards every bit of their own values again.

        Before the first move there are no averages: whoever loads weights then has those measured.
        """
        if self._raw is not None or self.moves == 0:
            yield
            return
        parameters = {path: model.get_parameter(path) for path in self.values}
        self._raw = raw = {path: parameter.data for path, parameter in parameters.items()}
        try:
            for path, parameter in parameters.items():
                parameter.data = self.values[path]
            yield
        finally:
            for path, parameter in parameters.items():
                parameter.data = raw[path]
            self._raw = None

    def state_dict(self) -> dict[str, Any]:
        """Averages, and the weights that training goes on with."""
        weights = self._raw or {path: parameter.detach() for path, parameter in self.parameters.items()}
        return {"moves": self.moves, "averages": dict(self.values), "weights": weights}

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Also puts the raw weights into the parameters: load the model's own weights before."""
        self.moves = state["moves"]
        for path, parameter in self.parameters.items():
            parameter.copy_(state["weights"][path])
            self.values[path].copy_(state["averages"][path])
