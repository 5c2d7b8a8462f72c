"""Every registered block at every setting of its parameters, with random inputs made from its signature alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from blockrec.jagged import Jagged, offsets_of
from blockrec.language.expressions import evaluate
from blockrec.registry import Entry, catalogue
from blockrec.signature import Port

LENGTHS = [3, 0, 5, 1, 0, 2, 7, 4]
SIZES = {"growing": lambda place: 3 + 2 * place, "equal": lambda place: 4}
OWN_SIZES = {("fm", ""): {"d": 6}, ("fm", "dim"): {"d": 6}, ("softmax", "positive"): {"c": 2}}
"""(block, parameter) → axes that the required parameters (`_value_of`), or another value of this one, ask for."""


@dataclass(frozen=True)
class Case:
    """A block with its parameters and the sizes of its axes."""

    entry: Entry
    params: Mapping[str, Any]
    sizes: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        changed = {k: v for k, v in self.params.items() if v != self.entry.signature.defaults.get(k)}
        return " ".join([self.entry.name, *(f"{k}={v}" for k, v in changed.items())])

    @property
    def pools(self) -> bool:
        """Takes a sequence and gives one vector a sample."""
        out = self.entry.signature.outputs[0]
        return any(p.jagged for p in self.entry.signature.ports) and out.dims[:1] == ("b",) and not out.jagged

    def module(self, **kernel: str) -> nn.Module:
        """The block in float64 and evaluation mode."""
        torch.manual_seed(0)
        signature = self.entry.signature
        axes = {name: self.sizes[name] for name in signature.axes}
        module: nn.Module = self.entry.load()(**axes, **self.params, **kernel)
        return module.double().eval()

    def inputs(self, lengths: list[int], leading: tuple[int, ...] = ()) -> list[Any]:
        """One random value a port, three for a variadic one; all sequences have these lengths."""
        torch.manual_seed(1)
        ports = self.entry.signature.ports
        return [self._value(p, lengths, leading, i) for p in ports for i in range(3 if p.variadic else 1)]

    def _value(self, port: Port, lengths: list[int], leading: tuple[int, ...], place: int) -> Any:
        inner = port.dims[2:] if port.jagged else [dim for dim in port.dims if dim not in ("...", "b")]
        widths = [self.size(dim) + place * dim.startswith("?") for dim in inner]
        rows = (sum(lengths),) if port.jagged else (len(lengths), *leading)
        values = _random(port, (*rows, *widths))
        return (
            Jagged(values, offsets_of(torch.tensor(lengths, dtype=torch.int64)), max(lengths, default=0))
            if port.jagged
            else values
        )

    def size(self, dim: str) -> int:
        """The size of an axis or number of a signature."""
        return int(dim) if dim.isdigit() else self.sizes[dim.lstrip("?")]

    def width(self, dim: str) -> int:
        """The size that an output declares."""
        if not dim.startswith("{"):
            return self.size(dim)
        own = [d for p in self.entry.signature.ports for d in p.dims if d.startswith("?")]
        lists = {d[1:]: [self.size(d) + place for place in range(3)] for d in own}
        inputs = {p.name: [None] * 3 for p in self.entry.signature.ports if p.variadic}
        return int(
            evaluate(dim[1:-1], {**self.sizes, **lists, **inputs, **self.entry.signature.defaults, **self.params})
        )


def _random(port: Port, shape: tuple[int, ...]) -> Tensor:
    if port.name == "label":
        return torch.randint(0, 2, shape).double()
    if port.name == "index":
        return torch.zeros(shape, dtype=torch.int64)  # a step that every history has that has any
    if port.dtype == "int":
        return torch.randint(0, 3, shape)
    assert port.dtype in ("float", "num", "any"), f"say here what a port of {port.dtype} takes"
    return torch.randn(shape, dtype=torch.float64, requires_grad=True)


def cases() -> Iterator[Case]:
    """Every packaged block: its defaults at several sizes, then one parameter after the other at its other values."""
    for entry in catalogue().values():
        if not entry.module.startswith("blockrec.blocks"):
            continue
        for size in SIZES.values():
            yield Case(entry, _required(entry), _sized(entry, size))
        for name, schema in entry.signature.schema["properties"].items():
            for value in _others(schema, entry.signature.defaults.get(name)):
                yield Case(entry, {**_required(entry), name: value}, _sized(entry, SIZES["growing"], name))


def _sized(entry: Entry, size: Any, parameter: str = "") -> dict[str, int]:
    ports = entry.signature.ports
    sequences = {p.dims[1] for p in ports if p.jagged}
    dims = dict.fromkeys(d for p in ports for d in p.dims if d not in ("...", "b", *sequences))
    sizes = {dim.lstrip("?"): size(place) for place, dim in enumerate(d for d in dims if not d.isdigit())}
    return sizes | OWN_SIZES.get((entry.name, parameter), {})


def _required(entry: Entry) -> dict[str, Any]:
    schema = entry.signature.schema
    return {name: _value_of(schema["properties"][name]) for name in schema["required"]}


def _value_of(schema: Mapping[str, Any]) -> Any:
    return {"integer": 3, "number": 0.5, "array": [5, 4], "boolean": True}[schema["type"]]


def _others(schema: Mapping[str, Any], default: Any) -> list[Any]:
    """Values of a parameter besides its default: all choices, both truth values, 0 or a small number."""
    if "enum" in schema:
        return [v for v in schema["enum"] if v != default]
    if schema["type"] == "boolean":
        return [not default]
    least = (
        [schema["minimum"] and schema["minimum"] + 1] if "minimum" in schema and "array" not in schema["type"] else []
    )
    return [v for v in least if v != default]
