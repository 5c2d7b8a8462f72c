"""Runs a model once with eyes open: which node failed, which was the first to give a value that is not finite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from blockrec.diagnostics import BlockrecError, Span, fail
from blockrec.graph.ir import Graph
from blockrec.graph.lower import module_path
from blockrec.jagged import Jagged
from blockrec.run.batches import Batch, rows_in

FEW = 5
"""Samples that a message names."""
MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory")


@dataclass
class Trace:
    """What a forward pass met: paths of modules, empty if nothing happened.

    samples: those of the batch, counted from 0, whose value the first module that is not finite spoils; empty if it is
    not a value of each sample.
    """

    entered: str = ""
    not_finite: str = ""
    samples: tuple[int, ...] = ()


def watched(model: nn.Module, batch: Batch, seen: Trace) -> Any:
    """The model's result; `seen` is filled on the way, up to an exception if there is one."""
    with ExitStack() as hooks:
        for path, module in model.named_modules():
            if "." in path:
                hooks.callback(module.register_forward_pre_hook(_enter(path, seen)).remove)
                hooks.callback(module.register_forward_hook(_leave(path, seen, rows_in(batch))).remove)
        return model(batch)


def _enter(path: str, seen: Trace) -> Any:
    def hook(_module: nn.Module, _inputs: Any) -> None:
        seen.entered = path

    return hook


def _leave(path: str, seen: Trace, rows: int) -> Any:
    def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if not seen.not_finite and not all(bool(t.isfinite().all()) for t in tensors_in(output)):
            seen.not_finite, seen.samples = path, tuple(_spoilt(output, rows))

    return hook


def _spoilt(output: Any, rows: int) -> list[int]:
    """The samples of which a value is not finite, in the first output that is spoilt."""
    for value in output if isinstance(output, tuple | list) else [output]:
        tensor = next(tensors_in(value), None)
        if tensor is None or bool(tensor.isfinite().all()):
            continue
        wrong = (~tensor.isfinite()).reshape(len(tensor), -1).any(1).nonzero()[:, 0] if tensor.ndim else tensor
        if isinstance(value, Jagged):
            return sorted(set(value.rows[wrong].tolist()))
        return list(wrong.tolist()) if tensor.ndim and len(tensor) == rows else []
    return []


def tensors_in(value: Any) -> Iterator[Tensor]:
    """Every floating tensor of a module's output."""
    if isinstance(value, Jagged):
        value = value.values
    if isinstance(value, Tensor):
        if value.is_floating_point():
            yield value.detach()
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)


def not_finite(model: nn.Module, batch: Batch, moment: str, value: float, help: str) -> BlockrecError:
    """E701 that names the first node which gives a value that is not finite on this batch, and for which samples."""
    seen = Trace()
    with torch.no_grad():
        watched(model, batch, seen)
    where = ""
    if seen.not_finite:
        where = f"; the first value that is not finite comes from `{_shown(model, seen.not_finite)}`"
        where += _of_samples(seen.samples, rows_in(batch))
    return fail("E701", f"the loss is {value} at {moment}{where}", place_of(model, seen.not_finite), help=help)


def _of_samples(samples: tuple[int, ...], rows: int) -> str:
    if not samples:
        return ""
    if len(samples) == rows:
        return ", for all samples of the batch"
    more = f" and {len(samples) - FEW} more" if len(samples) > FEW else ""
    return f", for the samples {', '.join(map(str, samples[:FEW]))}{more} of the batch (counted from 0)"


def refused(model: nn.Module, batch: Batch, error: Exception) -> BlockrecError:
    """E702 or E705 for an exception of the model on a batch."""
    if isinstance(error, MemoryError) or any(word in str(error) for word in MEMORY_WORDS):
        return fail(
            "E702", f"out of memory: {_first_line(error)}", help="a smaller `data.batch_size`, or shorter histories"
        )
    seen = Trace()
    try:
        watched(model, batch, seen)
    except Exception:
        return fail(
            "E705",
            f"`{_shown(model, seen.entered)}` fails on a batch: {_first_line(error)}",
            place_of(model, seen.entered),
        )
    return fail("E705", f"the backward pass fails on a batch: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _shown(model: nn.Module, path: str) -> str:
    """A module as users know it: what the compiler made by the name of its node, `deep/x`."""
    graph = getattr(model, "graph_ir", None)
    if not isinstance(graph, Graph):
        return path.removeprefix("nodes.")
    made = {module_path(n, graph): n.name for n in graph.nodes.values() if "/" in n.name and n.role != "lookup"}
    return made.get(path, path).removeprefix("nodes.")


def place_of(model: nn.Module, path: str) -> Span | None:
    """Where the node is written that a module belongs to."""
    graph = getattr(model, "graph_ir", None)
    if not isinstance(graph, Graph):
        return None
    inside = f"{_shown(model, path)}."
    owners = [node for name, node in graph.nodes.items() if inside.startswith(f"{name}.")]
    return max(owners, key=lambda n: len(n.name)).span if owners else None
