"""YAML text → values with positions. Of YAML it takes the part that tools and positions survive.

Built from parser events, not from composed nodes: anchors, tags and depth are only visible there, and hostile nesting
is refused before anything recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from blockrec.diagnostics import Diagnostics, Source, Span
from blockrec.language import scalars
from blockrec.language.syntax import report_syntax_error, report_unprintable
from blockrec.language.values import MERGE_KEY, UNKNOWN, List, Map

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_BYTES = 1_000_000
MAX_DEPTH = 64
QUOTE_HINT = "inside { } or [ ] a comma ends a value: quote the expression"


class _Stop(Exception):
    """Reported already; nothing more can be read."""


def read_value(source: Source, report: Diagnostics, *, start: int = 0) -> tuple[Any, Span] | None:
    """The value written in `source` from character `start` of its first line on, and its place.

    None if the text cannot be read; smaller mistakes are reported and leave `UNKNOWN` in their place.
    """
    text = source.text[start:]
    if len(text.encode(errors="replace")) > MAX_BYTES:
        report.error("E008", f"`{source.name}` is larger than {MAX_BYTES // 1_000_000} MB", Span(source, 0, 0, 1))
        return None
    if report_unprintable(source, report):
        return None
    reader = _Reader(source, start, report)
    try:
        return reader.document(iter(yaml.parse(text, Loader=LOADER)))
    except _Stop:
        return None
    except yaml.MarkedYAMLError as error:
        if not reader.unclosed:
            report_syntax_error(error, source, start, report)
        return None


def read_map(source: Source, report: Diagnostics) -> Map | None:
    """The mapping that a file consists of (E007 if it is something else)."""
    read = read_value(source, report)
    if read is None:
        return None
    value, at = read
    if isinstance(value, Map):
        return value
    what = "empty" if value is None else "a list" if isinstance(value, List) else "one value"
    report.error("E007", f"`{source.name}` is {what}, not a mapping", at, help="a file is lines of `key: value`")
    return None


class _Reader:
    """Values from the events of one document.

    unclosed: open parentheses of an expression that a comma has cut; what follows is its rest, not YAML.
    anchors: that were refused, so that their aliases need not be. keyless: whether the mapping being read has a key
    that is none.
    """

    def __init__(self, source: Source, start: int, report: Diagnostics) -> None:
        self.source, self.start, self.report = source, start, report
        self.unclosed = 0
        self.anchors: set[str] = set()
        self.keyless = False

    def document(self, events: Iterator[Any]) -> tuple[Any, Span]:
        self.events = events
        next(events)
        if isinstance(next(events), yaml.StreamEndEvent):
            return None, Span(self.source, 0, 0, 1)
        value, at = self._value(next(events), 0, flow=False)
        next(events)
        further = next(events)
        if not isinstance(further, yaml.StreamEndEvent):
            help = "keep one model a file; `---` begins a second document"
            self.report.error("E005", "several documents in one file", self._span(further), help=help)
        return value, at

    def _value(self, event: Any, depth: int, *, flow: bool) -> tuple[Any, Span]:
        if isinstance(event, yaml.AliasEvent):
            at = self._span(event)
            if event.anchor not in self.anchors:
                self._refuse_anchor(f"alias `*{event.anchor}`", at)
            return UNKNOWN, at
        self._refuse_decoration(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, flow=flow)
        if depth == MAX_DEPTH:
            help = "`params` and the composites in `blocks` keep a file flat"
            self.report.error("E008", f"nested deeper than {MAX_DEPTH} levels", self._span(event), help=help)
            raise _Stop
        read = self._list if isinstance(event, yaml.SequenceStartEvent) else self._map
        value: Map | List = read(event, depth + 1)
        self.unclosed, broken, self.keyless = 0, self.keyless, False
        return UNKNOWN if depth and (event.tag or broken) else value, value.span

    def _list(self, start: Any, depth: int) -> List:
        items = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            rest = self._is_rest(event)
            item = self._value(event, depth, flow=start.flow_style)
            if not rest:
                items.append(item)
        return List(self._span(start, event), items)

    def _map(self, start: Any, depth: int) -> Map:
        entries: dict[str, tuple[Span, Any, Span]] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            rest = self._is_rest(event)
            key, key_at = self._key(event, depth)
            follower = next(self.events)
            rest = self._is_rest(follower) or rest
            value, at = self._value(follower, depth, flow=start.flow_style)
            empty = isinstance(follower, yaml.ScalarEvent) and not follower.value and not follower.style
            value = UNKNOWN if key == MERGE_KEY and key_at.text == MERGE_KEY else value
            if key is not None and not rest and not self._is_duplicate(key, key_at, entries):
                entries[key] = (key_at, value, key_at if empty else at)
        return Map(self._span(start, event), entries)

    def _key(self, event: Any, depth: int) -> tuple[str | None, Span]:
        if isinstance(event, yaml.ScalarEvent):
            at = self._span(event)
            self._refuse_decoration(event)
            if event.value != "<<" or event.style:
                return event.value, at
            self._refuse_anchor("merge key `<<`", at)
            return MERGE_KEY, at
        value, at = self._value(event, depth, flow=False)
        if value is not UNKNOWN:
            doubled = re.fullmatch(r"\{ *(\w+) *\}", at.text)
            help = f"write ${doubled[1]} for the value of a parameter" if doubled else ""
            self.report.error("E101", "a key must be a word, not a list or a mapping", at, help=help)
            self.keyless = True
        return None, at

    def _is_duplicate(self, key: str, at: Span, entries: dict[str, tuple[Span, Any, Span]]) -> bool:
        if key not in entries:
            return False
        label = "in plain YAML this one would win silently"
        notes = [(entries[key][0], "first defined here")]
        self.report.error("E002", f"duplicate key `{key}`", at, label=label, notes=notes)
        return True

    def _scalar(self, event: Any, *, flow: bool) -> tuple[Any, Span]:
        at, text = self._span(event), event.value
        if event.tag:
            return UNKNOWN, at
        if event.style:
            return text, at
        if flow and text.startswith("(") and not self.unclosed and (unclosed := open_parentheses(text)) > 0:
            self._report_tuple(at)
            self.unclosed = unclosed
            return UNKNOWN, at
        if flow and text.startswith("$(") and not self.unclosed and (unclosed := open_parentheses(text)) > 0:
            self._report_cut_expression(at)
            self.unclosed = unclosed
            return UNKNOWN, at
        if doubt := scalars.suspicion(text):
            code, message, label, help = doubt
            self.report.warn(code, message, at, label=label, help=help)
        return scalars.resolve(text), at

    def _report_tuple(self, at: Span) -> None:
        line = self.source.lines[at.line]
        whole = line[at.column : _closing(line, at.column)]
        help = f"write [{whole[1:].removesuffix(')')}]"
        self.report.error("E001", "a list is written with square brackets", at.inside(0, len(whole)), help=help)

    def _report_cut_expression(self, at: Span) -> None:
        line = self.source.lines[at.line]
        whole = line[at.column : _closing(line, at.column + 1)]
        quote = "'" if '"' in whole else '"'
        help = f"{QUOTE_HINT}: {quote}{whole}{quote}"
        self.report.error(
            "E403", "the expression is cut", at, label="no closing `)` before the comma or bracket", help=help
        )

    def _is_rest(self, event: Any) -> bool:
        """Whether this event still belongs to an expression that a comma has cut."""
        if not self.unclosed:
            return False
        if isinstance(event, yaml.ScalarEvent):
            self.unclosed = max(0, self.unclosed + open_parentheses(event.value))
        return True

    def _refuse_decoration(self, event: Any) -> None:
        at = self._span(event)
        if event.anchor:
            self.anchors.add(event.anchor)
            self._refuse_anchor(f"anchor `&{event.anchor}`", at.inside(0, len(event.anchor) + 1))
        if event.tag:
            word = at.text.split(" ")[0] or "!"
            self.report.error("E004", f"tag `{word}` is not supported", at.inside(0, len(word)), help="delete it")

    def _refuse_anchor(self, what: str, at: Span) -> None:
        help = "use `params` for a value and a composite in `blocks` for a part of the graph"
        self.report.error("E003", f"YAML's {what} is not supported", at, help=help)

    def _span(self, event: Any, end: Any = None) -> Span:
        first, last = event.start_mark, (end or event).end_mark
        column = first.column + (self.start if first.line == 0 else 0)
        if first.line == last.line:
            length = last.column - first.column
        else:
            line = self.source.lines[first.line] if first.line < len(self.source.lines) else ""
            length = len(line.rstrip()) - column
        return Span(self.source, first.line, column, max(1, length))


def open_parentheses(text: str) -> int:
    """How many `(` are not closed (negative: `)` too many); those in quotes do not count."""
    return next(reversed([0, *_depths(text)]))


def _closing(line: str, start: int) -> int:
    """The column after the `)` that closes the `(` at `start`, or the end of the line."""
    return next((start + i + 1 for i, depth in enumerate(_depths(line[start:])) if depth == 0), len(line))


def _depths(text: str) -> Iterator[int]:
    """Open parentheses after each character."""
    depth, quote = 0, ""
    for c in text:
        if quote:
            quote = "" if c == quote else quote
        elif c in "\"'":
            quote = c
        else:
            depth += (c == "(") - (c == ")")
        yield depth
