"""Files of a sorted log: a column each, whole numbers as narrow as they can be, text as places in a dictionary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Column, Table, array_of, one_chunk
from blockrec.data.frame import Frame, Repeated, Stored, Values

SCHEMA, USERS = "schema.arrow", "users.arrow"
_NARROW = (pa.int8(), pa.int16(), pa.int32())


def write_log(
    folder: Path, ranges: Iterable[Table], schema: Any, users: Column, starts: NDArray[np.int64], user: str
) -> None:
    """Write sorted events that come in `ranges`, and the first event of each user. A range is in memory at a time."""
    scratch = folder / "ranges"
    scratch.mkdir()
    paths: list[Path] = []
    for table in ranges:
        paths.append(scratch / f"{len(paths)}.arrow")
        arrow.write(paths[-1], table)
    for i, name in enumerate(schema.names):
        if name != user:
            pieces = [one_chunk(arrow.read(path).column(name)) for path in paths]
            arrow.write(folder / f"{i}.arrow", pa.table({name: _packed(pieces, schema.field(name).type)}))
    for path in paths:
        path.unlink()
    scratch.rmdir()
    arrow.write(folder / SCHEMA, schema.empty_table())
    arrow.write(folder / USERS, pa.table({user: users, "first": starts}))


def _packed(pieces: list[Column], kind: Any) -> Column:
    """All pieces as one column of as few bytes as the values allow."""
    if pa.types.is_string(kind):
        encoded = pa.chunked_array([piece.dictionary_encode() for piece in pieces], pa.dictionary(pa.int32(), kind))
        return encoded.unify_dictionaries().combine_chunks()
    if pa.types.is_integer(kind):
        kind = _narrow(pieces, kind)
    return pa.concat_arrays([pa.array([], kind), *(piece.cast(kind) for piece in pieces)])


def _narrow(pieces: list[Column], kind: Any) -> Any:
    bounds = [pc.min_max(piece).as_py() for piece in pieces]
    known = [value for bound in bounds for value in bound.values() if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    fits = (t for t in _NARROW if -(2 ** (t.bit_width - 1)) <= low and high < 2 ** (t.bit_width - 1))
    return next((t for t in fits if t.bit_width < kind.bit_width), kind)


def read_log(folder: Path) -> tuple[Frame, Column, NDArray[np.int64]]:
    """The events, the users, and where the events of each start, with their number at the end."""
    schema, users = arrow.read(folder / SCHEMA).schema, arrow.read(folder / USERS)
    values, first = one_chunk(users.column(0)), array_of(users.column(1))
    columns: dict[str, Values] = {
        name: Stored(folder / f"{i}.arrow", kind)
        for i, (name, kind) in enumerate(zip(schema.names, schema.types, strict=True))
        if name != users.column_names[0]
    }
    rows = len(next(iter(columns.values())).part(0, 2**62)) if columns else 0
    columns[users.column_names[0]] = Repeated(values, first)
    return Frame(rows, columns), values, np.append(first, rows)
