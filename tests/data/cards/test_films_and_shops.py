"""Cards of logs of ratings and purchases, over files in the published formats."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.cards.opened import Opened, agree, opened

USERS = {7: range(1, 21), 8: range(11, 31), 9: range(21, 41)}
"""User → the films that they have rated, or the products that they have bought, in that order."""
FILMS = {1: ("Toy Story (1995)", "Animation|Comedy"), 2: ('"Star: Wars" (1977)', "Sci-Fi"), 4: ("Amélie (2001)", "")}


def film(number: int) -> tuple[str, str]:
    """Title and genres."""
    return FILMS.get(number, (f"Film {number}", "Drama|War"))


def is_good(number: int) -> bool:
    """Of every five films each user dislikes one."""
    return number % 5 != 3


def ratings() -> list[tuple[int, int, int, int]]:
    """user, film, rating, seconds."""
    return [(user, n, 5 if is_good(n) else 2, 1000 * user + n) for user, films in USERS.items() for n in films]


def check(found: Opened, positives_a_user: int, none: str | None) -> None:
    """Each user's newest good film tests, with all good ones before it; two that nobody rated with it stand beside."""
    samples = found.dataset.describe()["samples"]
    assert samples == {"train": 9 * (positives_a_user - 2), "valid": 9, "test": 9}
    rows = found.rows("test", "user", "item", "behaviors.item", "behaviors.category", "click")
    for user, films in USERS.items():
        good = [number for number in films if is_good(number)]
        ((_, item, history, categories, _),) = [row for row in rows if row[0] == user and row[-1] == 1]
        assert agree(history, tuple(good[:-1]))
        assert agree(categories, tuple(film(n)[1].split("|")[0] or none for n in good[:-1]))
        assert item in {good[-1], None}
        drawn = [row for row in rows if row[0] == user and row[-1] == 0]
        assert len(drawn) == 2 and all(row[1] not in films and row[2] == history for row in drawn)


def test_movielens_1m(tmp_path: Path) -> None:
    """`::` between the values, also where a title has a colon or begins with a quote; latin-1."""
    (tmp_path / "ratings.dat").write_text("".join("::".join(map(str, row)) + "\n" for row in ratings()), "latin-1")
    films = "".join(f"{n}::{film(n)[0]}::{film(n)[1]}\n" for n in range(1, 41))
    (tmp_path / "movies.dat").write_text(films, "latin-1")
    check(opened("movielens_1m", tmp_path), positives_a_user=11, none=None)


def test_movielens_20m(tmp_path: Path) -> None:
    """Headers, quotes doubled in quotes, halves of stars; every fifth good film is a positive."""
    lines = [f"{user},{n},{rating - 0.5},{time}\n" for user, n, rating, time in ratings()]
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + "".join(lines), "utf-8")
    films = [(n, film(n)[0].replace('"', '""'), film(n)[1] or "(no genres listed)") for n in range(1, 41)]
    text = "movieId,title,genres\n" + "".join(f'{n},"{title}",{genres}\n' for n, title, genres in films)
    (tmp_path / "movies.csv").write_text(text, "utf-8")
    check(opened("movielens_20m", tmp_path), positives_a_user=3, none="(no genres listed)")


def test_online_retail(tmp_path: Path) -> None:
    """Returns and rows without a customer are left out; the last word of a description is the category."""
    start = dt.datetime(2010, 12, 1, 8, 26, tzinfo=dt.timezone.utc)
    shop = [
        (f"5{n}", f"2{n}", f"BIG {('MUG', 'LAMP ', 'BAG')[n % 3]}", 1.0, start + dt.timedelta(hours=n), 17850.0 + user)
        for user, products in USERS.items()
        for n in products
    ]
    odd = [
        ("C536379", "D", "Discount", -1.0, start, 17857.0),
        ("536414", "22139", None, 56.0, start, None),
        ("536415", "85123A", None, 6.0, start, 17857.0),
    ]
    names = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "CustomerID")
    columns = dict(zip(names, zip(*shop, *odd, strict=True), strict=True))
    pq.write_table(
        pa.table({name: list(column) for name, column in columns.items()}), tmp_path / "onlineretail.parquet"
    )
    found = opened("online_retail", tmp_path)
    about = found.dataset.describe()
    assert (about["events"], about["users"], about["items"]) == (61, 3, 41)
    assert about["samples"] == {"train": 12, "valid": 9, "test": 9}
    rows = found.rows("test", "user", "behaviors.item", "behaviors.category", "click")
    ((_, items, categories, _),) = [row for row in rows if row[0] == 17857.0 and row[-1]]
    assert agree(items, ("85123A", *(f"2{n}" for n in range(1, 20))))
    assert agree(categories, (None, *(("MUG", "LAMP", "BAG")[n % 3] for n in range(1, 20))))


def test_amazon_2023(tmp_path: Path) -> None:
    """Milliseconds; metadata of which fields change their type from line to line; no categories, or several."""
    log = [f"A{user},B{n:03},5.0,{1_452_647_382_000 + 1000 * n}\n" for user, items in USERS.items() for n in items]
    (tmp_path / "Video_Games.csv").write_text("user_id,parent_asin,rating,timestamp\n" + "".join(log))
    kinds = {n: ["Video Games", "PC" if n % 2 else "Xbox", "Games"][: n % 4] for n in range(1, 41)}
    lines = [
        {
            "main_category": "Video Games",
            "price": None if n % 3 else 9.99 if n % 2 else "—",
            "images": [{"hi_res": None, "large": "x"}] if n % 5 else [],
            "details": {"Rank": n if n % 2 else {"Games": n}},
            "categories": kinds[n],
            "store": None if n % 7 == 0 else f"S{n % 3}",
            "parent_asin": f"B{n:03}",
        }
        for n in range(1, 41)
    ]
    (tmp_path / "meta_Video_Games.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = opened("amazon_2023", tmp_path)
    rows = found.rows(
        "test", "user", "behaviors.item", "behaviors.category", "behaviors.store", "behaviors.time", "click"
    )
    ((_, items, categories, stores, times, _),) = [row for row in rows if row[0] == "A7" and row[-1]]
    assert agree(items, tuple(f"B{n:03}" for n in range(1, 20)))
    assert agree(categories, tuple(kinds[n][-1] if kinds[n] else None for n in range(1, 20)))
    assert agree(stores, tuple(None if n % 7 == 0 else f"S{n % 3}" for n in range(1, 20)))
    assert times[0] == 1_452_647_383_000
