"""The factor on the loss that keeps small gradients of 16-bit floats from vanishing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


class LossScale:
    """Halved when a gradient overflows (that move is left out), doubled after `patience` moves that did not.

    Micikevicius et al., "Mixed Precision Training", ICLR 2018, section 3.2.
    """

    def __init__(self, scale: float = 2.0**16, patience: int = 2000) -> None:
        self.scale, self.patience, self.good = scale, patience, 0

    def scaled(self, loss: Tensor) -> Tensor:
        """What the backward pass starts from."""
        return loss * self.scale

    def judge(self, norm: Tensor) -> bool:
        """Whether gradients of this norm may move the weights; the scale follows."""
        if not bool(norm.isfinite()):
            self.scale, self.good = self.scale / 2, 0
            return False
        self.good += 1
        if self.good == self.patience:
            self.scale, self.good = self.scale * 2, 0
        return True

    def state_dict(self) -> dict[str, Any]:
        return {"scale": self.scale, "good": self.good}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.scale, self.good = state["scale"], state["good"]
