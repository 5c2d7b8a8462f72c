"""Files with one JSON object a line, read piece by piece with the types that the whole file has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json as pajson

from blockrec.data.arrow import Table
from blockrec.diagnostics import Diagnostics, Span

BLOCK = 1 << 23
"""Bytes that are parsed at once; a line may be longer."""
_CHANGED = re.compile(r"Column\(/([^/)]+).*\) changed from ")
_ROW = re.compile(r"^JSON parse error: (.*) in row (\d+)", re.DOTALL)


class JsonError(Exception):
    """row: the number of the line that is wrong, from 1 on; 0 if nobody knows."""

    def __init__(self, message: str, row: int) -> None:
        super().__init__(message)
        self.row = row


def json_schema(path: Path) -> Any:
    """Names and types of the keys in the first lines. Raises `pyarrow.ArrowException`, or `JsonError`."""
    first = next(_blocks(path), None)
    if first is None:
        raise pa.ArrowInvalid("Empty JSON file")
    return _schema(first, None)


def json_pieces(path: Path, names: list[str], at: Span, report: Diagnostics) -> Iterator[Table]:
    """The keys `names` of each line, null where a line has none; nothing more after E503.

    The file is parsed twice if it has several blocks: the first lines do not tell the types of the last.
    """
    try:
        whole = _whole_schema(path, names)
        schema = pa.schema([whole.field(name) for name in names])
        for block in _blocks(path):
            yield _parsed(block, schema).select(names)
    except JsonError as error:
        where = f" row {error.row}" if error.row else ""
        report.error("E503", f"`{path}`{where}: {error}", at, help="each line is one JSON object: {…}")
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        report.error("E503", f"lines of `{path}` do not agree on a type: {error}", at)


def _whole_schema(path: Path, names: list[str]) -> Any:
    """The keys `names`, with types that hold the values of all lines."""
    found: dict[Any, None] = {}
    for block in _blocks(path):
        schema = _schema(block, names)
        found[pa.schema([schema.field(name) for name in names if name in schema.names])] = None
    return pa.unify_schemas(list(found), promote_options="permissive")


def _schema(block: _Block, names: list[str] | None) -> Any:
    """Of the keys of a block; if others than `names` change their type from line to line, of `names` alone, or (None)
    without types.
    """
    try:
        return _parsed(block, None).schema
    except JsonError as error:
        changed = _CHANGED.match(str(error))
        if changed is None or changed[1] in (names or ()):
            raise
    rows = [json.loads(line) for line in block.text.splitlines() if line.strip()]
    known = list(dict.fromkeys(name for row in rows for name in row))
    if names is None:
        return pa.schema([(name, pa.null()) for name in known])
    return pa.schema([(n, pa.array([row.get(n) for row in rows]).type) for n in names if n in known])


@dataclass(frozen=True)
class _Block:
    """Whole lines. first: how many stand before them."""

    text: bytes
    first: int


def _blocks(path: Path) -> Iterator[_Block]:
    rest, first = b"", 0
    with pa.input_stream(str(path)) as stream:
        while piece := stream.read(BLOCK):
            lines, mark, rest = (rest + piece).rpartition(b"\n")
            if lines.strip():
                yield _Block(lines + mark, first)
            first += lines.count(b"\n") + len(mark)
    if rest.strip():
        yield _Block(rest, first)


def _parsed(block: _Block, schema: Any) -> Table:
    options = None if schema is None else pajson.ParseOptions(schema, unexpected_field_behavior="ignore")
    size = pajson.ReadOptions(use_threads=False, block_size=len(block.text) + 1)
    try:
        return pajson.read_json(pa.BufferReader(block.text), size, options)
    except pa.ArrowInvalid as error:
        found = _ROW.match(str(error))
        message = found[1] if found else str(error).splitlines()[0].removeprefix("JSON parse error: ")
        raise JsonError(message, block.first + int(found[2]) + 1 if found else 0) from error
