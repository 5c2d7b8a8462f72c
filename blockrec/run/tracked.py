"""A pass over a split that says how far it is: a bar on a terminal, else a line every 10 seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn

from blockrec.every import Every
from blockrec.run.batches import Batch, Split, rows_in
from blockrec.run.log import Log
from blockrec.run.progress import duration
from blockrec.words import human


@dataclass(frozen=True)
class Tracked:
    """The samples of `split`; going through them shows progress under a title. bar: no lines if there is a terminal."""

    split: Split
    title: str
    log: Log
    now: Callable[[], float] = perf_counter
    bar: bool = True

    @property
    def rows(self) -> int:
        return self.split.rows

    def batches(self, batch_size: int, **order: Any) -> Iterator[Batch]:
        """As those of the split."""
        console = self.log.console
        bar = Progress(BarColumn(24), TextColumn("{task.description}", markup=False), console=console, transient=True)
        bar.disable = not (self.bar and console.is_terminal)
        task = bar.add_task(self.title, total=self.rows)
        done, every = 0, Every(now=self.now)
        with bar:
            for batch in self.split.batches(batch_size, **order):
                yield batch
                done += rows_in(batch)
                line = self.line(done, every.elapsed)
                if not bar.disable:
                    bar.update(task, completed=done, description=line)
                elif every.due():
                    self.log.say(line)

    def line(self, done: int, seconds: float) -> str:
        """`test 61% 1.2M rows/s eta 4m`, after `done` rows."""
        share = done / self.rows if self.rows else 1.0
        speed = f" {human(done / seconds)} rows/s" if seconds > 0 else ""
        return f"{self.title} {share:.0%}{speed} eta {duration(seconds * (self.rows - done) / done if done else 0.0)}"
