"""An external sort: pieces of a log, each sorted by user, then ranges of users of all pieces together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blockrec.data import arrow
from blockrec.data.arrow import Array, Column, Table, array_of, one_chunk, places
from blockrec.data.encoding.vocabulary import codes_of

RANGE = 1 << 21
"""Events of the users that are sorted together; those of one user are never divided."""
PLACE = "place among all events"
Mask = NDArray[np.bool_]
Codes = NDArray[np.int32]


@dataclass
class Spool:
    """Pieces of a log in files of `folder`. In each, `PLACE` counts the events that came before it in all pieces."""

    folder: Path
    user: str
    rows: int = 0
    paths: list[Path] = field(default_factory=list)
    schemas: list[Any] = field(default_factory=list)
    users: list[Column] = field(default_factory=list)

    def add(self, table: Table) -> None:
        """Further events, none of them without a user."""
        users, codes = codes_of(table.column(self.user))
        table = table.append_column(PLACE, pa.array(np.arange(self.rows, self.rows + len(table))))
        path = self.folder / f"{len(self.paths)}.piece"
        arrow.write(path, table.take(pa.array(np.argsort(codes, kind="stable"))))
        self.paths.append(path)
        self.schemas.append(table.schema)
        self.users.append(users)
        self.rows += len(table)

    def closed(self) -> Pieces:
        """All pieces; raises `pyarrow.ArrowInvalid` or `ArrowTypeError` if their columns do not agree."""
        schema = pa.unify_schemas(self.schemas, promote_options="permissive")
        kind = schema.field(self.user).type
        users = pa.concat_arrays([users.cast(kind) for users in self.users]).unique()
        return Pieces(self.folder, tuple(self.paths), schema, self.user, arrow.ordered(users))


@dataclass(frozen=True)
class Pieces:
    """Files of events, sorted by user within each. users: sorted unique values."""

    folder: Path
    paths: tuple[Path, ...]
    schema: Any
    user: str
    users: Column

    def column(self, name: str) -> Iterator[Column]:
        """A column of each piece."""
        for path in self.paths:
            yield one_chunk(arrow.read(path).column(name)).cast(self.schema.field(name).type)

    def codes(self, name: str, values: Column) -> list[Codes]:
        """For each event of each piece the place of its value among `values`, mapped into memory."""
        paths = [self.folder / f"{name == self.user}-{i}.npy" for i in range(len(self.paths))]
        for path, column in zip(paths, self.column(name), strict=True):
            np.save(path, places(column, values))
        return [np.asarray(np.load(path, mmap_mode="r")) for path in paths]

    def part(self, i: int, start: int, stop: int) -> Table:
        """Events of piece i."""
        return arrow.read(self.paths[i]).slice(start, stop - start).cast(self.schema, safe=False)


@dataclass(frozen=True)
class Merge:
    """Sorts pieces by user, time and place. owners: the user's place of each event, by piece. alive: which events stay.

    rank: what replaces the place of events of one user and moment in their order.
    """

    pieces: Pieces
    time: str
    owners: Sequence[Codes]
    alive: Sequence[Mask] | None
    rank: Array | None

    @property
    def counts(self) -> NDArray[np.int64]:
        """[users] events that stay."""
        counts = np.zeros(len(self.pieces.users), np.int64)
        for i, owner in enumerate(self.owners):
            counts += np.bincount(owner if self.alive is None else owner[self.alive[i]], minlength=len(counts))
        return counts

    def ranges(self, counts: NDArray[np.int64]) -> Iterator[Table]:
        """The sorted events, users after users."""
        number = (np.cumsum(counts) - counts) // RANGE
        firsts = np.flatnonzero(np.diff(number, prepend=-1))
        bounds = [np.searchsorted(owner, [*firsts, len(counts)]) for owner in self.owners]
        for k in range(len(firsts)):
            yield self._sorted([(i, int(b[k]), int(b[k + 1])) for i, b in enumerate(bounds)])

    def _sorted(self, parts: list[tuple[int, int, int]]) -> Table:
        tables, owners = zip(*(self._part(*part) for part in parts), strict=True)
        table = pa.concat_tables(tables)
        place = array_of(table.column(PLACE))
        keys = (place if self.rank is None else self.rank[place], times_of(table.column(self.time)))
        order = np.lexsort((*keys, np.concatenate(owners)))
        return table.drop_columns([PLACE]).take(pa.array(order))

    def _part(self, i: int, start: int, stop: int) -> tuple[Table, Codes]:
        table, owner = self.pieces.part(i, start, stop), self.owners[i][start:stop]
        if self.alive is None:
            return table, owner
        alive = self.alive[i][start:stop]
        return table.filter(pa.array(alive)), owner[alive]


def times_of(column: Column) -> Array:
    """[n] whole numbers or floats; a timestamp in microseconds."""
    single = one_chunk(column)
    if pa.types.is_timestamp(single.type) or pa.types.is_null(single.type):
        single = single.cast(pa.int64())
    return array_of(single)
