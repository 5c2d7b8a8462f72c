"""What a column probably is, by its name and its values: a first guess that its owner corrects."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from blockrec.data.profile.stats import Stats
from blockrec.data.profile.survey import Survey
from blockrec.language.words import as_name

Role = Literal["label", "rating", "user", "item", "time", "id", "number", "list", "field", "unused"]
_LABELS = "click clicked is_click clk label like liked is_like buy bought purchase conversion converted cvr target y"
_RATINGS = "rating score stars"
_TIMES = "time timestamp ts time_ms time_stamp date datetime event_time created_at ordered_at moment"
_USERS = "user user_id uid userid customer customer_id customerid member_id household_id visitor_id u"
_ITEMS = "item item_id iid itemid product product_id productid video_id movie_id ad_id article_id news_id stock_code"
ITEMS = frozenset(_ITEMS.split())
_CATEGORIES = "category cat cat_id category_id categoryid genre product_category department cate"
CATEGORIES = frozenset(_CATEGORIES.split())
PARTS = frozenset(["category", "categories", "cat", "cate", "genre", "genres", "department", "aisle"])
"""Words in names of columns that hold categories."""
_NUMBERS = "price amount count num number age score duration length size quantity rate ratio value weight seconds"
MANY = 1_000_000
"""Different ids from which on a hash is proposed."""


@dataclass(frozen=True)
class Guess:
    """role: of a column. why: what to say of it, if it is not obvious. alias: what models call it."""

    stats: Stats
    role: Role
    why: str = ""
    alias: str = ""

    @property
    def name(self) -> str:
        """Of the feature."""
        return plain_name(self.stats.name)


def guesses(found: Survey) -> list[Guess]:
    """A role for each column, in the order of the files."""
    listed = _sequences(found)
    return _with_category([_guess(stats, listed) for stats in found.columns.values()])


def _with_category(found: list[Guess]) -> list[Guess]:
    """If no column has the name of a category, the first id that says so in a part of its name is one."""
    if any(guess.role == "id" and guess.name in CATEGORIES for guess in found):
        return found
    named = [guess for guess in found if guess.role == "id" and PARTS & set(guess.name.split("_"))]
    return [replace(guess, alias="category") if guess in named[:1] else guess for guess in found]


def plain_name(column: str) -> str:
    """`InvoiceNo` → `invoice_no`."""
    return as_name(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column))


def sequence_of(name: str) -> str:
    """`behaviors` of `behaviors_item` and `behaviors.item`."""
    return name.rpartition("." if "." in name else "_")[0]


def _guess(stats: Stats, listed: set[str]) -> Guess:
    if not stats.values:
        return Guess(stats, "unused", "no value in any row")
    if stats.is_list:
        if "list" in stats.kind.removeprefix("list") or "struct" in stats.kind:
            return Guess(stats, "unused", f"lists of {stats.kind}")
        return Guess(stats, "field" if sequence_of(stats.name) in listed else "list")
    name = plain_name(stats.name)
    if stats.distinct == 1 and stats.nulls == 0:
        return Guess(stats, "unused", "one value in all rows")
    if stats.is_time or (name in _TIMES.split() and stats.low is not None):
        return Guess(stats, "time")
    if name in _LABELS.split() and stats.is_binary:
        return Guess(stats, "label")
    if name in _RATINGS.split() and stats.low is not None and stats.distinct <= 20:
        return Guess(stats, "rating")
    if name in _USERS.split():
        return Guess(stats, "user")
    if name in ITEMS:
        return Guess(stats, "item")
    return _value(stats, name)


def _value(stats: Stats, name: str) -> Guess:
    if stats.is_text and stats.distinct > max(1000, stats.rows // 2):
        return Guess(stats, "unused", f"{stats.distinct:,} different texts in {stats.rows:,} rows")
    numeric = stats.low is not None and not (stats.is_whole and not set(name.split("_")) & set(_NUMBERS.split()))
    return Guess(stats, "number" if numeric else "id")


def _sequences(found: Survey) -> set[str]:
    """Prefixes of list columns that have the same lengths: the fields of one sequence."""
    lists = [stats for stats in found.columns.values() if stats.is_list and sequence_of(stats.name)]
    return {sequence_of(s.name) for s in lists if all(map(s.is_like, _beside(s, lists)))}


def _beside(stats: Stats, lists: Iterable[Stats]) -> list[Stats]:
    return [other for other in lists if sequence_of(other.name) == sequence_of(stats.name)]
