"""The log: however it is cut into pieces, it is the file sorted by user, time and place in the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from blockrec.data import frame
from blockrec.data.events_source import spool
from blockrec.data.events_source.core import Least, core
from blockrec.data.events_source.events import Log, LogPlan
from blockrec.data.sources import pieces
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.joined import ROW, JoinedFiles
from blockrec.data.sources.tables import Files, Need
from blockrec.diagnostics import Diagnostics, Source, Span

AT = Span(Source("model.yaml", "data"), 0, 0, 4)
COLUMNS = ("user", "time", "item", "tags", "price")
Event = tuple[str, int, int | None, list[str], float]

few = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
events = st.tuples(
    st.sampled_from(["b", "a", "é", "cc"]),
    st.integers(0, 5),
    st.one_of(st.none(), st.integers(-200, 200)),
    st.lists(st.sampled_from("xy"), max_size=2),
    st.floats(0, 1),
)
logs = st.lists(events, max_size=40)


def plan(paths: list[Path], ties: Any = "file", least: Least | None = None) -> LogPlan:
    files = Files(tuple(paths), CsvForm(",", (), "utf-8"), AT)
    at = dict.fromkeys(COLUMNS, AT)
    needs = {name: Need("any") for name in COLUMNS}
    return LogPlan(JoinedFiles(files, COLUMNS, "item"), "user", "time", ties, needs, None, at, least)


def written(folder: Path, log: list[Event]) -> list[Path]:
    """Two files with different types of the item."""
    schema = pa.schema([("user", "string"), ("time", "int64"), ("item", "int64"), ("tags", pa.list_(pa.string()))])
    paths = []
    for i, part in enumerate((log[: len(log) // 3], log[len(log) // 3 :])):
        kinds = schema.append(pa.field("price", pa.float64()))
        if not i:
            kinds = kinds.set(2, pa.field("item", pa.int32()))
        table = pa.table([list(column) for column in zip(*part, strict=True)] or [[]] * 5, schema=kinds)
        paths.append(folder / f"{i}.parquet")
        pq.write_table(table, paths[-1])
    return paths


def built(folder: Path, name: str, made: LogPlan) -> Log:
    report = Diagnostics()
    target = folder / name
    target.mkdir()
    made.build(target, report, lambda _: None)
    assert not any(path.is_dir() for path in target.iterdir())
    return Log.open(target, "time")


def table_of(log: Log) -> pa.Table:
    """All columns of all events."""
    return log.frame.table(log.frame.columns, 0, len(log))


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces, ranges and looks of a few events."""
    for module, name, rows in ((pieces, "ROWS", 7), (spool, "RANGE", 6), (frame, "ROWS", 5)):
        monkeypatch.setattr(module, name, rows)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[], Path]:
    count = iter(range(10_000))

    def make() -> Path:
        path = tmp_path / str(next(count))
        path.mkdir()
        return path

    return make


@pytest.mark.usefixtures("tiny")
@few
@given(log=logs)
@example(log=[])
def test_it_is_sorted_by_user_time_and_place(folder: Callable[[], Path], log: list[Event]) -> None:
    here = folder()
    found = built(here, "log", plan(written(here, log)))
    order = sorted(range(len(log)), key=lambda i: (log[i][0].encode(), log[i][1]))
    assert [tuple(row.values()) for row in table_of(found).select(COLUMNS).to_pylist()] == [log[i] for i in order]
    assert table_of(found).column(ROW).to_pylist() == order
    assert table_of(found).schema.field("item").type == pa.int64()
    users = [log[i][0] for i in order]
    assert found.users.to_pylist() == list(dict.fromkeys(users))
    assert [found.users[i].as_py() for i in found.owner] == users
    assert found.earlier.tolist() == [
        min(j for j in range(len(order)) if log[order[j]][:2] == log[i][:2]) for i in order
    ]


@pytest.mark.usefixtures("tiny")
@few
@given(log=logs, queries=st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 6)), max_size=20))
def test_histories_end_before_the_first_event_that_is_not_earlier(
    folder: Callable[[], Path], log: list[Event], queries: list[tuple[int, int]]
) -> None:
    here = folder()
    found = built(here, "log", plan(written(here, log)))
    known = [(u, t) for u, t in queries if u < len(found.users)]
    users, times = (np.array([q[i] for q in known], np.int64) for i in (0, 1))
    expected = [
        0 if u < 0 else found.starts[u] + sum(int(t) < when for t in found.time[found.starts[u] : found.starts[u + 1]])
        for u, when in known
    ]
    assert found.before(users, times).tolist() == expected


@few
@given(log=logs)
def test_shuffled_ties_do_not_depend_on_the_pieces(folder: Callable[[], Path], log: list[Event]) -> None:
    here = folder()
    made = plan(written(here, log), "shuffled")
    whole = built(here, "whole", made)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "ROWS", 7)
        patch.setattr(spool, "RANGE", 6)
        assert table_of(built(here, "parts", made)).equals(table_of(whole))


@pytest.mark.parametrize(
    ("values", "kind"), [([0, 127], "int8"), ([-129, None], "int16"), ([2**31 - 1, 0], "int32"), ([2**31, 0], "int64")]
)
def test_whole_numbers_lie_in_the_narrowest_type(
    folder: Callable[[], Path], values: list[int | None], kind: str
) -> None:
    log: list[Event] = [("a", i, value, [], 0.0) for i, value in enumerate(values)]
    here = folder()
    found = built(here, "log", plan(written(here, log)))
    column = found.frame.columns["item"]
    assert isinstance(column, frame.Stored) and str(column.raw.type) == kind
    assert table_of(found).column("item").to_pylist() == values and found.time.dtype == np.int8


pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 6)), max_size=60)


@few
@given(pairs=pairs, user=st.integers(1, 4), item=st.integers(1, 4), cut=st.integers(0, 60))
def test_the_core_is_what_remains_when_one_after_another_is_taken_out(
    pairs: list[tuple[int, int]], user: int, item: int, cut: int
) -> None:
    left = [p for p in pairs if p[1] >= 0]
    while True:
        counts = [Counter(p[i] for p in left) for i in (0, 1)]
        poor = next(((i, k) for i, least in ((0, user), (1, item)) for k, n in counts[i].items() if n < least), None)
        if poor is None:
            break
        left = [p for p in left if p[poor[0]] != poor[1]]
    codes = np.array(pairs, np.int32).reshape(-1, 2)
    parts = [[codes[:cut, i], codes[cut:, i]] for i in (0, 1)]
    alive = np.concatenate(core(*parts, Least(user, item, AT)))
    assert [p for p, stays in zip(pairs, alive, strict=True) if stays] == left


@pytest.mark.usefixtures("tiny")
@few
@given(log=logs, user=st.integers(1, 5), item=st.integers(1, 3))
def test_a_log_has_the_events_of_its_core(folder: Callable[[], Path], log: list[Event], user: int, item: int) -> None:
    coarse = [(u, t, None if i is None else i // 150, tags, p) for u, t, i, tags, p in log]
    here = folder()
    found = built(here, "log", plan(written(here, coarse), least=Least(user, item, AT)))
    rows = table_of(found).to_pylist()
    assert all(n >= user for n in Counter(row["user"] for row in rows).values())
    assert item == 1 or all(n >= item for n in Counter(row["item"] for row in rows).values())
    assert found.rows_read == found.rows_fulfilling == len(log)
    assert [(row["user"], row["time"]) for row in rows] == sorted((row["user"], row["time"]) for row in rows)
