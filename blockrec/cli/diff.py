"""`blockrec diff`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blockrec.cli.checked import checked_model
from blockrec.cli.completion import models
from blockrec.cli.diff_text import text
from blockrec.cli.exits import FAILED, OK
from blockrec.cli.options import Data, Imports, Json, NoImports, Sets

if TYPE_CHECKING:
    from blockrec.graph.compile import Checked

EPILOG = """\b
Examples:
  blockrec diff twin dare                 two models
  blockrec diff dare dare:twin            a model and its variant; dare:twin,no_aux applies two
  blockrec diff old.yaml new.yaml --json
  blockrec diff dare dare --set-b graph.head.hidden=[64]

\b
Exit codes: 0 the models are the same, 1 they differ."""

VARIANTS = re.compile(r"(.+):([a-z0-9_]+(?:,[a-z0-9_]+)*)")

Compared = Annotated[
    str, typer.Argument(metavar="MODEL[:VARIANT]", autocompletion=models, help="A file or a packaged model.")
]


def diff(
    context: typer.Context,
    first: Compared,
    second: Compared,
    data: Data = None,
    sets: Sets = [],
    sets_a: Annotated[list[str], typer.Option("--set-a", metavar="PATH=VALUE", help="Of the first model only.")] = [],
    sets_b: Annotated[list[str], typer.Option("--set-b", metavar="PATH=VALUE", help="Of the second model only.")] = [],
    imports: Imports = [],
    no_imports: NoImports = False,
    as_json: Json = False,
) -> int:
    """Compare two models by what they compute.

    Nodes, inputs, parameters, shapes, features, tables, settings with their defaults, and counts. A node that only has
    another name is renamed. Names of files, docs, comments and the order of keys make no difference.
    """
    from blockrec.graph.diff import diff as differences

    shared: dict[str, Any] = {"data": data, "imports": imports, "no_imports": no_imports}
    found = differences(_model(first, [*sets, *sets_a], shared), _model(second, [*sets, *sets_b], shared))
    if as_json:
        context.obj.result(json.dumps({"first": first, "second": second, **found.to_json()}, indent=2, default=str))
    elif found.same:
        context.obj.result(f"{first} and {second} are the same model")
    else:
        context.obj.result(text(found, color=context.obj.paints(sys.stdout)))
    return OK if found.same else FAILED


def _model(name: str, sets: list[str], shared: dict[str, Any]) -> Checked:
    """`dare:twin` is the variant `twin` of `dare`, unless a file has that name."""
    chosen = None if Path(name).is_file() else VARIANTS.fullmatch(name)
    model, variants = (chosen[1], [chosen[2]]) if chosen else (name, [])
    return checked_model(model, variants=variants, sets=sets, **shared)
