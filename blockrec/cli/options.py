"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from blockrec.cli.completion import cards, models, modules, settings, variants

Model = Annotated[
    str,
    typer.Argument(metavar="FILE|NAME", autocompletion=models, help="A model file, or a packaged model."),
]
Models = Annotated[
    list[str],
    typer.Argument(metavar="FILE|NAME...", autocompletion=models, help="Model files, or names of packaged models."),
]
Data = Annotated[
    str | None,
    typer.Option(metavar="CARD", autocompletion=cards, help="Dataset card (name or file) instead of the model's."),
]
Sets = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        autocompletion=settings,
        help="Change one value, e.g. train.epochs=3; may be repeated.",
    ),
]
Variants = Annotated[
    list[str],
    typer.Option(
        "--variant",
        metavar="NAME",
        autocompletion=variants,
        help="Apply a variant of the file (or several: a,b); may be repeated.",
    ),
]
Imports = Annotated[
    list[str],
    typer.Option(
        "--import",
        metavar="MODULE|FILE.py",
        autocompletion=modules,
        help="Load blocks from a module or a file; may be repeated.",
    ),
]
NoImports = Annotated[
    bool,
    typer.Option(
        "--no-imports", help="Do not trust the file: import no Python for it, read nothing outside its folder."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def names(variants: list[str]) -> list[str]:
    """`["a,b", "c"]` → `["a", "b", "c"]`."""
    return [name for word in variants for name in word.split(",") if name]
