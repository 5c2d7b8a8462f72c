"""The cache: what is built once, what makes it build again, and that it is complete or absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from blockrec.data import store
from tests.data.conftest import FEATURES, Project

DATA = "events: log.csv\nsamples: {label: {click: rating >= 4}}\nsplit: {by: leave_last}"
LOG = "user,time,item,rating\n" + "".join(f"{i % 4},{i},{i % 7},{i % 5 + 1}\n" for i in range(60))


@pytest.fixture
def shop(project: Project) -> Project:
    project.text("log.csv", LOG)
    project.dataset(DATA)
    return project


def folders(project: Project, kind: str) -> set[str]:
    return {path.name for path in (project.folder / "cache").glob(f"{kind}-*")}


def test_the_second_time_nothing_is_built(shop: Project) -> None:
    before = {p: p.stat().st_mtime_ns for p in (shop.folder / "cache").rglob("*")}
    shop.dataset(DATA)
    assert {p: p.stat().st_mtime_ns for p in (shop.folder / "cache").rglob("*")} == before


def test_a_longer_history_or_batch_builds_nothing(shop: Project) -> None:
    before = folders(shop, "samples")
    dataset = shop.dataset(DATA + "\nbatch_size: 7", FEATURES.replace("max_len: 3", "max_len: 5"))
    assert folders(shop, "samples") == before
    assert dataset.describe()["history"]["behaviors"]["max"] == 5


def test_other_samples_use_the_same_log(shop: Project) -> None:
    shop.dataset(DATA.replace(">= 4", ">= 3"))
    assert len(folders(shop, "samples")) == 2 and len(folders(shop, "log")) == 1


def test_content_counts_and_not_the_time_of_the_file(shop: Project) -> None:
    os.utime(shop.folder / "log.csv", (1, 1))
    shop.dataset(DATA)
    assert len(folders(shop, "log")) == 1
    shop.text("log.csv", LOG.replace("0,0,0,1", "0,0,3,1"))
    shop.dataset(DATA)
    assert len(folders(shop, "log")) == 2


def test_where_and_csv_count(shop: Project) -> None:
    shop.dataset(DATA + "\nwhere: item > 0")
    shop.dataset(DATA + "\ncsv: {encoding: latin-1}")
    assert len(folders(shop, "log")) == 3


def test_a_file_in_a_folder_below_and_a_root(shop: Project) -> None:
    (shop.folder / "below").mkdir()
    (shop.folder / "log.csv").rename(shop.folder / "below" / "events.csv")
    for data in (DATA.replace("log.csv", "below/events.csv"), DATA.replace("log.csv", "ev*.csv") + "\nroot: below"):
        assert shop.dataset(data).splits["test"].rows == 4


def test_several_files_are_one_log(shop: Project) -> None:
    head, *rows = LOG.strip().split("\n")
    shop.text("one.csv", "\n".join([head, *rows[:25]]) + "\n")
    shop.text("two.csv", "\n".join([head, *rows[25:]]) + "\n")
    parts, whole = (shop.dataset(DATA.replace("log.csv", files)) for files in ("[one.csv, two.csv]", "log.csv"))
    assert parts.describe() == whole.describe()
    for one, other in zip(parts.splits["train"].batches(9), whole.splits["train"].batches(9), strict=True):
        assert one["item"].tolist() == other["item"].tolist()  # type: ignore[union-attr]


def test_built_keeps_nothing_of_a_failed_build(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").write_text("written")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.built(tmp_path / "x", fail)
    assert not list(tmp_path.iterdir())


def test_built_takes_what_another_process_was_faster_to_build(tmp_path: Path) -> None:
    def slow(folder: Path) -> None:
        (folder / "mine").touch()
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "theirs").touch()

    assert [p.name for p in store.built(tmp_path / "x", slow).iterdir()] == ["theirs"]
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_describe(shop: Project) -> None:
    found = shop.dataset(DATA).describe()
    assert found["events"] == 60 and found["users"] == 4 and found["items"] == 7
    assert found["samples"] == {"train": 52, "valid": 4, "test": 4}
    assert found["history"] == {"behaviors": {"mean": (0 + 1 + 2 + 12 * 3) / 15, "max": 3}}
    assert found["positive"] == {"click": pytest.approx(0.4)}
