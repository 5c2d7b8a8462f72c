"""The steps right before an impression are the history that was published with it, whatever the histories do."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blockrec.data.convert.mind import CLOCK, Mind
from blockrec.diagnostics import BlockrecError, Source, Span

AT = Span(Source("card.yaml", "behaviors"), 0, 0, 9)
START = datetime(2019, 11, 9, 0, 0, 7, tzinfo=timezone.utc)
NEWS = 'N1\tsports\tgolf\tA "title\t"\thttps://x\t[]\t[]\nN2\tnews\tworld\tB\tC\thttps://y\t[]\t[]\n'

rows = st.lists(
    st.tuples(
        st.sampled_from(["U1", "U2"]), st.integers(0, 900), st.lists(st.sampled_from(["N1", "N2", "N3"]), max_size=4)
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row[:2],
)


def converted(folder: Path, *files: str) -> dict[str, list[dict[str, object]]]:
    """The tables that are made of files behaviors.tsv, by name."""
    made = folder / "made"
    made.mkdir(parents=True)
    paths = [folder / f"{i}.tsv" for i in range(len(files))]
    for path, text in zip(paths, files, strict=True):
        path.write_text(text, "utf-8")
    (folder / "news.tsv").write_text(NEWS, "utf-8")
    Mind(tuple(paths), (folder / "news.tsv",), AT).write(made)
    return {path.stem: pq.read_table(path).to_pylist() for path in made.iterdir()}


def line(user: str, hour: int, history: list[str], shown: str = "N1-1 N2-0") -> str:
    time = (START + timedelta(hours=hour)).strftime(CLOCK)
    return f"1\t{user}\t{time}\t{' '.join(history)}\t{shown}\n"


@settings(max_examples=25, deadline=None)
@given(found=rows, cut=st.integers(0, 12))
def test_the_last_steps_are_the_published_history(
    tmp_path_factory: pytest.TempPathFactory, found: list[tuple[str, int, list[str]]], cut: int
) -> None:
    """Over one file, and over two of which the second is later; rows of a file are in any order."""
    by_time = sorted(found, key=lambda row: row[1])
    files = ["".join(line(*row) for row in part) for part in (by_time[:cut][::-1], by_time[cut:][::-1])]
    tables = converted(tmp_path_factory.mktemp("mind"), *[text for text in files if text])
    assert len(tables["impressions"]) == 2 * len(found)
    for user, hour, history in found:
        now = (START + timedelta(hours=hour)).replace(tzinfo=None)
        events = [e for e in tables["events"] if e["user"] == user and e["time"] < now]  # type: ignore[operator]
        events.sort(key=lambda e: e["time"])  # type: ignore[arg-type, return-value]
        assert [e["item"] for e in events][len(events) - len(history) :] == history


def test_a_history_that_goes_on_is_written_once(tmp_path: Path) -> None:
    tables = converted(
        tmp_path, line("U1", 1, ["N1", "N2"]) + line("U1", 5, ["N1", "N2", "N3"]), line("U1", 9, ["N1", "N2", "N3"])
    )
    assert [event["item"] for event in tables["events"]] == ["N1", "N2", "N3"]
    assert tables["news"][0] == {"item": "N1", "category": "sports", "subcategory": "golf"}
    assert [(row["item"], row["click"]) for row in tables["impressions"][:2]] == [("N1", 1), ("N2", 0)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\tU1\t2019-11-11 09:05:58\tN1\tN1-1\n", "has a time that is not of the form"),
        (line("U1", 1, ["N1"], "N1 N2"), "shows `N1`, not a news with -0 or -1"),
    ],
)
def test_files_of_another_form(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BlockrecError, match=rf"E503(.|\n)*{message}"):
        converted(tmp_path, text)
