"""Where the values of features stand: rows of samples, or of the events that are steps of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Column, Table
from blockrec.data.derived import Place, column_of, is_age
from blockrec.data.encode import reader_of
from blockrec.data.events import Log
from blockrec.data.histories import Mask
from blockrec.data.samples import Samples
from blockrec.data.sources.joined import ROW
from blockrec.data.splits import TRAIN, Part
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Feature


@dataclass(frozen=True)
class Rows:
    """table: the columns. place: row → its place in the user's files. trained: which rows belong to the training."""

    table: Table
    place: Place
    trained: Mask

    def column(self, feature: Feature, report: Diagnostics) -> Column | None:
        """[n] the values of a feature, nulls replaced by its default (ages: see `column_of`); None after E503."""
        column = column_of(feature, self.table, report)
        default: Any = getattr(feature.source, "default", None)
        if column is None or default is None or feature.pool or is_age(feature):
            return column
        return reader_of(feature, self.place, report).filled(column, default)

    def in_training(self, column: Column) -> Column:
        """The part of a column that the training may see."""
        return column.filter(pa.array(self.trained))


def of_samples(samples: Samples, part: Part) -> Rows:
    """The samples; those of the training part are trained."""
    return Rows(samples.table, _places(samples.table, samples.origin), part == TRAIN)


def of_steps(log: Log, kept: Mask | None, trained: Mask) -> Rows:
    """The events that enter the histories of a sequence. trained: [events of the log]."""
    table = log.table if kept is None else log.table.filter(pa.array(kept))
    return Rows(table, _places(table, log.origin), np.asarray(trained if kept is None else trained[kept]))


def _places(table: Table, origin: Any) -> Place:
    rows = table.column(ROW)
    return lambda i: str(origin.place(rows[i].as_py()))
