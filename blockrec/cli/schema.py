"""`blockrec schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockrec.cli import catalogue
from blockrec.cli.options import Imports

if TYPE_CHECKING:
    from blockrec.language.schema.editor import Offered
    from blockrec.language.schema.editor_nodes import BlockWords
    from blockrec.signature import Port, Signature

EPILOG = """\b
Examples:
  blockrec schema -o blockrec.schema.json                    for `# yaml-language-server: $schema=` or settings.json
  blockrec schema --import blocks.py -o blockrec.schema.json  with blocks of your own"""


def schema(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there; default: print it.")
    ] = None,
    imports: Imports = [],
) -> None:
    """Print the JSON Schema for editors of model files.

    It covers model files, dataset cards and libraries, with every block that is installed or imported.
    """
    from blockrec.language.schema.editor import editor_schema

    text = json.dumps(editor_schema(offered(imports)), ensure_ascii=False)
    if output is None:
        context.obj.result(text)
        return
    output.write_text(text + "\n", "utf-8")
    context.obj.note(f"wrote {output}")


def offered(imports: list[str]) -> Offered:
    """What an editor offers: blocks, packaged models and cards."""
    from blockrec.language.files import packaged_cards, packaged_models
    from blockrec.language.schema.editor import Offered

    blocks = {name: _words(signature) for name, signature in catalogue.signatures(imports).items()}
    models = {name: _summary(path) for name, path in packaged_models().items()}
    return Offered(blocks, models, {name: _summary(path) for name, path in packaged_cards().items()})


def _words(signature: Signature) -> BlockWords:
    from blockrec.language.schema.editor_nodes import BlockWords

    body = catalogue.body(signature)
    doc = f"{catalogue.summary(signature)}\n\n{body}" if body else catalogue.summary(signature)
    ports = {port.name: _port(port) for port in signature.ports}
    loss = any(out.dims == () for out in signature.outputs)
    return BlockWords(doc, ports, tuple(signature.required_ports), signature.schema, signature.defaults, loss)


def _port(port: Port) -> str:
    words = ["a sequence"] * port.jagged + ["optional"] * port.optional + ["any number"] * port.variadic
    return ", ".join([f"{port.dtype} {port}", *words])


def _summary(path: Path) -> str:
    """What a packaged file says of itself."""
    from blockrec.diagnostics import Diagnostics
    from blockrec.language.files import read_file
    from blockrec.language.source import read_map

    report = Diagnostics()
    source = read_file(path, report)
    content = read_map(source, report) if source else None
    return str(content.get("doc", "")).strip() if content is not None else ""
