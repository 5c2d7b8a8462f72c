"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from blockrec.cli.completion import cards, models, modules, runs, settings, variants

Model = Annotated[
    str,
    typer.Argument(metavar="FILE|NAME", autocompletion=models, help="A model file, or a packaged model."),
]
OptionalModel = Annotated[
    str | None,
    typer.Argument(metavar="[FILE|NAME]", autocompletion=models, help="A model file, or a packaged model."),
]
Models = Annotated[
    list[str],
    typer.Argument(metavar="FILE|NAME...", autocompletion=models, help="Model files, or names of packaged models."),
]
Data = Annotated[
    str | None,
    typer.Option(metavar="CARD", autocompletion=cards, help="Dataset card (name or file) instead of the model's."),
]
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", autocompletion=runs, help="A run directory, or a model: its latest run."),
]
OtherData = Annotated[
    str | None,
    typer.Option(
        metavar="CARD|FILE", autocompletion=cards, help="Other data: a dataset card, or files like the run's."
    ),
]
RunsDir = Annotated[str, typer.Option(metavar="DIR", help="Where models have their runs.")]
Checkpoint = Annotated[
    str | None,
    typer.Option(metavar="best|last|step-N", help="Whose weights. Default: the best, else the last."),
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
