"""Files read piece by piece, so that one larger than memory can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from blockrec.data.arrow import Table

ROWS = 1 << 20
"""Rows of a piece, at most."""


def parquet_pieces(path: Path, names: list[str]) -> Iterator[Table]:
    """The columns `names` of a Parquet file; one empty piece if there are no rows."""
    with pq.ParquetFile(path) as file:
        if not file.metadata.num_rows:
            yield file.schema_arrow.empty_table().select(names)
        for batch in file.iter_batches(ROWS, columns=names):
            yield pa.Table.from_batches([batch]).select(names)


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
