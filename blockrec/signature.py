"""What a block declares: ports, outputs and parameters as plain data, and matching of axes.

A `Signature` holds no torch object and survives JSON, so that a file is checked without importing torch.
`blockrec.annotations` reads one from a class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from blockrec.diagnostics import Span

Axes = tuple["int | str", ...]


@dataclass(frozen=True)
class Type:
    """A value that flows along an edge: float[b, 64], int[b, behaviors] jagged, …

    axes: `b`, sequence symbols, and ints; jagged: axes[1] is a sequence of a length per sample.
    """

    dtype: str
    axes: Axes
    jagged: bool = False

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.axes))}]"


@dataclass(frozen=True)
class Port:
    """A named input or output.

    dims: axis names, numbers, `...` (any leading axes), `{expression}` (outputs only), and `?d` on a variadic port:
    an axis that may differ from input to input; in expressions `d` is then the list of sizes.
    """

    name: str
    dtype: str
    dims: tuple[str, ...]
    jagged: bool = False
    optional: bool = False
    variadic: bool = False

    @property
    def rowwise(self) -> bool:
        """Takes any leading axes, so that it also applies to the rows of a sequence."""
        return "..." in self.dims

    def __str__(self) -> str:
        return f"[{', '.join(self.dims)}]"


@dataclass(frozen=True)
class Signature:
    """A block's declaration.

    ports, outputs: in order; the output `out` is the primary one. several: forward returns a NamedTuple.
    axes: constructor arguments that the compiler infers; optional_axes: those that may stay None.
    schema: JSON Schema of the parameters; defaults: their default values.
    infers: the block has its own `infer(params, **types)`. takes_kernel: its constructor takes a `kernel`.
    at_most: axis → the axis that it may not exceed.
    looks_up: port → the op that can read its steps from tables itself, instead of from looked up copies.
    doc: its docstring; parameter descriptions are in the schema.
    """

    ports: tuple[Port, ...]
    outputs: tuple[Port, ...]
    axes: tuple[str, ...] = ()
    optional_axes: tuple[str, ...] = ()
    schema: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    several: bool = False
    infers: bool = False
    takes_kernel: bool = False
    at_most: Mapping[str, str] = field(default_factory=dict)
    looks_up: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""

    @property
    def required_ports(self) -> list[str]:
        return [p.name for p in self.ports if not p.optional]

    def port(self, name: str) -> Port | None:
        return next((p for p in self.ports if p.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signature:
        port = lambda p: Port(**{**p, "dims": tuple(p["dims"])})  # noqa: E731 - local to this line's two uses
        fixed = {k: tuple(data[k]) for k in ("axes", "optional_axes")}
        return cls(
            **{**data, **fixed, "ports": tuple(map(port, data["ports"])), "outputs": tuple(map(port, data["outputs"]))}
        )


def tokens(dims: str) -> tuple[str, ...]:
    """`"b t {2 * d}"` → ("b", "t", "{2 * d}"): an expression may contain blanks."""
    return tuple(re.findall(r"\{[^}]*\}|\S+", dims))


@dataclass
class Mismatch(Exception):
    """Why a value does not fit a port; `axis` names the axis that disagrees, if one does, `limit` one it exceeds."""

    code: str
    message: str
    axis: str = ""
    help: str = ""
    limit: str = ""


@dataclass(frozen=True)
class Bound:
    """The value of an axis and the place of the input that gave it."""

    value: Any
    by: Span
    port: str


LEADING = "..."


def match(port: Port, given: Type, axes: dict[str, Bound], at: Span) -> None:
    """Bind the port's axes to those of `given`; raise `Mismatch` if it does not fit.

    `axes["..."]` holds (leading axes, jagged) of a row-wise port.
    """
    if port.dtype not in ("any", "num", given.dtype):
        raise Mismatch("E315", f"is {given.dtype} {given}, but the port takes {port.dtype} {port}")
    dims, actual = port.dims, given.axes
    if port.rowwise:
        split = len(actual) - (len(dims) - 1)
        if split < 1:
            raise Mismatch("E310", f"{given}, but the port takes {port}")
        _bind(LEADING, (actual[:split], given.jagged), axes, at, given, port.name)
        dims, actual = dims[1:], actual[split:]
    elif port.jagged != given.jagged:
        raise _wrong_form(port, given)
    if len(dims) != len(actual):
        raise Mismatch("E310", f"{given}, but the port takes {port}")
    for dim, value in zip(dims, actual, strict=True):
        if dim.startswith("?"):
            axes[dim[1:]] = Bound([*(axes[dim[1:]].value if dim[1:] in axes else []), value], at, port.name)
        elif not dim.isdigit():
            _bind(dim, value, axes, at, given, port.name)
        elif int(dim) != value:
            raise Mismatch("E310", f"{given}, but the port takes {port}")


def check_limits(signature: Signature, axes: Mapping[str, Bound]) -> None:
    """Raise `Mismatch` if an axis is longer than the one that limits it."""
    for axis, limit in signature.at_most.items():
        if axis in axes and limit in axes and axes[axis].value > axes[limit].value:
            size, most = axes[axis].value, axes[limit].value
            message = f"[..., {size}], but `{axis}` is at most `{limit}`, which is {most}"
            raise Mismatch("E310", message, axis, limit=limit)


def _wrong_form(port: Port, given: Type) -> Mismatch:
    is_, takes = ("a sequence", "one vector a sample") if given.jagged else ("one vector a sample", "a sequence")
    help = (
        "pool it first, e.g. {block: mean_pool, in: ...}"
        if given.jagged
        else "`spread` repeats a vector along a sequence"
    )
    return Mismatch("E315", f"{given} is {is_}, but the port takes {takes} {port}", help=help)


def _bind(name: str, value: Any, axes: dict[str, Bound], at: Span, given: Type, port: str) -> None:
    known = axes.setdefault(name, Bound(value, at, port)).value
    if known == value:
        return
    if name == LEADING:
        raise _other_rows(given, known, value)
    code = "E316" if isinstance(known, str) and isinstance(value, str) else "E310"
    raise Mismatch(code, f"{given}, but axis `{name}` is {known}", name)


def _other_rows(given: Type, known: tuple[Axes, bool], value: tuple[Axes, bool]) -> Mismatch:
    names = f"[{', '.join(map(str, known[0]))}, ...]"
    help = "a vector never follows a sequence silently: repeat it with {block: spread, in: {x: ..., like: ...}}"
    return Mismatch(
        "E316", f"{given}, but another input has the rows {names}", LEADING, help if known[1] != value[1] else ""
    )
