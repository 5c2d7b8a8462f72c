"""Training and evaluation mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def measuring(*modules: nn.Module) -> Iterator[None]:
    """Evaluation mode, without gradients; training mode comes back."""
    modes = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in zip(reversed(modules), reversed(modes), strict=True):
            module.train(training)
