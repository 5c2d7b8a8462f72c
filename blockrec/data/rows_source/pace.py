"""What is said while many pieces are worked on: once, then how far it is every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from blockrec.every import Every


@dataclass
class Pace:
    """words: what is done, before the number of rows."""

    say: Callable[[str], None]
    words: str
    rows: int = 0
    every: Every = field(default_factory=Every)

    def __post_init__(self) -> None:
        self.say(f"{self.words} rows")

    def add(self, rows: int) -> None:
        """So many rows more are done."""
        self.rows += rows
        if self.every.due():
            self.say(f"{self.words} rows: {self.rows:,} done")
