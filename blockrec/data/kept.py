"""Columns that are kept as the data have them: a batch has places among their values, which stand in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column, array_of, one_chunk
from blockrec.data.needs import KEPT


def kept_in(columns: tuple[str, ...]) -> list[str]:
    """Those of a plan's columns whose values are kept."""
    return [name for name in columns if name.startswith(KEPT)]


@dataclass
class Values:
    """The different values of a column that comes piece by piece, in the order in which they were met."""

    known: Column = field(default_factory=lambda: pa.nulls(0))

    def places(self, column: Column) -> Array:
        """[n] int64 places of its values, −1 for null. Raises `ArrowInvalid` if it does not have the type of before."""
        column = one_chunk(column)
        if not len(self.known):
            self.known = self.known.cast(column.type)
        column = column.cast(self.known.type)
        new = pc.unique(column.drop_null())
        new = new.filter(pc.invert(pc.is_in(new, value_set=self.known)))
        self.known = pa.concat_arrays([self.known, new])
        found = pc.index_in(column, value_set=self.known, skip_nulls=True)
        return array_of(pc.fill_null(found, -1)).astype(np.int64)


def write_values(folder: Path, columns: tuple[str, ...], values: Mapping[str, Column]) -> None:
    """The values of each kept column, beside the samples."""
    for number, name in enumerate(kept_in(columns)):
        arrow.write(folder / f"kept_{number}.arrow", pa.table({"value": values[name]}))


def read_values(folder: Path, columns: tuple[str, ...]) -> dict[str, Column]:
    """What `write_values` wrote, mapped."""
    kept = enumerate(kept_in(columns))
    return {name: one_chunk(arrow.read(folder / f"kept_{number}.arrow").column("value")) for number, name in kept}
