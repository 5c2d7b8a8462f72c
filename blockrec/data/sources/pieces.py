"""Files read piece by piece, so that one larger than memory can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from blockrec.data.arrow import Table

ROWS = 1 << 20
"""Rows of a piece, at most."""
BUFFER = 1 << 20
"""Bytes that are read of a column at once."""
VALUES = 1 << 22
"""Values of a piece of a Parquet file, about: those of all lists count."""


def parquet_pieces(path: Path, names: list[str]) -> Iterator[Table]:
    """The columns `names` of a Parquet file; one empty piece if there are no rows."""
    # Buffered ahead, the whole file would stay in memory.
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=BUFFER) as file:
        if not file.metadata.num_rows:
            yield file.schema_arrow.empty_table().select(names)
        for batch in file.iter_batches(_rows(file.metadata, names), columns=names):
            yield pa.Table.from_batches([batch]).select(names)


def _rows(metadata: Any, names: list[str]) -> int:
    """Rows of a piece that has about `VALUES` values: fewer if they hold long lists."""
    chosen = set(names)
    groups = (metadata.row_group(i) for i in range(metadata.num_row_groups))
    columns = (group.column(i) for group in groups for i in range(group.num_columns))
    values = sum(
        c.num_values for c in columns if c.path_in_schema in chosen or c.path_in_schema.split(".")[0] in chosen
    )
    fitting: int = VALUES * metadata.num_rows // max(values, 1)
    return max(1, min(ROWS, fitting))


def arrow_pieces(path: Path, names: list[str]) -> Iterator[Table]:
    """The columns `names` of an Arrow or Feather file; one empty piece if there are no rows."""
    sizes = _batch_sizes(path)
    if sizes is None or not sum(sizes):
        yield feather.read_table(path, columns=names)
        return
    for i, size in enumerate(sizes):
        for start in range(0, size, ROWS):
            # A file mapped anew gives the pages of the piece before back.
            with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
                yield pa.Table.from_batches([reader.get_batch(i).select(names).slice(start, ROWS)])


def _batch_sizes(path: Path) -> list[int] | None:
    """Rows of each record batch; None for a file of another kind than Arrow's own."""
    try:
        with pa.ipc.open_file(pa.memory_map(str(path))) as reader:
            return [reader.get_batch(i).num_rows for i in range(reader.num_record_batches)]
    except pa.ArrowInvalid:
        return None
