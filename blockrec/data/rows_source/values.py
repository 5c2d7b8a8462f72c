"""The columns of neighbouring rows, or of the steps in their lists, as features read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data.arrow import Array, Column, Table
from blockrec.data.encoding.derived import Place, column_of, is_age, moments
from blockrec.data.encoding.encode import reader_of
from blockrec.data.rows_source.nested import without_nan
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Calendar, Feature
from blockrec.language.features import Column as FromColumn


@dataclass(frozen=True)
class Values:
    """table: the columns. place: row → its place in the user's files. trained: which rows belong to the training."""

    table: Table
    place: Place
    trained: NDArray[Any]

    def column(self, feature: Feature, report: Diagnostics) -> Column | None:
        """[n] the values of a feature, nulls replaced by its default (ages: see `column_of`); None after E503."""
        column = column_of(feature, self.table, report)
        if column is not None and isinstance(feature.source, FromColumn):
            column = without_nan(column)
        default: Any = getattr(feature.source, "default", None)
        if column is None or default is None or feature.pool or is_age(feature):
            return column
        return reader_of(feature, self.place, report).filled(column, default)

    def in_training(self, column: Column) -> Column:
        """The part of a column that the training may see."""
        return column.filter(pa.array(self.trained))

    def moments(self, feature: Feature, report: Diagnostics) -> Array | None:
        """[n] the moments of samples that ages of `feature` count to; None after E503."""
        source = feature.source
        assert isinstance(source, Calendar) and source.column is not None
        return moments(feature, source, self.table.column(source.column), source.column, report)
