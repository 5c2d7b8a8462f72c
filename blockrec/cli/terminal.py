"""Where text goes: results to stdout, progress and diagnostics to stderr, colour where it is wanted."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console


class Color(str, Enum):
    """When to colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass
class Terminal:
    """What the global options say; filled when they are parsed."""

    color: Color = Color.AUTO
    quiet: bool = False
    verbose: bool = False

    def paints(self, stream: TextIO) -> bool:
        """Whether text on `stream` is coloured."""
        if self.color is not Color.AUTO:
            return self.color is Color.ALWAYS
        return not os.environ.get("NO_COLOR") and stream.isatty()

    def result(self, text: str) -> None:
        """What the command was asked for."""
        print(text)  # noqa: T201 - the one place where results are printed

    def note(self, text: str) -> None:
        """What accompanies a result; silent with `--quiet`."""
        if not self.quiet:
            self.complain(text)

    def complain(self, text: str) -> None:
        """What is wrong."""
        print(text, file=sys.stderr)  # noqa: T201 - the one place where mistakes are printed

    def console(self) -> Console:
        """A console on stderr for progress; silent with `--quiet`."""
        from rich.console import Console

        return Console(
            stderr=True,
            quiet=self.quiet,
            no_color=not self.paints(sys.stderr),
            force_terminal=True if self.color is Color.ALWAYS else None,
            highlight=False,
        )


_FLAGS = {"-q", "--quiet", "-v", "--verbose"}


def resume_last(words: list[str]) -> list[str]:
    """`--resume` without a run means the last one.

    >>> resume_last(["run", "--resume", "--steps", "9"]), resume_last(["run", "--resume", "runs/din/latest"])
    (['run', '--resume=last', '--steps', '9'], ['run', '--resume', 'runs/din/latest'])
    """
    following = [*words, "--"][1:]
    return [
        "--resume=last" if word == "--resume" and after.startswith("-") else word
        for word, after in zip(words, following, strict=True)
    ]


def globals_first(words: list[str]) -> list[str]:
    """Move the global options to the front, where the parser wants them, so that users may write them anywhere.

    >>> globals_first(["check", "a.yaml", "-q", "--color", "never"])
    ['-q', '--color', 'never', 'check', 'a.yaml']
    """
    front: list[str] = []
    rest: list[str] = []
    queue = iter(words)
    for word in queue:
        if word == "--":
            rest += [word, *queue]
        elif word in _FLAGS or word.startswith("--color="):
            front.append(word)
        elif word == "--color":
            front += [word, *([value] if (value := next(queue, None)) is not None else [])]
        else:
            rest.append(word)
    return front + rest
