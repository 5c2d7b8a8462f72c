"""What is wrong in a user's file, where, and the way out: data first, text made in one place.

A pass reports to a `Diagnostics` collector and goes on, so that one run shows every mistake.
`BlockrecError` carries the collector to the boundary (command line or Python caller).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from blockrec.codes import CODES
from blockrec.excerpt import Excerpt, plain

SHOWN = 20
"""The text form prints this many diagnostics and counts the rest."""
LONGEST = 1000
"""Characters of a message, a label or a help."""
MANY = 100
"""So many names are compared in full with a misspelt one."""
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_."
"""Of which names are made."""


@dataclass(frozen=True)
class Source:
    """A text that users wrote: a file, a `--set` argument, or a mapping shown as YAML."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        """Lines as YAML counts them."""
        return re.split("\r\n|[\n\r\x85\u2028\u2029]", self.text)


@dataclass(frozen=True)
class Span:
    """A place in a source: 0-based line and column, length in characters."""

    source: Source
    line: int
    column: int
    length: int

    def inside(self, column: int, length: int) -> Span:
        """The part of this span that starts `column` characters in."""
        return replace(self, column=self.column + column, length=max(1, length))

    def part(self, word: str) -> Span:
        """The last place of `word` in this span, or all of it."""
        start = self.text.rfind(word)
        return self.inside(start, len(word)) if word and start >= 0 else self

    @property
    def text(self) -> str:
        """What is written there, as far as it is on one line."""
        lines = self.source.lines
        return lines[self.line][self.column : self.column + self.length] if self.line < len(lines) else ""

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


class Diagnostics:
    """Collects what the passes find, without duplicates; iterates in the order of places."""

    def __init__(self) -> None:
        self._found: dict[Diagnostic, None] = {}

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
        message, label, help = _clipped(message), _clipped(label), _clipped(help)
        self._found[Diagnostic(code, message, at, label, help, tuple(notes))] = None

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
        return any(d.is_error for d in self._found)

    def __len__(self) -> int:
        return len(self._shown())

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._shown(), key=lambda d: d.order))

    def _shown(self) -> list[Diagnostic]:
        """All but warnings at the place of an error, which has the same cause."""
        places = {d.at for d in self._found if d.is_error and d.at}
        return [d for d in self._found if d.is_error or d.at not in places]

    def raise_errors(self) -> None:
        """Raise `BlockrecError` if any error was reported."""
        if self.failed:
            raise BlockrecError(self)

    def __str__(self) -> str:
        return render_all(list(self))


def _clipped(text: str) -> str:
    """What a message quotes of a file may be a megabyte long."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class BlockrecError(Exception):
    """User mistakes, all of them; `str()` is the text that the command line prints."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return render_all(self.diagnostics.errors)


def fail(code: str, message: str, at: Span | None = None, *, help: str = "") -> BlockrecError:
    """A `BlockrecError` of one diagnostic, to raise where nothing can go on."""
    report = Diagnostics()
    report.error(code, message, at, help=help)
    return BlockrecError(report)


Style = Callable[[str, str], str]
"""(text, role) → text, for colours. Roles: error, warning, message, place, margin, source, mark, note, help."""


def _unstyled(text: str, role: str) -> str:  # noqa: ARG001 - a style's signature
    return text


def render_all(diagnostics: Sequence[Diagnostic], style: Style = _unstyled) -> str:
    """The text of several diagnostics: the first 20, then how many more there are."""
    texts = [render(d, style) for d in diagnostics[:SHOWN]]
    more = len(diagnostics) - SHOWN
    return "\n\n".join([*texts, f"… and {more} more"] if more > 0 else texts)


def render(diagnostic: Diagnostic, style: Style = _unstyled) -> str:
    """The text of one diagnostic: code and cause, place, excerpt with carets, help."""
    at, role = diagnostic.at, "error" if diagnostic.is_error else "warning"
    head = f"{style(f'{role}[{diagnostic.code}]', role)}{style(f': {plain(diagnostic.message)}', 'message')}"
    places = [at, *(span for span, _ in diagnostic.notes)] if at else []
    margin = " " * len(str(max((span.line for span in places), default=0) + 1))
    lines = [head]
    if at:
        lines += [
            f"{margin}{style('-->', 'margin')} {style(plain(str(at)), 'place')}",
            f"{margin} {style('|', 'margin')}",
        ]
        lines += _excerpt(at, "^", diagnostic.label, len(margin), style, role)
        for span, text in diagnostic.notes:
            lines += [f"{margin} {_gap(span, at, style)}", *_excerpt(span, "-", text, len(margin), style, "note")]
    if diagnostic.help:
        lines.append(f"{margin} {style('=', 'margin')} {style('help:', 'help')} {plain(diagnostic.help)}")
    return "\n".join(lines)


def _gap(span: Span, at: Span, style: Style) -> str:
    """What stands between two excerpts: dots, or the name of the other file."""
    same = span.source.name == at.source.name
    return style("⋮", "margin") if same else f"{style(':::', 'margin')} {style(plain(str(span)), 'place')}"


def _excerpt(span: Span, mark: str, label: str, width: int, style: Style, role: str) -> list[str]:
    line = span.source.lines[span.line] if span.line < len(span.source.lines) else ""
    shown = Excerpt.of(line, span.column, span.length)
    bar = style("|", "margin")
    under = style(f"{mark * shown.length} {plain(label)}".rstrip(), role if mark == "^" else "note")
    number = style(f"{span.line + 1:>{width}}", "margin")
    return [f"{number} {bar} {style(shown.text, 'source')}", f"{' ' * width} {bar} {' ' * shown.column}{under}"]


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that `word` most likely meant, or None."""
    known = _known(tuple(names))
    same = known.lower.get(word.lower())
    return same or next(iter(difflib.get_close_matches(word, known.like(word), 1, 0.6)), None)


@dataclass(frozen=True)
class _Names:
    """Names to choose from: as they are, by their lower-case form, and by their first letters."""

    names: dict[str, None]
    lower: dict[str, str]
    begins: dict[str, list[str]]

    def like(self, word: str) -> Iterable[str]:
        """All names, or of many those one letter away, else some that begin alike: comparing with each takes long."""
        if len(self.names) <= MANY:
            return self.names
        splits = [(word[:i], word[i:]) for i in range(len(word) + 1)]
        away = {a + b[1:] for a, b in splits} | {a + b[1:2] + b[:1] + b[2:] for a, b in splits}
        away |= {a + letter + rest for a, b in splits for letter in LETTERS for rest in (b, b[1:])}
        return sorted(away & self.names.keys()) or self.begins.get(word[:3], [])[:MANY]


@lru_cache(maxsize=8)
def _known(names: tuple[str, ...]) -> _Names:
    """Kept, because a file with many mistakes asks for the same names again and again."""
    lower: dict[str, str] = {}
    begins: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        lower.setdefault(name.lower(), name)
        begins.setdefault(name[:3], []).append(name)
    return _Names(dict.fromkeys(names), lower, begins)


def did_you_mean(word: object, names: Iterable[str], otherwise: str = "") -> str:
    """Help text for a misspelt name: the nearest legal one, else `otherwise`."""
    hit = nearest(str(word)[:100], names)
    return f"did you mean `{hit}`?" if hit else otherwise
