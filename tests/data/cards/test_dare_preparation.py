"""Taobao and Tmall are prepared as for DARE: what the cards declare is what a slow, obvious loop makes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.data.cards.opened import agree, opened

CLICKS = {1: 209, 2: 210, 3: 233, 4: 400}
"""Clicks of each user; the first has too few."""
FIRST = 1_511_539_200
"""Midnight of 25 November 2017 in China."""

Click = tuple[int, int, int]
"""Item, its category, time."""


def clicks(user: int, rng: random.Random, time: Any) -> list[Click]:
    """In the order of time; a quarter of the items is the same for all users."""
    items = [
        rng.randrange(40) if rng.random() < 0.25 else 1000 * user + rng.randrange(300) for _ in range(CLICKS[user])
    ]
    return [(item, item % 7, time(place)) for place, item in enumerate(items)]


def prepared(log: list[Click]) -> dict[str, list[tuple[Click, list[Click]]]]:
    """Target and history of each positive of a user, by part: the newest tests, the one before validates, and the
    targets N − 2, N − 7, …, N − 92 train; the history is what is before, at most 200 clicks.
    """
    found: dict[str, list[tuple[Click, list[Click]]]] = {"train": [], "valid": [], "test": []}
    n = len(log)
    for part, places in (("train", range(n - 92, n - 1, 5)), ("valid", [n - 1]), ("test", [n])):
        for place in places:
            found[part].append((log[place - 1], log[: place - 1][-200:]))
    return found


def check(card: str, root: Path, logs: dict[int, list[Click]]) -> None:
    found = opened(card, root)
    kept = {user: log for user, log in logs.items() if CLICKS[user] >= 210}
    samples = found.dataset.describe()["samples"]
    assert samples == {"train": 57 * len(kept), "valid": 3 * len(kept), "test": 3 * len(kept)}
    names = ("user", "item", "category", "click", "behaviors.item", "behaviors.category", "behaviors.time")
    for part in samples:
        rows = found.rows(part, *names)
        for user, log in kept.items():
            own = [row[1:] for row in rows if row[0] == user]
            positives = [row for row in own if row[2] == 1]
            expected = prepared(log)[part]
            assert len(positives) == len(expected)
            for (target, history), (item, _, _, items, categories, times) in zip(expected, positives, strict=True):
                assert item in (target[0], None)
                assert times == tuple(click[2] for click in history)
                assert agree(items, tuple(click[0] for click in history))
                assert agree(categories, tuple(click[1] for click in history))
            met = {click[0] for click in log}
            drawn = [row for row in own if row[2] == 0]
            assert len(drawn) == 2 * len(positives)
            assert all(item not in met and category == item % 7 for item, category, *_ in drawn)
            assert {row[3:] for row in drawn} <= {row[3:] for row in positives}, "a negative has its positive's history"


@pytest.fixture
def rng() -> random.Random:
    return random.Random(0)


def test_taobao_user_behavior(tmp_path: Path, rng: random.Random) -> None:
    """No header; other behaviours and times outside the nine days are no clicks."""
    logs = {user: clicks(user, rng, lambda place: FIRST + 60 * place) for user in CLICKS}
    lines = [f"{user},{item},{category},pv,{time}" for user, log in logs.items() for item, category, time in log]
    others = [f"{user},77,0,{kind},{FIRST + 9}" for user in CLICKS for kind in ("buy", "cart", "fav") for _ in range(9)]
    strange = [f"{user},78,1,pv,{time}" for user in CLICKS for time in (-1_000_000, 0, FIRST - 1, FIRST + 9 * 86_400)]
    lines += [*others, *strange]
    rng.shuffle(lines)
    (tmp_path / "UserBehavior.csv").write_text("\n".join(lines) + "\n")
    check("taobao_user_behavior", tmp_path, logs)


def test_tmall(tmp_path: Path, rng: random.Random) -> None:
    """A day is MMDD with or without the zero; the file is not in the order of time, but each day is."""
    logs = {user: clicks(user, rng, lambda place: 511 + place // 3 % 20 + 100 * (place // 60)) for user in CLICKS}
    days: dict[int, list[str]] = {}
    for user, log in logs.items():
        for item, category, day in log:
            days.setdefault(day, []).append(f"{user},{item},{category},{item % 5},{item % 3},{day:04},0")
            if item % 10 == 0:
                days[day].append(f"{user},79,1,,,{day:04},{item % 3 + 1}")
    shuffled = rng.sample([*days], len(days))
    header = "user_id,item_id,cat_id,seller_id,brand_id,time_stamp,action_type\n"
    (tmp_path / "user_log_format1.csv").write_text(
        header + "\n".join(line for day in shuffled for line in days[day]) + "\n"
    )
    check("tmall", tmp_path, logs)
