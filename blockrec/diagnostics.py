"""What is wrong in a user's file, where, and the way out: data first, text made in one place.

A pass reports to a `Diagnostics` collector and goes on, so that one run shows every mistake.
`BlockrecError` carries the collector to the boundary (command line or Python caller).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from blockrec.codes import CODES


@dataclass(frozen=True)
class Source:
    """A text that users wrote: a file, a `--set` argument, or a mapping shown as YAML."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")


@dataclass(frozen=True)
class Span:
    """A place in a source: 0-based line and column, length in characters."""

    source: Source = field(compare=False)
    line: int
    column: int
    length: int

    def inside(self, column: int, length: int) -> Span:
        """The part of this span that starts `column` characters in."""
        return replace(self, column=self.column + column, length=max(1, length))

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line + 1}:{self.column + 1}"


@dataclass(frozen=True)
class Diagnostic:
    """One mistake: a code of `blockrec.codes`, its cause, its place and what to do about it."""

    code: str
    message: str
    at: Span | None = None
    label: str = ""
    help: str = ""
    notes: tuple[tuple[Span, str], ...] = ()

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")

    @property
    def order(self) -> tuple[str, int, int, str]:
        return (self.at.source.name, self.at.line, self.at.column, self.code) if self.at else ("", -1, -1, self.code)


@dataclass
class Diagnostics:
    """Collects what the passes find, without duplicates."""

    found: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        code: str,
        message: str,
        at: Span | None = None,
        *,
        label: str = "",
        help: str = "",
        notes: Iterable[tuple[Span, str]] = (),
    ) -> None:
        assert code in CODES, f"{code} is not in blockrec.codes"
        diagnostic = Diagnostic(code, message, at, label, help, tuple(notes))
        if diagnostic not in self.found:
            self.found.append(diagnostic)

    warn = error
    """The same call: a code that starts with W is a warning."""

    @property
    def errors(self) -> list[Diagnostic]:
        return [d for d in self if d.is_error]

    @property
    def warnings(self) -> list[Diagnostic]:
        return [d for d in self if not d.is_error]

    @property
    def failed(self) -> bool:
        return any(d.is_error for d in self.found)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self.found, key=lambda d: d.order))

    def raise_errors(self) -> None:
        """Raise `BlockrecError` if any error was reported."""
        if self.failed:
            raise BlockrecError(self)

    def __str__(self) -> str:
        return "\n\n".join(render(d) for d in self)


class BlockrecError(Exception):
    """User mistakes, all of them; `str()` is the text that the command line prints."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n\n".join(render(d) for d in self.diagnostics.errors)


def fail(code: str, message: str, at: Span | None = None, *, help: str = "") -> BlockrecError:
    """A `BlockrecError` of one diagnostic, to raise where nothing can go on."""
    report = Diagnostics()
    report.error(code, message, at, help=help)
    return BlockrecError(report)


def render(diagnostic: Diagnostic) -> str:
    """The text of one diagnostic: code and cause, place, excerpt with carets, help."""
    kind = "error" if diagnostic.is_error else "warning"
    head = f"{kind}[{diagnostic.code}]: {diagnostic.message}"
    tail = f"  = help: {diagnostic.help}" if diagnostic.help else ""
    if diagnostic.at is None:
        return "\n".join(filter(None, [head, tail]))
    places = [diagnostic.at, *(span for span, _ in diagnostic.notes)]
    width = len(str(max(span.line for span in places) + 1))
    margin = " " * width
    lines = [head, f"{margin}--> {diagnostic.at}", f"{margin} |", *_excerpt(diagnostic.at, "^", diagnostic.label, width)]
    for span, text in diagnostic.notes:
        elsewhere = span.source.name != diagnostic.at.source.name
        lines += [f"{margin}::: {span}" if elsewhere else f"{margin} ⋮", *_excerpt(span, "-", text, width)]
    return "\n".join([*lines, f"{margin}{tail[1:]}"] if tail else lines)


def _excerpt(span: Span, mark: str, label: str, width: int) -> list[str]:
    line = span.source.lines[span.line] if span.line < len(span.source.lines) else ""
    indent = "".join("\t" if c == "\t" else " " for c in line[: span.column])
    return [f"{span.line + 1:>{width}} | {line}", f"{' ' * width} | {indent}{mark * span.length} {label}".rstrip()]


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` most likely meant, or None."""
    known = list(names)
    same = [n for n in known if n.lower() == word.lower()]
    return next(iter(same or difflib.get_close_matches(word, known, 1, 0.6)), None)


def did_you_mean(word: object, names: Iterable[str], otherwise: str = "") -> str:
    """Help text for a misspelt name: the nearest legal one, else `otherwise`."""
    hit = nearest(str(word), names)
    return f"did you mean `{hit}`?" if hit else otherwise
