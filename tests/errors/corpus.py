"""Files with a mistake each, in `tests/bad`; comments at their top say what is to be found and where.

`# check: --set a.b=1 --variant v --data card --no-imports` are options of the check. `# expect: E203 14:38` is one
diagnostic: its code, then line and column, or `NAME:LINE:COLUMN` in another source, or `-` if it has no place.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostic
from blockrec.graph.compile import check

FOLDER = Path(__file__).parents[1] / "bad"
OPTION = re.compile("# check: (.+)")
EXPECTED = re.compile("# expect: (.+)")


@dataclass(frozen=True)
class Case:
    """One file, how it is checked and what has to be found."""

    path: Path
    options: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def codes(self) -> set[str]:
        return {line.split(" ")[0] for line in self.expected}


def cases() -> list[Case]:
    return [read(path) for path in sorted(FOLDER.glob("*.yaml"))]


def read(path: Path) -> Case:
    text = path.read_text("latin-1")
    options = OPTION.search(text)
    return Case(path, tuple(shlex.split(options[1])) if options else (), tuple(EXPECTED.findall(text)))


def find(path: str | Path, options: Sequence[str]) -> list[Diagnostic]:
    """What `check` finds in a file, with options as the command line has them."""
    words = iter(options)
    given: dict[str, Any] = {"sets": [], "variants": []}
    for word in words:
        match word:
            case "--set" | "--variant":
                given[f"{word[2:]}s"].append(next(words))
            case "--data":
                given["data"] = next(words)
            case "--no-imports":
                given["trusted"] = False
    return list(check(path, **given)[2])


def line_of(found: Diagnostic, path: str | Path) -> str:
    """As `# expect:` has it."""
    place = str(found.at) if found.at else "-"
    return f"{found.code} {place.removeprefix(f'{path}:')}"
