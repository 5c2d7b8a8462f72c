"""`$name` and `$(…)` in the values of a document."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.bounds import fits
from blockrec.language.environment import is_environment, read_environment
from blockrec.language.evaluation import NAME, ExpressionError, evaluate, parse
from blockrec.language.values import UNKNOWN, List, Map

__all__ = ["ExpressionError", "evaluate", "is_expression", "mentioned", "substitute"]

WRONG_NAME = re.compile(r"\$\{? *(?:params\.)?([A-Za-z_]\w*) *\}?")
"""`${dim}` and `$params.dim`, as other systems write a name."""
MAX_TOTAL = 1_000_000
"""Items of a section with its parameters filled in: lists of lists of lists would grow without bound."""


def is_expression(value: Any) -> bool:
    """Whether a scalar is to be evaluated."""
    return isinstance(value, str) and value.startswith("$")


def substitute(
    value: Any, at: Span, names: Mapping[str, Any], report: Diagnostics, section: str = "", *, trusted: bool = True
) -> Any:
    """`value` with every expression in it, at any depth, evaluated; `UNKNOWN` where that failed.

    section: where it stands, which decides about `$env`; trusted: whether that may look at the machine.
    """
    result = _substitute(value, at, partial(_scalar, names=names, report=report, section=section, trusted=trusted))
    if fits(result, MAX_TOTAL):
        return result
    report.error("E402", "with its parameters filled in, this value is too large", at)
    return UNKNOWN


def _substitute(value: Any, at: Span, evaluated: Callable[[str, Span], Any]) -> Any:
    if isinstance(value, Map):
        entries = {k: (key_at, _substitute(v, a, evaluated), a) for k, (key_at, v, a) in value.entries().items()}
        return Map(value.span, entries, value.deleted)
    if isinstance(value, List):
        return List(value.span, [(_substitute(v, a, evaluated), a) for v, a in zip(value, value.at, strict=True)])
    return evaluated(value, at) if is_expression(value) else value


def _scalar(text: str, at: Span, names: Mapping[str, Any], report: Diagnostics, section: str, *, trusted: bool) -> Any:
    skip = 0
    try:
        if is_environment(text):
            return read_environment(text, section, trusted=trusted)
        inner, skip = body(text)
        return positioned(evaluate(inner, names), at)
    except ExpressionError as error:
        report.error(error.code, error.message, part(at, text, skip + error.column, error.length), help=error.help)
        return UNKNOWN


def body(text: str) -> tuple[str, int]:
    """The expression in `$name` or `$(…)`, and the number of characters before it."""
    if text.startswith("$(") and text.endswith(")"):
        return text[2:-1], 2
    if NAME.fullmatch(text[1:]):
        return text[1:], 1
    if found := WRONG_NAME.fullmatch(text):
        raise ExpressionError("E403", f"`{text[:60]}` is not an expression", 0, len(text), f"write ${found[1]}")
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    help = """write `$name` or `$(…)` as the whole value; a text that begins with `$` is `$("$…")`"""
    raise ExpressionError("E403", f"`{shown}` is not an expression", 0, len(text), help)


def part(at: Span, text: str, column: int, length: int) -> Span:
    """The place of a part of the scalar `text` written at `at`; all of it if it is written with escapes."""
    written = at.text
    quoted = written[:1] in ("'", '"')
    if written[quoted : quoted + len(text)] != text:
        return at
    return at.inside(column + quoted, min(length, len(text) - column))


def positioned(value: Any, at: Span) -> Any:
    """A computed list gets the place of its expression."""
    if isinstance(value, list) and not isinstance(value, List):
        return List(at, [(positioned(v, at), at) for v in value])
    return value


def mentioned(value: Any) -> set[str]:
    """All names that the expressions in `value` mention."""
    if isinstance(value, Map):
        return set().union(*map(mentioned, value.values()))
    if isinstance(value, List):
        return set().union(*map(mentioned, value))
    return set(_names_in(value)) if is_expression(value) else set()


def _names_in(text: str) -> Iterator[str]:
    try:
        tree = parse(body(text)[0])
    except ExpressionError:
        return
    yield from (n.id for n in ast.walk(tree) if isinstance(n, ast.Name))
