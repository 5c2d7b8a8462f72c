"""What the YAML parser could not read, in plain words and at the right place."""

from __future__ import annotations

import re

import yaml

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language.slips import report_known_slip

CAUSES = {
    "mapping values are not allowed": (
        "a `: ` is not allowed here",
        "quote a value that contains `: `, and indent the keys of one mapping alike",
    ),
    "could not find expected ':'": ("a key without a `:`", "write `key: value`, with a blank after the colon"),
    "did not find expected ',' or": (
        "an item ends here, but neither `,` nor a closing bracket follows",
        "separate items with `,`, and close every bracket; quote text that contains `[`, `]`, `{` or `}`",
    ),
    "did not find expected key": (
        "expected a key here",
        "indent the keys of one mapping alike, and check the brackets and quotes before this place",
    ),
    "did not find expected '-'": ("expected another `- ` item here", "indent the items of one list alike"),
    "did not find expected node content": ("expected a value here", "check the commas and brackets before this place"),
    "block sequence entries are not allowed": (
        "a list item `- ` is not allowed here",
        "begin the list on its own line",
    ),
    "found unexpected end of stream": ("the quoted text that begins here never ends", "close it with the same quote"),
    "found unexpected document": ("the quoted text that begins here never ends", "close it with the same quote"),
    "found unknown escape": (
        "no such escape in a text in double quotes",
        "write \\\\ for a backslash, or use single quotes",
    ),
    "found character that cannot start": ("a value cannot begin with this character", "put the value in quotes"),
    "while scanning a directive": ("lines that begin with `%` are not part of a model file", "delete the line"),
}
OPENS = ("while parsing a flow mapping", "while parsing a flow sequence")
QUOTED = "while scanning a quoted scalar"
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def report_syntax_error(error: yaml.MarkedYAMLError, source: Source, start: int, report: Diagnostics) -> None:
    """E001, or E006 if a tab is to blame."""
    line, column = _place(error, source)
    column += start if line == 0 else 0
    text = source.lines[line] if line < len(source.lines) else ""
    indent = text[: len(text) - len(text.lstrip())]
    if "\t" in indent and column <= len(indent):
        at = Span(source, line, indent.index("\t"), 1)
        report.error("E006", "a tab in the indentation", at, help="indent with blanks")
        return
    if report_known_slip(source, line, column, report):
        return
    cause, help = _cause(error, source)
    notes = [] if (opened := _opening(error, source, line)) is None else [(opened, "opened here")]
    report.error("E001", f"not valid YAML: {cause}", Span(source, line, column, 1), notes=notes, help=help)


def _opening(error: yaml.MarkedYAMLError, source: Source, line: int) -> Span | None:
    """The bracket inside which something is wrong, if it stands on an earlier line: perhaps it is not closed."""
    mark = error.context_mark
    if mark is None or not _never_closed(error) or mark.line >= line:
        return None
    return Span(source, mark.line, mark.column, 1)


def _place(error: yaml.MarkedYAMLError, source: Source) -> tuple[int, int]:
    """Where to point: at what is never closed, not at the end of the file that shows it."""
    mark, opened = error.problem_mark, error.context_mark
    assert mark is not None
    if opened is not None and ((_at_end(mark, source) and _never_closed(error)) or error.context == QUOTED):
        escape = "escape" in str(error.problem)
        return (mark.line, mark.column) if escape else (opened.line, opened.column)
    return mark.line, mark.column


def _at_end(mark: yaml.Mark, source: Source) -> bool:
    return not any(line.strip() for line in [*source.lines[mark.line : mark.line + 1], *source.lines[mark.line + 1 :]])


def _never_closed(error: yaml.MarkedYAMLError) -> bool:
    return error.context in OPENS


def _cause(error: yaml.MarkedYAMLError, source: Source) -> tuple[str, str]:
    mark = error.problem_mark
    if mark is not None and _never_closed(error) and _at_end(mark, source):
        bracket = "{" if error.context == OPENS[0] else "["
        return f"this `{bracket}` is never closed", f"close it with `{'}' if bracket == '{' else ']'}`"
    problem = f"{error.problem} {error.context or ''}"
    return next((words for key, words in CAUSES.items() if key in problem), (str(error.problem), ""))


def report_unprintable(source: Source, report: Diagnostics) -> bool:
    """YAML allows no control characters; True if there is one."""
    for number, line in enumerate(source.lines):
        if found := UNPRINTABLE.search(line):
            at = Span(source, number, found.start(), 1)
            message = f"not valid YAML: the character U+{ord(found[0]):04X} is not allowed"
            report.error("E001", message, at, help="delete it")
            return True
    return False
