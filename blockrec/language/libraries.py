"""`imports:` of YAML files: libraries of composites, which lie below the model's own `blocks`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.files import folder_of, locate, read_file
from blockrec.language.schema.document import library_schema
from blockrec.language.source import read_map
from blockrec.language.trust import Fence
from blockrec.language.validate import validate
from blockrec.language.values import List, Map
from blockrec.language.version import newer_version

ENDINGS = (".yaml", ".yml")
MAX_DEPTH = 20
"""Libraries that import libraries."""
MAX_FILES = 1000


@dataclass(frozen=True)
class Libraries:
    """blocks: all their composites. python: what they and the model import of Python. files: names of their files."""

    blocks: Map
    python: List
    files: frozenset[str]


def read_libraries(imports: List, fence: Fence, report: Diagnostics) -> Libraries:
    """Every library that `imports` names, and those that these import. What cannot be had is reported and left out."""
    reader = _Reader(fence, report)
    reader.follow(imports, ())
    return Libraries(Map(imports.span, reader.composites), List(imports.span, reader.python), frozenset(reader.files))


def is_library(name: Any) -> bool:
    """Whether an import is a library, not Python."""
    return isinstance(name, str) and name.endswith(ENDINGS)


@dataclass
class _Reader:
    fence: Fence
    report: Diagnostics
    composites: dict[str, tuple[Span, Any, Span]] = field(default_factory=dict)
    python: list[tuple[Any, Span]] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    seen: set[Path] = field(default_factory=set)

    def follow(self, imports: Any, inside: tuple[Path, ...]) -> None:
        """Read what one file imports; `inside`: the libraries that lead to it."""
        if not isinstance(imports, List):
            return
        for name, at in zip(imports, imports.at, strict=True):
            if is_library(name):
                self._library(name, at, inside)
            elif not inside or isinstance(name, str):
                self.python.append((name, at))

    def _library(self, name: str, at: Span, inside: tuple[Path, ...]) -> None:
        path = self._path(name, at)
        if path is None:
            return
        place = path.resolve()
        if place in inside:
            self.report.error("E210", f"`{name}` imports itself", at, help="put what both need into a third library")
        elif place in self.seen:
            return
        elif len(inside) == MAX_DEPTH or len(self.seen) == MAX_FILES:
            message = f"more than {MAX_DEPTH} libraries inside each other, or {MAX_FILES} in all"
            self.report.error("E210", message, at)
        else:
            self.seen.add(place)
            self._read(path, at, (*inside, place))

    def _path(self, name: str, at: Span) -> Path | None:
        if self.fence.refuses(name, at, self.report):
            return None
        path = locate(name, {}, folder_of(at))
        if path is None:
            self.report.error(
                "E210", f"there is no library `{name[:200]}`", at, help="relative to the file that says so"
            )
        return path

    def _read(self, path: Path, at: Span, inside: tuple[Path, ...]) -> None:
        found = Diagnostics()
        source = read_file(path, found, at)
        content = read_map(source, found) if source else None
        if content is not None and not newer_version(content, found):
            validate(content.without("blocks"), library_schema(), found)
        _tell(found, at, self.report)
        if content is None or source is None:
            return
        self.files.add(source.name)
        self.follow(content.get("imports"), inside)
        self._add(content.section("blocks"), at)

    def _add(self, blocks: Map, at: Span) -> None:
        for name, entry in blocks.entries().items():
            if name in self.composites:
                notes = [(self.composites[name][0], "the other one"), (at, "imported here")]
                message = f"composite `{name}` is in two libraries"
                self.report.error("E210", message, entry[0], notes=notes, help="rename one, or import only one")
            else:
                self.composites[name] = entry


def _tell(found: Diagnostics, at: Span, report: Diagnostics) -> None:
    """Repeat what was found in a library, with the place that imports it."""
    for d in found:
        notes = d.notes if d.at is None or d.at.source.name == at.source.name else (*d.notes, (at, "imported here"))
        report.error(d.code, d.message, d.at or at, label=d.label, help=d.help, notes=notes)
