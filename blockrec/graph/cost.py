"""Builds a block and runs it once: how much it learns, how much it works, what gets a gradient.

A small block runs on zeros, a big one on shapes alone, without memory. (Shapes would do for all, but the first of
them makes torch import its compiler, for as long as everything else takes together.)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, Literal

import torch
from torch import Tensor, nn

from blockrec.graph.counter import Counter
from blockrec.graph.measured import SAMPLES, Measured, Reach
from blockrec.jagged import Jagged
from blockrec.ops import noted
from blockrec.registry import Entry
from blockrec.signature import Signature

DTYPES = {"int": torch.int64, "bool": torch.bool}
SMALL = 2**20
"""Numbers, of parameters or of inputs; and the square of the number of rows."""
Device = Literal["cpu", "meta"]


@dataclass(frozen=True)
class Input:
    """A value that a port takes: `shape` [b or Σt, ...], of which `steps` a sample if it is a sequence."""

    port: str
    dtype: str
    shape: tuple[int, ...]
    steps: int | None

    def value(self, device: Device, *, gradient: bool) -> Tensor | Jagged:
        """Zeros, in sequences of equal length."""
        x = torch.zeros(self.shape, dtype=DTYPES.get(self.dtype, torch.float32), device=device)
        x.requires_grad_(gradient and x.is_floating_point())
        if self.steps is None:
            return x
        offsets = torch.arange(SAMPLES + 1, device=device) * self.steps
        return Jagged(x, offsets, self.steps, torch.arange(SAMPLES, device=device).repeat_interleave(self.steps))


def measured(
    entry: Entry,
    params: Mapping[str, Any],
    axes: Mapping[str, Any],
    inputs: Sequence[Input],
    device: Device | None = None,
) -> Measured:
    """Everything that can be found out; what a block raises when it runs leaves that part unknown.

    device: where it runs, by default the one that its size suggests.
    """
    kernel = {"kernel": "reference"} if entry.signature.takes_kernel else {}
    build: Callable[[], nn.Module] = partial(entry.load(), **axes, **params, **kernel)
    try:
        with _quietly("meta"), noted() as ops:
            module = build()
        parameters = {name: p.numel() for name, p in module.named_parameters()}
        device = device or _fitting(parameters, inputs)
        if device == "cpu":
            with _quietly("cpu"):
                module = build()
    except ValueError as error:
        return Measured(refused=str(error) or type(error).__name__)
    except Exception:
        return Measured()
    trial = _Trial(module, entry.signature, inputs, device)
    flops, written, lengths = trial.work()
    return Measured("", parameters, flops, written, lengths, trial.reach(), tuple(dict.fromkeys(ops)))


def _fitting(parameters: Mapping[str, int], inputs: Sequence[Input]) -> Device:
    numbers = [
        sum(parameters.values()),
        *(prod(i.shape) for i in inputs),
        *(i.shape[0] ** 2 for i in inputs if i.shape),
    ]
    return "cpu" if max(numbers, default=0) <= SMALL else "meta"


@contextmanager
def _quietly(device: Device) -> Iterator[None]:
    """New tensors are on `device`; random numbers are those of nobody else, and warnings concern nobody."""
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]), torch.device(device):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class _Trial:
    module: nn.Module
    signature: Signature
    inputs: Sequence[Input]
    device: Device

    def work(self) -> tuple[int | None, int | None, dict[str, int]]:
        """(operations, written bytes, steps of outputs) of a sample, in evaluation."""
        counter, values = Counter(), self._values(gradient=False)
        try:
            with _quietly(self.device), torch.no_grad(), counter:
                outputs = self._outputs(self.module.eval(), values)
        except Exception:
            return None, None, {}
        lengths = {name: x.max_length for name, x in outputs.items() if isinstance(x, Jagged)}
        return round(counter.flops / SAMPLES), round(counter.bytes / SAMPLES), lengths

    def reach(self) -> dict[str, Reach] | None:
        """Where the gradient of each output arrives in training."""
        values = self._values(gradient=True)
        try:
            with _quietly(self.device), torch.enable_grad():
                outputs = self._outputs(self.module.train(), values)
                return {name: self._arrivals(_flat(x), values) for name, x in outputs.items()}
        except Exception:
            return None

    def _arrivals(self, output: Tensor, values: Sequence[Tensor | Jagged]) -> Reach:
        named = dict(self.module.named_parameters())
        leaves = [*named.values(), *map(_flat, values)]
        asked = [x for x in leaves if x.requires_grad]
        if not output.requires_grad or not asked:
            return Reach((), ())
        found = torch.autograd.grad(output.sum(), asked, retain_graph=True, allow_unused=True)
        reached = {id(x) for x, gradient in zip(asked, found, strict=True) if gradient is not None}
        ports = [i.port for i, value in zip(self.inputs, values, strict=True) if id(_flat(value)) in reached]
        return Reach(tuple(n for n, p in named.items() if id(p) in reached), tuple(dict.fromkeys(ports)))

    def _values(self, *, gradient: bool) -> list[Tensor | Jagged]:
        return [i.value(self.device, gradient=gradient) for i in self.inputs]

    def _outputs(self, module: nn.Module, values: Sequence[Tensor | Jagged]) -> dict[str, Any]:
        arguments: list[Any] = []
        for port in self.signature.ports:
            given = [v for i, v in zip(self.inputs, values, strict=True) if i.port == port.name]
            arguments += given or ([] if port.variadic else [None])
        out = module(*arguments)
        names = [port.name for port in self.signature.outputs]
        return dict(zip(names, out if self.signature.several else (out,), strict=True))


def _flat(x: Tensor | Jagged) -> Tensor:
    return x.values if isinstance(x, Jagged) else x
