"""Arrow files that are mapped into memory, and their columns as numpy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Array = NDArray[Any]
Table = Any
"""pyarrow carries no types: this names a `pyarrow.Table`, `Column` a `pyarrow.ChunkedArray` or `pyarrow.Array`."""
Column = Any
UNFIT = (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError)
"""What pyarrow raises where values or types do not fit: a cast that fails, or that does not exist."""


def write(path: Path, table: Table) -> None:
    """Write one record batch, so that every column is one contiguous array when mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())


def read(path: Path) -> Table:
    """The table in `path`, mapped: nothing is read before it is used."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def table_of(columns: dict[str, Array]) -> Table:
    """[n] and [n, width] arrays as a table."""
    return pa.table({name: _column(values) for name, values in columns.items()})


def arrays_of(table: Table) -> dict[str, Array]:
    """The columns of a table written from arrays, without a copy: [n] or [n, width]."""
    return {name: array_of(table.column(name)) for name in table.column_names}


def array_of(column: Column) -> Array:
    """A column without nulls as an array; no copy if it is one chunk of numbers."""
    single = one_chunk(column)
    if pa.types.is_fixed_size_list(single.type):
        return array_of(single.flatten()).reshape(-1, single.type.list_size)
    if pa.types.is_boolean(single.type):
        return np.asarray(single.to_numpy(zero_copy_only=False))
    return np.asarray(single.to_numpy())


def one_chunk(column: Column) -> Column:
    """A chunked column as one array, strings decoded from their dictionary."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [_empty(column)])
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def ordered(values: Column) -> Column:
    """The values, sorted."""
    return values.take(pc.sort_indices(values))


def places(column: Column, values: Column) -> NDArray[np.int32]:
    """[n] the place of each value of a column among unique `values`; −1 for null and for what is not there."""
    return array_of(pc.fill_null(pc.index_in(one_chunk(column), values), -1))


def _empty(column: Column) -> Column:
    return pa.array([], column.type)


def _column(values: Array) -> Column:
    if values.ndim == 1:
        return pa.array(values)
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
