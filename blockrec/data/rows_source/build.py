"""Rows → the folder that a dataset is mapped from: two passes of bounded memory, one if there is nothing to learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from blockrec.data.arrow import Array
from blockrec.data.columns import ColumnWriter, column_writer, mapped
from blockrec.data.encoding.fits import Fits
from blockrec.data.kept import write_values
from blockrec.data.notes import write_notes
from blockrec.data.rows_source.divide import division
from blockrec.data.rows_source.draws import Draws
from blockrec.data.rows_source.learn import Learner
from blockrec.data.rows_source.pace import Pace
from blockrec.data.rows_source.pieces import Piece, Pieces
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.write import Encoder
from blockrec.data.splits import NAMES
from blockrec.diagnostics import Diagnostics, fail

Progress = Callable[[str], None]
Read = Callable[[], Iterator[Piece]]
COPIED = 1 << 20
"""Rows that are copied at once."""


def build(plan: RowsPlan, folder: Path, progress: Progress) -> None:
    """Write everything that a `Dataset` maps into `folder`; raises `BlockrecError` after errors."""
    report = Diagnostics()
    pieces = Pieces(plan)
    part_of = division(plan, pieces, report)
    draws = Draws.of(plan, plan.draws, pieces, part_of, report) if plan.draws is not None else None
    read = lambda: draws.described(pieces.pieces(part_of, report)) if draws else pieces.pieces(part_of, report)  # noqa: E731
    fits = plan.fitted or _learned(plan, read, draws, progress)
    with ExitStack() as stack:
        samples = [stack.enter_context(column_writer(folder / name)) for name in NAMES]
        steps = {name: stack.enter_context(column_writer(folder / f"{name}.steps")) for name in _axes(plan)}
        encoder = Encoder(plan, fits, samples, steps, report, draws)
        counts = _encode(encoder, read, progress)
    if plan.fitted is None and not counts[0]:
        raise fail("E505", "no row is left to train with", plan.at)
    _join(folder, counts)
    write_values(folder, tuple(plan.columns), {name: values.known for name, values in encoder.kept.items()})
    if draws is not None:
        draws.pool.check_hard()
        draws.pool.write(folder)
    write_notes(folder, fits, counts, plan.labels)


def _learned(plan: RowsPlan, read: Read, draws: Draws | None, progress: Progress) -> Fits:
    """What the training part teaches."""
    learner = Learner(plan)
    if learner.is_needed:
        pace = Pace(progress, "learning from")
        for piece in read():
            learner.see(piece)
            pace.add(len(piece.part))
        if draws is not None:
            learner.see(draws.piece())
    return learner.fits()


def _encode(encoder: Encoder, read: Read, progress: Progress) -> list[int]:
    """Rows of each part."""
    counts, pace = np.zeros(len(NAMES), np.int64), Pace(progress, "encoding")
    encoder.begin()
    for piece in read():
        encoder.add(piece)
        counts += np.bincount(piece.part, minlength=len(NAMES))
        pace.add(len(piece.part))
    encoder.check_labels()
    return [int(count) for count in counts]


def _axes(plan: RowsPlan) -> list[str]:
    """Sequences and pooled features that are read."""
    labels = {label.sequence for label in plan.labels}
    return sorted(name for name in {*(f.axis for f in plan.features.values()), *labels} if name is not None)


def _join(folder: Path, counts: list[int]) -> None:
    """Columns of the parts, one after another: those of train with the others behind them."""
    with column_writer(folder / "samples") as writer:
        for name, count in zip(NAMES, counts, strict=True):
            _copy(mapped(folder / name), count, writer)
    for name in NAMES:
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()


def _copy(columns: dict[str, Array], count: int, writer: ColumnWriter) -> None:
    for name, values in columns.items():
        for start in range(0, max(count, 1), COPIED):
            writer.append(name, values[start : start + COPIED])
