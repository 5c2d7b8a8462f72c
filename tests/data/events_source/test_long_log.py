"""The generated log of published size, small: complete, consistent, and prepared as the published one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blockrec.data import open_dataset
from blockrec.data.events_source import long_log
from blockrec.data.events_source.long_log import LongLog
from blockrec.diagnostics import Diagnostics
from tests.data.cards.opened import COMMON, document

SMALL = LongLog(users=50, items=6000, categories=30, least=210, mean=300, seed=0)


def written(folder: Path, log: LongLog = SMALL) -> pa.Table:
    folder.mkdir()
    log.write(folder)
    return pq.read_table(folder / "events.parquet")


@pytest.fixture(params=[7, 4096])
def table(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    """Written a few users at a time, and at once."""
    monkeypatch.setattr(long_log, "_USERS_AT_ONCE", request.param)
    return written(tmp_path / "log")


def test_sizes_are_those_that_were_asked_for(table: pa.Table) -> None:
    clicks = np.bincount(table["user"])
    assert len(clicks) == 50 and clicks.min() >= 210 and 250 < clicks.mean() < 350
    assert np.unique(table["item"]).tolist() == [*range(6000)]
    assert np.unique(table["category"]).tolist() == [*range(30)]


def test_an_item_has_one_category_and_its_id_does_not_tell_which(table: pa.Table) -> None:
    item, category = table["item"].to_numpy(), table["category"].to_numpy()
    of = np.zeros(6000, np.int64)
    of[item] = category
    assert (of[item] == category).all()
    assert (of[1:] == of[:-1]).mean() < 0.3


def test_clicks_of_a_user_stand_in_the_order_of_time(table: pa.Table) -> None:
    user, time = table["user"].to_numpy(), table["time"].to_numpy()
    assert (np.diff(user) >= 0).all()
    assert (np.diff(time)[np.diff(user) == 0] > 0).all()


def test_users_return_to_their_categories(tmp_path: Path) -> None:
    """The categories of neighbouring clicks are the same more often than those of any two."""
    table = written(tmp_path / "log", LongLog(50, 500, 30, 210, 300, seed=0))
    category = table["category"].to_numpy()
    any_two = ((np.bincount(category) / len(category)) ** 2).sum()
    assert (category[5:] == category[:-5]).mean() > 1.3 * any_two


def test_the_same_again_and_other_seeds_others(tmp_path: Path) -> None:
    one, two = (written(tmp_path / name) for name in ("one", "two"))
    other = written(tmp_path / "other", LongLog(50, 6000, 30, 210, 300, seed=1))
    assert one.equals(two) and not one.equals(other)


def opened(folder: Path, *sets: str) -> tuple[object, Diagnostics]:
    report, model = Diagnostics(), document("taobao_sized", *(f"data.generate.taobao_sized.{s}" for s in sets))
    return open_dataset(model.evaluated("data"), model.features, COMMON, report, cache=folder), report


def test_the_card_makes_samples_as_published(tmp_path: Path) -> None:
    """19 positives a user train, each with two negatives; one validates and one tests; full histories."""
    found, report = opened(tmp_path, "users=40", "items=3000", "categories=20")
    assert found is not None, str(report)
    about = found.describe()  # type: ignore[attr-defined]  # a Dataset
    assert about["samples"] == {"train": 57 * 40, "valid": 120, "test": 120}
    assert about["history"]["behaviors"]["max"] == 200 and about["history"]["behaviors"]["mean"] > 150


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["items=10"], "10 items are not enough for 9408 categories"),
        (["mean=100"], "a mean of 100 clicks a user is below the least number, 210"),
        (["users=10", "items=10000"], "10 users of 210 clicks and more need not click all 10000 items"),
    ],
)
def test_impossible_sizes_are_a_mistake(tmp_path: Path, sets: list[str], said: str) -> None:
    found, report = opened(tmp_path, *sets)
    (error,) = report.errors
    assert found is None and error.code == "E106" and said in error.message and error.help
