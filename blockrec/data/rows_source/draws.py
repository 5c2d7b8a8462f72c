"""Negatives of rows: the items of the training rows, and what the rows of a piece need of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Array
from blockrec.data.encoding.derived import columns_of, is_read
from blockrec.data.encoding.encode import encode
from blockrec.data.encoding.fits import Fits
from blockrec.data.frame import Frame
from blockrec.data.rows_source.divide import PartOf
from blockrec.data.rows_source.pieces import Piece, Pieces
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.values import Values
from blockrec.data.sampling.collector import Collector
from blockrec.data.sampling.numbering import Index, Numbering
from blockrec.data.sampling.plan import DrawPlan, avoids_seen, is_drawn, is_made
from blockrec.data.sampling.pool import Pool
from blockrec.data.splits import TRAIN
from blockrec.diagnostics import Diagnostics


@dataclass(frozen=True)
class Draws:
    """The candidates, and the users that met them."""

    plan: RowsPlan
    pool: Pool
    users: Numbering

    @classmethod
    def of(cls, plan: RowsPlan, draws: DrawPlan, pieces: Pieces, part_of: PartOf, report: Diagnostics) -> Draws:
        """A pass over the columns of items; of several rows of an item, the last one tells its attributes."""
        found, users = Collector(draws.item, avoids_seen(draws)), Numbering()
        for chunk in pieces.chunks([*plan.needs], report):
            trained = pa.array(part_of(chunk) == TRAIN)
            table = chunk.table.filter(trained)
            met = users.add(table.column(plan.user)) if found.pairs else np.full(len(table), -1)
            found.see(table.select(_columns(plan, draws)), np.zeros(len(table)), met)
        return cls(plan, Pool(draws, found, lambda i: f"the last row of item {found.items.values[i]}"), users)

    def piece(self) -> Piece:
        """The candidates as rows to learn from."""
        rows = self.pool.rows()
        table = rows.table(rows.frame.columns)
        values = Values(table, self.pool.place, rows.trained)
        return Piece(np.zeros(len(table), np.int8), dict.fromkeys(self.pool.plan.sequences, values), {})

    def described(self, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Pieces whose samples have the made columns."""
        for piece in pieces:
            rows = piece.rows[None]
            frame = Frame.of(rows.table)
            made = {name: pa.array(values) for name, values in self.pool.made(frame).items()}
            table = pa.table({**{name: rows.table.column(name) for name in rows.table.column_names}, **made})
            yield replace(piece, rows={**piece.rows, None: replace(rows, table=table)})

    def fields(self, sequence: str, fits: Fits, report: Diagnostics) -> dict[str, Array]:
        """Field → [m] encoded, of all candidates."""
        values = self.piece().rows[sequence]
        found = {}
        for feature in self.plan.features.values():
            if (
                feature.sequence == sequence
                and is_read(feature)
                and (column := values.column(feature, report)) is not None
            ):
                found[feature.name] = encode(feature, column, fits.of(feature), values.place, report)
        report.raise_errors()
        return {name: values for name, values in found.items() if values is not None}

    def columns(self, piece: Piece) -> dict[str, Array]:
        """What drawing needs of the rows of a piece."""
        table = piece.rows[None].table
        met = self.users.find(table.column(self.plan.user)) if self.pool.found.pairs else np.zeros(0)
        return self.pool.columns(Frame.of(table), met)

    def hard(self, piece: Piece) -> tuple[Index, Index]:
        """[rows + 1] offsets and [Σ] candidates of the hard negatives of a piece."""
        return self.pool.hard(Frame.of(piece.rows[None].table))


def _columns(plan: RowsPlan, draws: DrawPlan) -> list[str]:
    """Of items: their id and what the fields of negatives read."""
    fields = [f for f in plan.features.values() if is_drawn(f.sequence) and f.sequence in draws.sequences]
    names = [name for f in fields if not is_made(f) for name in columns_of(f, steps=True) if name in plan.needs]
    return [*dict.fromkeys([draws.item, *names])]
