"""One batch forward and backward before long work starts; leaves no trace in weights, buffers or random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from blockrec.diagnostics import BlockrecError, fail
from blockrec.run.batches import Batch
from blockrec.run.precision import in_32_bits, not_taken
from blockrec.run.trace import not_finite, refused

FAILURES = (RuntimeError, ValueError, IndexError, TypeError, MemoryError)
HELP = "look at the range of its inputs and at its initial values"


def smoke_step(model: nn.Module, batch: Batch) -> float:
    """The loss of one batch before training.

    Raises E603 (its precision), E701 (not finite), E702 (memory) or E705 (any other failure).
    """
    with restored(model):
        try:
            loss = _loss(model, batch)
        except FAILURES as error:
            raise _refused(model, batch, error) from error
        if not bool(loss.isfinite()):
            raise not_finite(model, batch, "the first batch", float(loss.detach()), HELP)
        _check_gradients(model)
        return float(loss.detach())


def _loss(model: nn.Module, batch: Batch) -> Tensor:
    loss: Tensor = model(batch)["loss"]
    torch.autograd.backward(loss)
    return loss


def _refused(model: nn.Module, batch: Batch, error: Exception) -> BlockrecError:
    """E603 if the model fails only for its precision."""
    said = refused(model, batch, error)
    if getattr(model, "precision", torch.float32) is torch.float32:
        return said
    try:
        with in_32_bits(model):
            _loss(model, batch)
    except FAILURES:
        return said
    return not_taken(model, said)


def _check_gradients(model: nn.Module) -> None:
    for path, parameter in model.named_parameters():
        gradient = parameter.grad
        if gradient is None:
            continue
        values = gradient._values() if gradient.is_sparse else gradient
        if not bool(values.isfinite().all()):
            raise fail("E701", f"the gradient of `{path}` is not finite on the first batch", help=HELP)


@contextmanager
def restored(model: nn.Module) -> Iterator[None]:
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
