"""Columns of lists: of structures as one column a member, and of texts that hold several values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq

from blockrec.data.arrow import Column, Table, one_chunk
from blockrec.data.encoding.reader import is_list
from blockrec.data.sources.forms import form_of
from blockrec.data.sources.jsonl import json_schema


def members(path: Path) -> Iterator[str]:
    """`behaviors.item` of each column `behaviors` that holds lists of structures with a member `item`."""
    for field in _schema(path):
        if is_list(field.type) and pa.types.is_struct(field.type.value_type):
            yield from (f"{field.name}.{inner.name}" for inner in field.type.value_type)


def _schema(path: Path) -> Any:
    match form_of(path):
        case "parquet":
            return pq.read_schema(path)
        case "arrow":
            return feather.read_table(path, memory_map=True).schema
        case "json":
            return json_schema(path)
    return pa.schema([])


def homes(names: Iterable[str], columns: Iterable[str]) -> dict[str, str]:
    """Each name with the column that it is read from: itself, or that of whose lists it is a member."""
    known = set(columns)
    return {name: name if name in known else name.rpartition(".")[0] for name in names}


def with_members(table: Table, home: Mapping[str, str]) -> Table:
    """The columns that `homes` names; a member of a list of structures is a list of the same lengths."""
    return pa.table(
        {
            name: table.column(name) if of == name else _member(table.column(of), name.rpartition(".")[2])
            for name, of in home.items()
        }
    )


def _member(column: Column, name: str) -> Column:
    lists = one_chunk(column)
    return pa.ListArray.from_arrays(_offsets(lists), pc.struct_field(lists.flatten(), name))


def without_nan(column: Column) -> Column:
    """Numbers with null for NaN: both say that there is none."""
    if not pa.types.is_floating(column.type):
        return column
    wrong = pc.fill_null(pc.is_nan(column), False)
    return pc.if_else(wrong, None, column) if pc.any(wrong).as_py() else column


def split_texts(column: Column, separator: str, kind: str) -> Column:
    """Texts such as `3|1|7` as lists; of whole numbers if all are, of numbers if `kind` says so. Empty is no list."""
    text = one_chunk(column).cast(pa.string())
    lists = pc.split_pattern(pc.if_else(pc.equal(text, ""), None, text), separator)
    return pa.ListArray.from_arrays(_offsets(lists), _typed(lists.flatten(), kind))


def _offsets(lists: Column) -> Column:
    ends = pc.cumulative_sum(pc.fill_null(pc.list_value_length(lists), 0)).cast(pa.int32())
    return pa.concat_arrays([pa.array([0], pa.int32()), ends])


def _typed(values: Column, kind: str) -> Column:
    for target in (pa.int64(), *((pa.float64(),) if kind in ("float", "number") else ())):
        try:
            return pc.if_else(pc.equal(values, ""), None, values).cast(target)
        except pa.ArrowInvalid:
            continue
    return values
