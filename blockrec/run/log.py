"""What a run tells on stderr; the same lines end up in the run directory's log.txt."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rich.console import Console

from blockrec.diagnostics import BlockrecError
from blockrec.run.files import writing


class Log:
    """Lines to a console and, once there is a run directory, to its log; earlier lines follow then."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False)
        self._file: Path | None = None
        self._early: list[str] = []

    def say(self, line: str) -> None:
        """Show a line and keep it."""
        self.console.print(line, markup=False, soft_wrap=True)
        self.keep(line)

    def keep(self, line: str) -> None:
        """Only into the log."""
        if self._file is None:
            self._early.append(line)
            return
        with writing(self._file, self._file.parent), self._file.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def keep_if_possible(self, line: str) -> None:
        """The last words of a run that fails, perhaps because nothing can be written."""
        with suppress(BlockrecError):
            self.keep(line)

    def write_to(self, file: Path) -> None:
        """From now on into this file, beginning with what was said before."""
        self._file = file
        early, self._early = self._early, []
        for line in early:
            self.keep(line)
