"""`blockrec viz`."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blockrec.cli.options import Data, Imports, Model, NoImports, Sets, Variants, names

if TYPE_CHECKING:
    from blockrec.graph.ir import Graph

STDOUT = "-"
EPILOG = """\b
Examples:
  blockrec viz dare                        writes dare.svg
  blockrec viz dare --open                 and shows it
  blockrec viz dare -o dare.mmd            as Mermaid, for a Markdown page
  blockrec viz dare -o - --format txt      in the terminal
  blockrec viz model.yaml --depth 0        composites closed"""


class Format(str, Enum):
    """What a picture is written as."""

    SVG = "svg"
    MMD = "mmd"
    TXT = "txt"


def viz(
    context: typer.Context,
    model: Model,
    output: Annotated[str, typer.Option("-o", "--output", metavar="FILE", help="Default: NAME.svg; - is stdout.")] = "",
    style: Annotated[Format | None, typer.Option("--format", help="Default: the file's ending, else svg.")] = None,
    depth: Annotated[int | None, typer.Option(min=0, help="Close composites nested deeper than this.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the picture.")] = False,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    no_imports: NoImports = False,
) -> None:
    """Draw a model; needs no graphviz, no browser and no data."""
    from blockrec.graph.compile import check

    if show and output == STDOUT:
        raise typer.BadParameter("there is no file to open when the picture goes to stdout", param_hint="--open")
    chosen = style or _by_ending(output)
    chosen_names = names(variants)
    _, graph, found = check(model, variants=chosen_names, sets=sets, data=data, imports=imports, trusted=not no_imports)
    found.raise_errors()
    assert graph is not None
    picture = _drawn(graph, chosen, depth)
    if output == STDOUT:
        context.obj.result(picture.rstrip("\n"))
        return
    path = Path(output or f"{graph.name}.{chosen.value}")
    path.write_text(picture, "utf-8")
    context.obj.result(str(path))
    if show:
        typer.launch(str(path))


def _drawn(graph: Graph, form: Format, depth: int | None) -> str:
    from blockrec.viz import mermaid, svg, text

    return {Format.SVG: svg, Format.MMD: mermaid, Format.TXT: text}[form](graph, depth=depth)


def _by_ending(output: str) -> Format:
    """The format that a file's name asks for."""
    ending = "" if output == STDOUT else Path(output).suffix.removeprefix(".")
    if ending in ("", *(f.value for f in Format)):
        return Format(ending or "svg")
    raise typer.BadParameter(f"cannot write `.{ending}`: use .svg, .mmd or .txt, or give --format", param_hint="-o")
