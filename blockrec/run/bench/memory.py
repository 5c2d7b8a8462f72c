"""Where the memory of a training goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from blockrec.run.facts import peak_memory
from blockrec.run.prepare import Job
from blockrec.run.watch import trained_part


def memory_of(job: Job) -> dict[str, int]:
    """Bytes of parameters and buffers, of the optimizers' state, of what a step keeps for its backward pass.

    And of the whole process at most (of the GPU if that is more).
    """
    return {
        "parameters": sum(_size(p) for p in (*job.model.parameters(), *job.model.buffers())),
        "optimizer": sum(_size(t) for t in _tensors(job.updater.state_dict())),
        "kept_for_backward": kept_for_backward(job),
        "process": peak_memory(),
    }


def _size(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)


def kept_for_backward(job: Job) -> int:
    """Bytes of the values that a forward pass on the first batch keeps, parameters and the batch not counted."""
    batch = job.first_batch()
    known = {t.untyped_storage().data_ptr() for t in (*job.model.parameters(), *job.model.buffers())}
    known |= {t.untyped_storage().data_ptr() for value in batch.values() for t in _parts(value)}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    model = trained_part(job.model)
    with torch.random.fork_rng(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = model(batch)["loss"]
    del loss
    return sum(kept.values())


def _parts(value: Any) -> Iterator[Tensor]:
    return iter([value]) if isinstance(value, Tensor) else (t for t in vars(value).values() if isinstance(t, Tensor))
