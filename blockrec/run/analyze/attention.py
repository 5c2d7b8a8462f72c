"""Where a model decides which steps matter: what goes into these places serves attention, all else what is attended.

A place is a port called `scores` (of `attend`, `topk_attend`), or a part of a block that the block names in its
attribute `attention`, because it scores and pools in one (`din`): a module, or a function that it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor, nn

from blockrec.graph.ir import Graph
from blockrec.graph.lower import Model, module_path
from blockrec.jagged import Jagged

PORT = "scores"
PARTS = "attention"
"""Attribute of a block: names of the parts of it whose inputs serve attention alone."""


@dataclass(frozen=True)
class Place:
    """node: where the scores come from, or the block that makes them inside. module: what is called there.

    port: the argument that is the scores; None if all arguments go into them, and they are what is returned.
    function: the attribute of the module that is called, if it is not the module itself.
    """

    node: str
    module: nn.Module
    port: int | None
    function: str | None = None

    def before(self, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Callable[[], None]:
        """Change the arguments of every call, until the result is called."""
        if self.function is None:
            return self.module.register_forward_pre_hook(lambda _, args: change(args)).remove
        return self._wrapped(lambda call, args: call(*change(args)))

    def after(self, see: Callable[[Any], None]) -> Callable[[], None]:
        """See what every call returns, until the result is called."""
        if self.function is None:
            return self.module.register_forward_hook(lambda _, _args, out: see(out)).remove

        def seen(call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
            out = call(*args)
            see(out)
            return out

        return self._wrapped(seen)

    def _wrapped(self, around: Callable[[Callable[..., Any], tuple[Any, ...]], Any]) -> Callable[[], None]:
        assert self.function is not None
        module, name, call = self.module, self.function, getattr(self.module, self.function)
        setattr(module, name, lambda *args: around(call, args))
        return lambda: setattr(module, name, call)


def places(model: Model) -> list[Place]:
    """All places of a model, in the order of its graph."""
    return [*_places(model, model.graph_ir)]


def _places(model: Model, graph: Graph) -> Iterator[Place]:
    for node in graph.nodes.values():
        if node.role == "lookup" or node.signature is None:
            continue
        module = model.get_submodule(module_path(node, graph))
        for index, port in enumerate(node.signature.ports):
            if port.name == PORT:
                yield Place(node.inputs[PORT][0].source, module, index)
        for part in getattr(module, PARTS, ()):
            inner = attrgetter(part)(module)
            yield (
                Place(node.name, inner, None) if isinstance(inner, nn.Module) else Place(node.name, module, None, part)
            )


@dataclass
class Cut:
    """A value on its way into attention, and the leaf that attention was computed from in its stead."""

    value: Tensor
    leaf: Tensor


@dataclass
class Cuts:
    """The gradient of a loss in two parts: that which goes through attention, and the rest. They add up to it.

    `with cuts.open(model): loss = model(batch)["loss"]`, then `cuts.backward_rest(loss)` and
    `cuts.backward_attention()`: each adds its part to the gradients of the parameters.
    """

    made: list[Cut] = field(default_factory=list)

    @contextmanager
    def open(self, model: Model) -> Iterator[None]:
        """Forward passes inside are cut at every place."""
        self.made.clear()
        with ExitStack() as stack:
            for place in places(model):
                stack.callback(place.before(partial(self._changed, place.port)))
            yield

    def backward_rest(self, loss: Tensor) -> None:
        """What reaches the parameters on a way that goes through no place."""
        torch.autograd.backward(loss, retain_graph=True)

    def backward_attention(self) -> None:
        """What goes through a place. The last one first: a later one may look at what an earlier one attended to."""
        for cut in reversed(self.made):
            if cut.leaf.grad is not None:
                torch.autograd.backward(cut.value, cut.leaf.grad, retain_graph=True)
        self.made.clear()

    def _changed(self, port: int | None, args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self._cut(x) if port in (None, i) else x for i, x in enumerate(args))

    def _cut(self, value: Any) -> Any:
        if isinstance(value, Jagged):
            return value.like(self._cut(value.values))
        if not isinstance(value, Tensor) or not value.requires_grad:
            return value
        leaf = value.detach().requires_grad_()
        self.made.append(Cut(value, leaf))
        return leaf


@contextmanager
def listening(model: Model) -> Iterator[dict[str, Jagged]]:
    """The scores [b, t] of a forward pass by the node that they are from; of several heads their sum."""
    heard: dict[str, Jagged] = {}
    with ExitStack() as stack:
        for place in places(model):
            note = _Note(place, heard)
            stack.callback(place.after(note.returned) if place.port is None else place.before(note.given))
        yield heard


@dataclass
class _Note:
    place: Place
    heard: dict[str, Jagged]

    def given(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        assert self.place.port is not None
        self.heard[self.place.node] = args[self.place.port]
        return args

    def returned(self, out: Any) -> None:
        if isinstance(out, Jagged) and out.values.dim() == 1:
            before = self.heard.get(self.place.node)
            self.heard[self.place.node] = out if before is None else out.like(before.values + out.values)


@contextmanager
def silenced(model: Model, tables: list[str]) -> Iterator[None]:
    """The vectors of these tables (paths of modules) are zeros."""
    with ExitStack() as stack:
        for path in tables:
            handle = model.get_submodule(path).register_forward_hook(lambda _module, _args, out: torch.zeros_like(out))
            stack.callback(handle.remove)
        yield


def no_attention(model: Model) -> str | None:
    """Why an analysis of attention cannot be made of a model."""
    if places(model):
        return None
    return f"no node of it scores the steps of a history (a port `{PORT}`, as of `topk_attend`)"
