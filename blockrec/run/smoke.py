"""One batch forward and backward before long work starts; leaves no trace in weights, buffers or random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from blockrec.diagnostics import fail
from blockrec.run.batches import Batch
from blockrec.run.trace import not_finite, refused

HELP = "look at the range of its inputs and at its initial values"


def smoke_step(model: nn.Module, batch: Batch) -> float:
    """The loss of one batch before training. Raises E701 (not finite), E702 (memory) or E705 (any other failure)."""
    with _restored(model):
        try:
            loss = model(batch)["loss"]
            loss.backward()
        except (RuntimeError, ValueError, IndexError, TypeError, MemoryError) as error:
            raise refused(model, batch, error) from error
        if not bool(loss.isfinite()):
            raise not_finite(model, batch, 0, float(loss.detach()), HELP)
        _check_gradients(model)
        return float(loss.detach())


def _check_gradients(model: nn.Module) -> None:
    for path, parameter in model.named_parameters():
        gradient = parameter.grad
        if gradient is None:
            continue
        values = gradient._values() if gradient.is_sparse else gradient
        if not bool(values.isfinite().all()):
            raise fail("E701", f"the gradient of `{path}` is not finite on the first batch", help=HELP)


@contextmanager
def _restored(model: nn.Module) -> Iterator[None]:
    """Undo what a step does besides gradients: buffers (batch statistics) and the state of random numbers."""
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    devices = {p.device for p in model.parameters() if p.device.type == "cuda"}
    try:
        with torch.random.fork_rng([d.index for d in devices]):
            yield
    finally:
        model.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(buffers[name])
