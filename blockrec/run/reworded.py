"""What is wrong, said again in the words of the command that met it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blockrec.diagnostics import BlockrecError, Diagnostic, Diagnostics


@contextmanager
def reworded(again: Callable[[Diagnostic], Diagnostic]) -> Iterator[None]:
    """A `BlockrecError` of the body is raised with `again` of each of its errors."""
    try:
        yield
    except BlockrecError as error:
        report = Diagnostics()
        for d in map(again, error.diagnostics.errors):
            report.error(d.code, d.message, d.at, label=d.label, help=d.help, notes=d.notes)
        raise BlockrecError(report) from error
