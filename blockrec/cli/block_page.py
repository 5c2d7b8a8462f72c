"""The pages of blocks and of their parameters, as text and as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blockrec.cli import catalogue
from blockrec.cli.columns import titled
from blockrec.signature import Port, Signature


def page(name: str, signature: Signature) -> str:
    """Everything about a block, as text."""
    sections = [
        f"{name}: {catalogue.summary(signature)}",
        catalogue.body(signature),
        titled("inputs", [_port(p) for p in signature.ports]),
        titled("outputs", [_port(p) for p in signature.outputs]),
        _parameters(signature),
        titled("example", [(example(name, signature),)]),
    ]
    return "\n\n".join(section for section in sections if section)


def parts(signature: Signature) -> list[str]:
    """What of a block has a page: its parameters, inputs and outputs."""
    return [*catalogue.properties(signature), *(p.name for p in (*signature.ports, *signature.outputs))]


def part(block: str, name: str, signature: Signature) -> dict[str, Any]:
    """A parameter (type, default, legal values, text), an input or an output of a block."""
    schema = catalogue.properties(signature).get(name)
    if schema is not None:
        rest = {key: value for key, value in schema.items() if key != "description"}
        default = {"default": signature.defaults[name]} if name in signature.defaults else {"required": True}
        text = schema.get("description", "")
        return {
            "parameter": name,
            "block": block,
            "type": catalogue.kind(schema),
            **default,
            "text": text,
            "schema": rest,
        }
    port = signature.port(name)
    kind = "input" if port else "output"
    port = port or next(p for p in signature.outputs if p.name == name)
    _, dtype, dims, words = _port(port)
    return {kind: name, "block": block, "dtype": dtype, "shape": dims, "text": words}


def part_text(found: Mapping[str, Any]) -> str:
    """That part as lines."""
    from blockrec.words import setting

    (kind, name), *facts = found.items()
    rows = [(key, setting(value)) for key, value in facts if key not in ("block", "text", "schema")]
    head = f"{found['block']}.{name}: {kind} of the block `{found['block']}`"
    return "\n\n".join(filter(None, [head, found["text"], titled("", rows)]))


def _port(port: Port) -> tuple[str, ...]:
    words = ["sequence"] * port.jagged + ["optional"] * port.optional + ["any number of inputs"] * port.variadic
    words += ["rows of a sequence too"] * port.rowwise
    return (port.name, port.dtype, str(port), ", ".join(words))


def _parameters(signature: Signature) -> str:
    """Each parameter with its type and default, its description below it."""
    schemas = catalogue.properties(signature)
    heads = titled("parameters", [(n, catalogue.kind(s), _default(n, signature)) for n, s in schemas.items()])
    texts = ["", *(f"\n      {s['description']}" if "description" in s else "" for s in schemas.values())]
    return "\n".join(head + text for head, text in zip(heads.split("\n"), texts, strict=True))


def _default(name: str, signature: Signature) -> str:
    import json

    return f"default {json.dumps(signature.defaults[name])}" if name in signature.defaults else "required"


def example(name: str, signature: Signature) -> str:
    """A node of this block in YAML: required inputs, and every parameter that has a value to show."""
    from blockrec.words import setting

    values = {n: _value(n, signature) for n in catalogue.properties(signature)}
    parameters = [f"{n}: {setting(value)}" for n, value in values.items() if value is not None]
    return f"my_{name}: {{{', '.join([f'block: {name}', f'in: {_wired(signature)}', *parameters])}}}"


def _wired(signature: Signature) -> str:
    needed = [p for p in signature.ports if not p.optional]
    if len(needed) == 1:
        return "[x, y]" if needed[0].variadic else "x"
    return f"{{{', '.join(f'{p.name}: my_{p.name}' for p in needed)}}}"


def _value(name: str, signature: Signature) -> Any:
    """The default, unless that is none and an example says what is written instead."""
    schema, default = catalogue.properties(signature)[name], signature.defaults.get(name)
    if name not in signature.defaults:
        return _sample(schema)
    return schema["examples"][0] if default is None and "examples" in schema else default


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value for a required parameter."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "array":
        return [_sample(schema["items"])]
    return {"integer": 64, "number": 0.5, "boolean": True, "string": "text"}.get(kind)
