"""Where the values of features stand: rows of samples, or of the events that are steps of a sequence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from blockrec.data.arrow import Column, Table
from blockrec.data.encoding.derived import Place, column_of, columns_of, is_age
from blockrec.data.encoding.encode import reader_of
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.histories import Mask
from blockrec.data.events_source.samples import Samples
from blockrec.data.frame import Frame, index_type
from blockrec.data.sources.joined import ROW
from blockrec.data.sources.tables import Origin
from blockrec.data.splits import TRAIN, Part
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Feature


@dataclass(frozen=True)
class Rows:
    """frame: the columns. place: row → its place in the user's files. trained: which rows belong to the training."""

    frame: Frame
    place: Place
    trained: Mask

    def __len__(self) -> int:
        return self.frame.rows

    def table(self, names: Iterable[str], start: int = 0, stop: int | None = None) -> Table:
        """Some columns of the rows `start:stop`, or of all."""
        return self.frame.table(names, start, len(self) if stop is None else stop)

    def column(self, feature: Feature, report: Diagnostics, start: int = 0, stop: int | None = None) -> Column | None:
        """The values of a feature in the rows `start:stop`, or in all, nulls replaced by its default.

        Ages: see `column_of`. None after E503.
        """
        names = columns_of(feature, steps=feature.sequence is not None)
        column = column_of(feature, self.table(names, start, stop), report)
        default: Any = getattr(feature.source, "default", None)
        if column is None or default is None or feature.pool or is_age(feature):
            return column
        return reader_of(feature, self.place, report).filled(column, default)

    def in_training(self, column: Column, start: int = 0) -> Column:
        """The part of a column of the rows from `start` on that the training may see."""
        return column.filter(pa.array(self.trained[start : start + len(column)]))


def of_samples(samples: Samples, part: Part) -> Rows:
    """The samples; those of the training part are trained."""
    return Rows(samples.frame, _places(samples.frame, samples.base.origin), part == TRAIN)


def of_steps(log: Log, kept: Mask | None, trained: Mask) -> Rows:
    """The events that enter the histories of a sequence. trained: [events of the log]."""
    if kept is None:
        return Rows(log.frame, _places(log.frame, log.origin), trained)
    frame = log.frame.chosen(np.flatnonzero(kept).astype(index_type(len(log))))
    return Rows(frame, _places(frame, log.origin), trained[kept])


def _places(frame: Frame, origin: Origin) -> Place:
    rows = frame.columns[ROW]
    return lambda i: str(origin.place(rows.part(i, i + 1)[0].as_py()))
