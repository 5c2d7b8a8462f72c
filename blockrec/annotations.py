"""Reads a `Signature` from a block's class: its `forward` annotations, constructor hints and docstring.

`Axis`, `AtMost` and `Range` are what block authors write; the class stays an ordinary `nn.Module`.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin

from blockrec.jagged import Jagged
from blockrec.signature import Port, Signature, tokens


class _AxisMark:
    """Tells a size that the compiler infers from a parameter that the user writes."""


_AXIS = _AxisMark()
Axis = Annotated[int, _AXIS]
"""A constructor argument that is the size of an axis of the same name: inferred, never written in a model file."""


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included: `Annotated[float, Range(0, 1)]`."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class AtMost:
    """A size that another one limits: `q: Annotated[Axis, AtMost("d")]`, for a query that is padded to the keys."""

    axis: str


DTYPES = {"Float": "float", "Int": "int", "Integer": "int", "Bool": "bool", "Num": "num", "Shaped": "any"}


def read_signature(cls: type) -> Signature:
    """What `cls` declares; raises `TypeError` that names the class and says what to write instead."""
    namespace = sys.modules[cls.__module__].__dict__
    inside = dict(vars(cls))  # finds a nested `class Out(NamedTuple)`
    hints = _hints(cls, cls.forward, namespace, inside)  # type: ignore[attr-defined]  # every nn.Module has forward
    ports = tuple(_port(cls, p, hints) for p in _arguments(cls.forward))  # type: ignore[attr-defined]
    outputs, several = _outputs(cls, hints.get("return"), namespace, inside)
    init = _hints(cls, cls.__init__, namespace, inside)  # type: ignore[misc]  # the hints of this class, not of a subclass
    arguments = [p for p in _arguments(cls.__init__) if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]  # type: ignore[misc]
    axes = [p for p in arguments if _is_axis(init.get(p.name))]
    own = [p for p in arguments if p not in axes and p.name != "kernel"]
    signature = Signature(
        ports=ports,
        outputs=outputs,
        axes=tuple(p.name for p in axes),
        optional_axes=tuple(p.name for p in axes if p.default is None),
        schema=_parameters_schema(cls, own, init),
        defaults={p.name: _plain(p.default) for p in own if p.default is not p.empty},
        several=several,
        infers=hasattr(cls, "infer"),
        takes_kernel=any(p.name == "kernel" for p in arguments),
        at_most={p.name: limit for p in axes for limit in _limits(init[p.name])},
        looks_up=dict(inside.get("looks_up", {})),
        doc=inspect.cleandoc(cls.__doc__ or ""),
    )
    _check_axes(cls, signature)
    return signature


def _hints(
    cls: type, function: Callable[..., Any], namespace: dict[str, Any], inside: dict[str, Any]
) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, namespace, inside, include_extras=True)
    except NameError as error:
        raise TypeError(f"{cls.__name__}: cannot read the annotations: {error} at the top of its file") from error


def _arguments(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(function).parameters.values())[1:]


def _is_axis(hint: Any) -> bool:
    options = get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    return any(_AXIS in get_args(option) for option in options)


def _limits(hint: Any) -> list[str]:
    return [mark.axis for mark in get_args(hint) if isinstance(mark, AtMost)]


def _outputs(cls: type, hint: Any, namespace: dict[str, Any], inside: dict[str, Any]) -> tuple[tuple[Port, ...], bool]:
    if hint is None:
        raise TypeError(f"{cls.__name__}.forward needs a return annotation, e.g. -> Float[Tensor, 'b d']")
    if not (isinstance(hint, type) and issubclass(hint, tuple)):
        return (_declared(cls, "out", hint),), False
    fields = typing.get_type_hints(hint, namespace, inside)
    if "out" not in fields:
        raise TypeError(f"{cls.__name__}.{hint.__name__} needs a field `out`: the primary output")
    return tuple(_declared(cls, name, field) for name, field in fields.items()), True


def _port(cls: type, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Port:
    hint = hints.get(parameter.name)
    if get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    variadic = parameter.kind is parameter.VAR_POSITIONAL
    return _declared(cls, parameter.name, hint, optional=parameter.default is None, variadic=variadic)


def _declared(cls: type, name: str, hint: Any, *, optional: bool = False, variadic: bool = False) -> Port:
    dims = getattr(hint, "dim_str", None)
    dtype = DTYPES.get(getattr(getattr(hint, "dtype", None), "__name__", ""))
    if dims is None or dtype is None:
        wanted = "a jaxtyping annotation such as Float[Tensor, 'b d'] or Float[Jagged, 'b t d']"
        raise TypeError(f"{cls.__name__}.forward: `{name}` needs {wanted}")
    return Port(name, dtype, tokens(dims), hint.array_type is Jagged, optional, variadic)


def _check_axes(cls: type, signature: Signature) -> None:
    """Every constructor size is bound by an input; an output's own symbol can only be a new sequence axis."""
    bound = {dim for port in signature.ports for dim in port.dims if not dim.startswith("?")}
    for axis in signature.axes:
        if axis not in bound:
            raise TypeError(f"{cls.__name__}: no input has the axis `{axis}`, so its size cannot be inferred")
    for axis, limit in signature.at_most.items():
        if limit not in bound:
            raise TypeError(f"{cls.__name__}: no input has the axis `{limit}`, which limits `{axis}`")
    for port in signature.outputs:
        for place, dim in enumerate(port.dims):
            sequence = port.jagged and place == 1
            if not (dim in bound or dim.isdigit() or dim.startswith("{") or sequence or dim == "b" or signature.infers):
                raise TypeError(f"{cls.__name__}: output `{port.name}` has the axis `{dim}`, which no input binds")


def _parameters_schema(cls: type, own: list[inspect.Parameter], hints: Mapping[str, Any]) -> dict[str, Any]:
    described = argument_docs(cls.__doc__ or "")
    properties = {}
    for parameter in own:
        if parameter.name not in hints:
            raise TypeError(f"{cls.__name__}.__init__: `{parameter.name}` needs a type hint")
        schema = _json_schema(cls, hints[parameter.name])
        extras = {"description": described.get(parameter.name, "")}
        properties[parameter.name] = schema | {k: v for k, v in extras.items() if v}
    required = [p.name for p in own if p.default is p.empty]
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


_SIMPLE = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def _json_schema(cls: type, hint: Any) -> dict[str, Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = next((m for m in args[1:] if isinstance(m, Range)), Range())
        limits = {"minimum": bounds.low, "maximum": bounds.high}
        return _json_schema(cls, args[0]) | {k: v for k, v in limits.items() if v is not None}
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (list, tuple) and args:
        return {"type": "array", "items": _json_schema(cls, args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _json_schema(cls, args[1])}
    if origin in (typing.Union, types.UnionType):
        return _union(cls, args)
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    raise TypeError(
        f"{cls.__name__}.__init__: no JSON Schema for the hint {hint}: use int, float, str, bool, Literal, list, dict"
    )


def _union(cls: type, args: tuple[Any, ...]) -> dict[str, Any]:
    """`int | list[int]` as one schema with several types, so that messages stay precise."""
    merged: dict[str, Any] = {"type": []}
    for schema in (_json_schema(cls, a) for a in args):
        merged["type"] += [schema["type"]] if "type" in schema else []
        if "enum" in schema:
            merged.setdefault("enum", []).extend(schema["enum"])
        merged |= {k: v for k, v in schema.items() if k not in ("type", "enum")}
    if "enum" in merged:
        merged["enum"] += [None] if "null" in merged["type"] else []
        del merged["type"]
    return merged


def argument_docs(doc: str) -> dict[str, str]:
    """The `Args:` section of a docstring: name → text."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?|\n)*)", inspect.cleandoc(doc), re.MULTILINE)
    if section is None:
        return {}
    found = re.findall(r"^ {4}(\w+): *((?:.*\n?)(?: {5,}.*\n?)*)", section[1], re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
