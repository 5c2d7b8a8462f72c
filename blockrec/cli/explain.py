"""`blockrec explain`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from blockrec.cli import catalogue
from blockrec.cli.completion import things
from blockrec.cli.exits import USAGE
from blockrec.cli.options import Imports, Json
from blockrec.codes import CODES
from blockrec.diagnostics import did_you_mean
from blockrec.signature import Port, Signature

EPILOG = """\b
Examples:
  blockrec explain din         inputs, outputs, parameters, formula and an example of a block
  blockrec explain E310        what a diagnostic's code stands for"""


def explain(
    context: typer.Context,
    thing: Annotated[
        str, typer.Argument(metavar="BLOCK|CODE", autocompletion=things, help="A block, or a code: E310.")
    ],
    imports: Imports = [],
    as_json: Json = False,
) -> int:
    """Explain a block or the code of a diagnostic."""
    if thing.upper() in CODES:
        code = thing.upper()
        context.obj.result(json.dumps({code: CODES[code]}) if as_json else f"{code}: {CODES[code]}")
        return 0
    known = catalogue.signatures(imports)
    if thing not in known:
        context.obj.complain(f"error: no block or code `{thing}`")
        context.obj.complain(f"  = help: {did_you_mean(thing, [*known, *CODES], '`blockrec blocks` lists the blocks')}")
        return USAGE
    signature = known[thing]
    context.obj.result(json.dumps(signature.to_json(), indent=2) if as_json else page(thing, signature))
    return 0


def page(name: str, signature: Signature) -> str:
    """Everything about a block, as text."""
    sections = [
        f"{name}: {catalogue.summary(signature)}",
        catalogue.body(signature),
        _table("inputs", [_port(p) for p in signature.ports]),
        _table("outputs", [_port(p) for p in signature.outputs]),
        _parameters(signature),
        _table("example", [(example(name, signature),)]),
    ]
    return "\n\n".join(section for section in sections if section)


def _table(title: str, rows: list[tuple[str, ...]]) -> str:
    """Rows in columns under a title; empty without rows."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([title, *(f"  {line}" for line in lines)]) if rows else ""


def _port(port: Port) -> tuple[str, ...]:
    words = ["sequence"] * port.jagged + ["optional"] * port.optional + ["any number of inputs"] * port.variadic
    words += ["rows of a sequence too"] * port.rowwise
    return (port.name, port.dtype, str(port), ", ".join(words))


def _parameters(signature: Signature) -> str:
    """Each parameter with its type and default, its description below it."""
    schemas = catalogue.properties(signature)
    heads = _table("parameters", [(n, catalogue.kind(s), _default(n, signature)) for n, s in schemas.items()]).split(
        "\n"
    )
    texts = ["", *(f"\n      {s['description']}" if "description" in s else "" for s in schemas.values())]
    return "\n".join(head + text for head, text in zip(heads, texts, strict=True))


def _default(name: str, signature: Signature) -> str:
    return f"default {json.dumps(signature.defaults[name])}" if name in signature.defaults else "required"


def example(name: str, signature: Signature) -> str:
    """A node of this block in YAML: required inputs, and every parameter that has a value to show."""
    from blockrec.words import setting

    values = {n: signature.defaults.get(n, _sample(s)) for n, s in catalogue.properties(signature).items()}
    parameters = [f"{n}: {setting(value)}" for n, value in values.items() if value is not None]
    return f"my_{name}: {{{', '.join([f'block: {name}', f'in: {_wired(signature)}', *parameters])}}}"


def _wired(signature: Signature) -> str:
    needed = [p for p in signature.ports if not p.optional]
    if len(needed) == 1:
        return "[x, y]" if needed[0].variadic else "x"
    return f"{{{', '.join(f'{p.name}: my_{p.name}' for p in needed)}}}"


def _sample(schema: Mapping[str, Any]) -> Any:
    """A value for a required parameter."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "array":
        return [_sample(schema["items"])]
    return {"integer": 64, "number": 0.5, "boolean": True, "string": "text"}.get(kind)
