"""Builds a block without memory and runs it on shapes: how much it learns, how much it works, what gets a gradient."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from blockrec.graph.counter import Counter
from blockrec.graph.measured import SAMPLES, Measured, Reach
from blockrec.jagged import Jagged
from blockrec.ops import noted
from blockrec.registry import Entry
from blockrec.signature import Signature

DTYPES = {"int": torch.int64, "bool": torch.bool}


@dataclass(frozen=True)
class Input:
    """A value that a port takes: `shape` [b or Σt, ...], of which `steps` a sample if it is a sequence."""

    port: str
    dtype: str
    shape: tuple[int, ...]
    steps: int | None

    def value(self, *, gradient: bool) -> Tensor | Jagged:
        """A tensor without numbers."""
        x = torch.empty(self.shape, dtype=DTYPES.get(self.dtype, torch.float32), device="meta")
        x.requires_grad_(gradient and x.is_floating_point())
        if self.steps is None:
            return x
        offsets, rows = (torch.empty(n, dtype=torch.int64, device="meta") for n in (SAMPLES + 1, self.shape[0]))
        return Jagged(x, offsets, self.steps, rows)


def measured(entry: Entry, params: Mapping[str, Any], axes: Mapping[str, Any], inputs: Sequence[Input]) -> Measured:
    """Everything that can be found out; whatever a block raises on shapes alone leaves that part unknown."""
    kernel = {"kernel": "reference"} if entry.signature.takes_kernel else {}
    with _quietly(), noted() as ops:
        try:
            module: nn.Module = entry.load()(**axes, **params, **kernel)
        except ValueError as error:
            return Measured(refused=str(error) or type(error).__name__)
        except Exception:
            return Measured()
    trial = _Trial(module, entry.signature, inputs)
    flops, written, lengths = trial.work()
    parameters = {name: p.numel() for name, p in module.named_parameters()}
    return Measured("", parameters, flops, written, lengths, trial.reach(), tuple(dict.fromkeys(ops)))


@contextmanager
def _quietly() -> Iterator[None]:
    """New tensors have no memory, and warnings about that concern nobody."""
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class _Trial:
    module: nn.Module
    signature: Signature
    inputs: Sequence[Input]

    def work(self) -> tuple[int | None, int | None, dict[str, int]]:
        """(operations, written bytes, steps of outputs) of a sample, in evaluation."""
        counter = Counter()
        try:
            with _quietly(), torch.no_grad(), counter:
                outputs = self._outputs(self.module.eval(), self._values(gradient=False))
        except Exception:
            return None, None, {}
        lengths = {name: x.max_length for name, x in outputs.items() if isinstance(x, Jagged)}
        return round(counter.flops / SAMPLES), round(counter.bytes / SAMPLES), lengths

    def reach(self) -> dict[str, Reach] | None:
        """Where the gradient of each output arrives in training."""
        values = self._values(gradient=True)
        try:
            with _quietly(), torch.enable_grad():
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
        return [i.value(gradient=gradient) for i in self.inputs]

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
