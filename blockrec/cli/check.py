"""`blockrec check`."""

from __future__ import annotations

import json
import sys
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from blockrec.cli import report
from blockrec.cli.exits import OK, WRONG
from blockrec.cli.options import Data, Imports, Json, Models, NoImports, Sets, Variants, names
from blockrec.cli.terminal import Terminal
from blockrec.diagnostics import Diagnostics

if TYPE_CHECKING:
    from blockrec.graph.compile import Checked

EPILOG = """\b
Examples:
  blockrec check model.yaml
  blockrec check dare --variant twin --set train.epochs=3
  blockrec check *.yaml --format github     marks the lines in a pull request"""


class Format(str, Enum):
    """How diagnostics are printed."""

    TEXT = "text"
    SHORT = "short"
    JSON = "json"
    GITHUB = "github"


def check(
    context: typer.Context,
    models: Models,
    data: Data = None,
    sets: Sets = [],
    variants: Variants = [],
    imports: Imports = [],
    no_imports: NoImports = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    style: Annotated[Format, typer.Option("--format", help="Form of the diagnostics.")] = Format.TEXT,
    as_json: Json = False,
) -> int:
    """Find every mistake in model files.

    Runs all passes of the compiler, on the model and on the points of its sweep; reads no data and trains nothing.
    With -v it also says what the file does not show: work for a sample, tables, what no loss reaches, kernels.
    """
    from blockrec.graph.compile import check as check_point
    from blockrec.graph.compile import check_model
    from blockrec.graph.sweep import check_points

    style = Format.JSON if as_json else style
    results = []
    for model in models:
        chosen: dict[str, Any] = {"variants": names(variants), "sets": sets, "data": data, "imports": imports}
        chosen["trusted"] = not no_imports
        checked, found = check_model(model, **chosen)
        at = partial(check_point, model, **chosen)
        points = check_points(checked, lambda point, at=at: at(point=point)[2], found)  # type: ignore[misc]
        failed = found.failed or (strict and len(found) > 0)
        results.append(_Result(model, None if failed else checked, found, points))
        if style is not Format.JSON:
            _print(context.obj, results[-1], style, several=len(models) > 1)
    if style is Format.JSON:
        context.obj.result(json.dumps(list(map(_plain, results)), indent=2))
    return WRONG if any(result.checked is None for result in results) else OK


class _Result(NamedTuple):
    """checked: None if the model is refused. points: what of its sweep was checked."""

    model: str
    checked: Checked | None
    found: Diagnostics
    points: str


def _print(terminal: Terminal, result: _Result, style: Format, *, several: bool) -> None:
    """Machine forms are results (stdout); the text form is for people (stderr)."""
    model, checked, found, points = result
    if style is Format.TEXT and len(found):
        terminal.complain(report.text(list(found), color=terminal.paints(sys.stderr)) + "\n")
    elif style in (Format.SHORT, Format.GITHUB):
        line = report.short if style is Format.SHORT else report.github
        for diagnostic in found:
            terminal.result(line(diagnostic))
    if checked is not None:
        from blockrec.graph.size import size

        name = f"{model}: " if several else ""
        terminal.result(f"{name}ok: {size(checked.graph)}{f', {points}' if points else ''}")
        if terminal.verbose:
            terminal.result(_facts(checked))
    elif style is Format.TEXT:
        terminal.complain(f"{model}: {_count(found)}")


def _facts(checked: Checked) -> str:
    """What the compiler knows beyond the sizes; imports torch, which knows the kernels of this machine."""
    from blockrec.graph.facts import facts
    from blockrec.graph.facts_text import facts_text
    from blockrec.graph.kernels import choices

    known = facts(checked)
    return facts_text(known, choices(known.kernels))


def _count(found: Diagnostics) -> str:
    """`3 errors, 1 warning`."""
    counts = {"error": len(found.errors), "warning": len(found.warnings)}
    return ", ".join(f"{n} {word}{'s' * (n != 1)}" for word, n in counts.items() if n)


def _plain(result: _Result) -> dict[str, Any]:
    from blockrec.graph.facts import facts
    from blockrec.graph.size import counts

    checked = result.checked
    known = {**counts(checked.graph), "facts": facts(checked).to_json()} if checked else {}
    diagnostics = [report.as_json(d) for d in result.found]
    swept = {"sweep": result.points} if result.points else {}
    return {"model": result.model, "ok": checked is not None, **known, **swept, "diagnostics": diagnostics}
