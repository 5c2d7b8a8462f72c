"""Slips of the pen on which a YAML parser trips, recognised by the text at the place where it stopped."""

from __future__ import annotations

import re

from blockrec.diagnostics import Diagnostics, Source, Span

BRACED = re.compile(r"\$\{ *(?:params\.)?([A-Za-z_]\w*) *\}?")
QUESTION_MARKS = re.compile(r"\?{2,3}")
COMMENT = re.compile(r" *(//|/\*|;|--(?!-))")
WIDE_COLON = re.compile(r" *(?:- )?[\w-]+ *([\uff1a\ufe55])")
GLUED = re.compile(r" *(?:- )?(\w+):([^\s:{\[]+)\s*")


def report_known_slip(source: Source, line: int, column: int, report: Diagnostics) -> bool:
    """Report what was probably meant, if that can be told from the text at or before `column` of `line`."""
    text = source.lines[line] if line < len(source.lines) else ""
    above = source.lines[line - 1] if line else ""
    if found := _around(BRACED, text, column):
        name, at = found[1], Span(source, line, found.start(), len(found[0]))
        report.error("E403", f"`{found[0]}` is not an expression", at, help=f"write ${name}")
    elif found := _around(QUESTION_MARKS, text, column):
        at = Span(source, line, found.start(), len(found[0]))
        report.error("E001", f"not valid YAML: `{found[0]}`", at, help="a value that must be given is `required`")
    elif found := WIDE_COLON.match(text):
        at = Span(source, line, found.start(1), 1)
        report.error("E001", f"not valid YAML: `{found[1]}` is no colon", at, help="write `: `")
    elif (found := COMMENT.match(above)) and line:
        at = Span(source, line - 1, found.start(1), len(found[1]))
        report.error("E001", f"not valid YAML: `{found[1]}` begins no comment", at, help="comments begin with `#`")
    elif (found := GLUED.fullmatch(above)) and line:
        at = Span(source, line - 1, found.start(1), len(found[0].strip()))
        report.error(
            "E001", "not valid YAML: a blank is missing after the colon", at, help=f"write `{found[1]}: {found[2]}`"
        )
    else:
        return False
    return True


def _around(pattern: re.Pattern[str], text: str, column: int) -> re.Match[str] | None:
    """The match that `column` lies in or directly behind."""
    return next((m for m in pattern.finditer(text) if m.start() <= column <= m.end()), None)
