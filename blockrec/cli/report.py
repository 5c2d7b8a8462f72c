"""Diagnostics as text (with colour on a terminal), one line each, JSON, or annotations of a code host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blockrec.diagnostics import Diagnostic, render_all

_STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "message": "\x1b[1m",
    "place": "\x1b[34m",
    "margin": "\x1b[34m",
    "mark": "\x1b[1;31m",
    "note": "\x1b[34m",
    "help": "\x1b[36m",
}


def text(found: Sequence[Diagnostic], *, color: bool = False) -> str:
    """The full form, with excerpts."""
    return render_all(found, _painted) if color else render_all(found)


def _painted(text: str, role: str) -> str:
    return f"{_STYLES[role]}{text}\x1b[0m" if role in _STYLES and text else text


def short(diagnostic: Diagnostic) -> str:
    """`file:line:column: error[E203]: message`."""
    place = f"{diagnostic.at}: " if diagnostic.at else ""
    return f"{place}{_severity(diagnostic)}[{diagnostic.code}]: {diagnostic.message}"


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Plain data; lines and columns count from 1, `end_column` is the first one behind the place."""
    return {
        "code": diagnostic.code,
        "severity": _severity(diagnostic),
        "message": diagnostic.message,
        **_place(diagnostic.at),
        "label": diagnostic.label,
        "help": diagnostic.help,
        "notes": [{"message": message, **_place(span)} for span, message in diagnostic.notes],
    }


def github(diagnostic: Diagnostic) -> str:
    """A workflow command that marks the line in a pull request."""
    place = _place(diagnostic.at)
    keys = {"file": "file", "line": "line", "column": "col", "end_column": "endColumn"}
    marks = [f"{short}={_escaped(str(place[key]), ',:')}" for key, short in keys.items() if key in place]
    message = "\n".join(filter(None, [diagnostic.message, diagnostic.help and f"help: {diagnostic.help}"]))
    return f"::{_severity(diagnostic)} {','.join([*marks, f'title={diagnostic.code}'])}::{_escaped(message)}"


def _severity(diagnostic: Diagnostic) -> str:
    return "error" if diagnostic.is_error else "warning"


def _place(span: Any) -> dict[str, Any]:
    if span is None:
        return {}
    column = span.column + 1
    return {"file": span.source.name, "line": span.line + 1, "column": column, "end_column": column + span.length}


def _escaped(value: str, more: str = "") -> str:
    return "".join(f"%{ord(c):02X}" if c in f"%\r\n{more}" else c for c in value)
