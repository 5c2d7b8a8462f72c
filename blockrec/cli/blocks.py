"""`blockrec blocks`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from blockrec.cli import catalogue
from blockrec.cli.completion import blocks as complete
from blockrec.cli.options import Imports, Json
from blockrec.signature import Signature

EPILOG = """\b
Examples:
  blockrec blocks                        all blocks
  blockrec blocks attention              those that have the word in name or description
  blockrec blocks --import my_blocks.py  with your own"""


def blocks(
    context: typer.Context,
    word: Annotated[str, typer.Argument(metavar="[WORD]", autocompletion=complete, help="Only blocks with it.")] = "",
    imports: Imports = [],
    as_json: Json = False,
) -> None:
    """List the blocks that a model may use.

    Each with what it does, inputs → outputs, and its parameters.
    """
    found = {name: s for name, s in catalogue.signatures(imports).items() if _has(name, s, word)}
    if as_json:
        context.obj.result(json.dumps({name: s.to_json() for name, s in found.items()}, indent=2))
        return
    for name, signature in found.items():
        context.obj.result(_row(name, signature))
    count = f"{len(found)} block{'s' * (len(found) != 1)}"
    hint = f"{count}; `blockrec explain NAME` shows one in full"
    context.obj.note(hint if found else f"no block has the word `{word}`")


def _has(name: str, signature: Signature, word: str) -> bool:
    return word.lower() in f"{name} {signature.doc}".lower()


def _row(name: str, signature: Signature) -> str:
    ports = ", ".join(catalogue.port(p) for p in signature.ports)
    outputs = ", ".join(catalogue.port(p) for p in signature.outputs)
    lines = [f"{name}", f"    {catalogue.summary(signature)}", f"    {ports} → {outputs}"]
    parameters = ", ".join(catalogue.properties(signature))
    return "\n".join([*lines, f"    parameters: {parameters}"] if parameters else lines)
