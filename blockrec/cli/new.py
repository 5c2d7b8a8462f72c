"""`blockrec new`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from blockrec.cli.completion import packaged
from blockrec.cli.exits import OK, USAGE
from blockrec.diagnostics import did_you_mean
from blockrec.language.schema.parts import NAME, NAME_HELP
from blockrec.language.words import as_name

WORDS = ("true", "false", "null", "yes", "no", "on", "off")
"""Of YAML; unquoted they are no names."""
EPILOG = """\b
Examples:
  blockrec new my_ranker               a small model to begin with
  blockrec new my_dare --from dare     a copy of a packaged one"""


def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the project and of the folder that is made.")],
    model: Annotated[
        str | None,
        typer.Option("--from", metavar="MODEL", autocompletion=packaged, help="Begin with a packaged model."),
    ] = None,
) -> int:
    """Make a project: model, data, a block, editor settings.

    It runs at once, on a small generated log that is part of it. Nothing that exists is overwritten.
    """
    from blockrec.cli.starter import files

    mistake = _mistake(name, model)
    if mistake:
        context.obj.complain("error: {}\n  = help: {}".format(*mistake))
        return USAGE
    folder = Path(name)
    folder.mkdir()
    for path, text in files(name, model).items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    context.obj.result(f"made {name}/; next:\n  cd {name}\n  blockrec check model.yaml\n  blockrec run model.yaml")
    return OK


def _mistake(name: str, model: str | None) -> tuple[str, str] | None:
    """What is wrong with the command, and what to write."""
    from blockrec.language.files import packaged_models

    if not re.fullmatch(NAME, name) or name in WORDS:
        return f"`{name}` is not a name", f"{as_name(f'my_{name}' if name in WORDS else Path(name).name)}: {NAME_HELP}"
    if Path(name).exists() or Path(name).is_symlink():
        return f"`{name}` exists already", "another name, or another folder"
    models = packaged_models()
    if model is not None and model not in models:
        return f"there is no packaged model `{model}`", did_you_mean(model, models, f"models: {', '.join(models)}")
    card = _card_of(models[model]) if model is not None else None
    if card is not None:
        message = f"`{model}` is for the data set `{card}`, not for the small log of a new project"
        return message, f"in a file of your own: extends: {model}"
    return None


def _card_of(model: Path) -> str | None:
    """The dataset card that a packaged model names, if its data are not generated."""
    from blockrec.language.files import packaged_cards

    named = re.search(r"^dataset: (\w+)", model.read_text("utf-8"), re.MULTILINE)
    card = packaged_cards().get(named[1]) if named else None
    return None if card is None or "generate:" in card.read_text("utf-8") else card.stem
