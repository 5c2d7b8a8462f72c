"""A training step one node at a time, each cut off from the others, so that its backward pass has its own time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import torch
from torch import Tensor, fx, nn

from blockrec.graph.casting import casting
from blockrec.graph.lower import PATH, Model
from blockrec.jagged import Jagged
from blockrec.ops.looked_up import LookedUp
from blockrec.ops.reading import Reading
from blockrec.run.batches import Batch
from blockrec.run.clock import synchronise


@dataclass
class Call:
    """A node that has run. cut: (value of another node, the copy that this one took); weights: its parameters."""

    name: str
    out: Any
    cut: list[tuple[Tensor, Tensor]]
    weights: list[Tensor]
    forward: float


@dataclass
class NodeByNode:
    """`step(batch)` → seconds (forward, backward) of each node, by graph path; `loss/sum` adds up the losses."""

    model: Model
    device: torch.device
    values: dict[fx.Node, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def step(self, batch: Batch) -> dict[str, tuple[float, float]]:
        """Forward through all nodes, then backward from the last to the first."""
        for node in self.model.graph.nodes:
            self._run(node, batch)
        (results,) = (self.values[node] for node in self.model.graph.nodes if node.op == "output")
        loss = results["loss"]
        arrived = {id(loss): torch.ones_like(loss)}
        times: dict[str, tuple[float, float]] = {}
        for call in reversed(self.calls):
            times[call.name] = (call.forward, self._backward(call, arrived))
        return dict(reversed(times.items()))

    def _run(self, node: fx.Node, batch: Batch) -> None:
        if node.op == "placeholder":
            self.values[node] = batch
        elif node.op == "get_attr":
            self.values[node] = self.model.get_submodule(str(node.target))
        elif node.op == "output":
            self.values[node] = fx.node.map_arg(node.args[0], self.values.__getitem__)
        elif PATH in node.meta:
            self.values[node] = self._call(node)
        else:  # a part of a value, which stays the same tensor
            assert callable(node.target)
            self.values[node] = node.target(*fx.node.map_arg(node.args, self.values.__getitem__))

    def _call(self, node: fx.Node) -> Any:
        given = fx.node.map_arg(node.args, self.values.__getitem__)
        cut: list[tuple[Tensor, Tensor]] = []
        inputs = [_map(x, lambda t: _cut(t, cut)) for x in given]
        module = self.model.get_submodule(str(node.target)) if node.op == "call_module" else None
        function: Callable[..., Any] = module or node.target  # type: ignore[assignment]  # a string only with a module
        modules = [m for m in (module, *given) if isinstance(m, nn.Module)]
        with casting(self.model):
            out, seconds = self._timed(lambda: function(*inputs))
        read = [reading.table for x in inputs if isinstance(x, LookedUp) for reading in x.tables]
        read += [x.table for x in inputs if isinstance(x, Reading)]
        found = {id(p): p for m in (*read, *modules) for p in m.parameters() if p.requires_grad}
        self.calls.append(Call(node.meta[PATH], out, cut, [*found.values()], seconds))
        return out

    def _backward(self, call: Call, arrived: dict[int, Tensor]) -> float:
        """Seconds; `arrived`: gradients of the values of all nodes, by identity, those of this node's inputs after."""
        outs = [t for t in _tensors(call.out) if t.requires_grad and id(t) in arrived]
        wanted = [*(copy for _, copy in call.cut), *call.weights]
        if not outs or not wanted:
            return 0.0
        start = [arrived[id(t)] for t in outs]
        found, seconds = self._timed(lambda: torch.autograd.grad(outs, wanted, start, allow_unused=True))
        for (value, _), gradient in zip(call.cut, found, strict=False):
            if gradient is not None:
                before = arrived.get(id(value))
                arrived[id(value)] = gradient if before is None else before + gradient
        return seconds

    def _timed(self, work: Callable[[], Any]) -> tuple[Any, float]:
        synchronise(self.device)
        started = perf_counter()
        done = work()
        synchronise(self.device)
        return done, perf_counter() - started


def _cut(value: Tensor, cut: list[tuple[Tensor, Tensor]]) -> Tensor:
    """A copy that a new graph begins with; the same one for the same value."""
    if not value.requires_grad:
        return value
    for known, copy in cut:
        if known is value:
            return copy
    copy = value.detach().requires_grad_()
    cut.append((value, copy))
    return copy


def _map(value: Any, function: Callable[[Tensor], Tensor]) -> Any:
    """The value with all its tensors exchanged: alone, of sequences, in tuples and lists."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, LookedUp):  # made of weights alone, which are not cut off
        return value
    if isinstance(value, Jagged):
        return value.like(function(value.values))
    if isinstance(value, tuple | list):
        parts = [_map(x, function) for x in value]
        return value._make(parts) if hasattr(value, "_make") else type(value)(parts)
    return value


def _tensors(value: Any) -> Iterator[Tensor]:
    found: list[Tensor] = []
    _map(value, lambda t: found.append(t) or t)  # type: ignore[func-returns-value]  # None, so `or` goes on
    yield from found
