"""What the schema of `train:` cannot say: settings that need, or exclude, each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from blockrec.diagnostics import Diagnostics
from blockrec.language.values import Map

KINDS = ("cosine", "exponential", "manual", "plateau")


def check_training(train: Map, report: Diagnostics) -> None:
    """E101 for two schedules, for lists that do not fit each other, for an option without what it needs.

    train: the section with its expressions evaluated; what has not the form of the schema is reported already.
    """
    schedule = train.section("schedule")
    _check_single(schedule, report)
    _check_lists(schedule.section("manual"), report)
    for options in _momentums(train.section("optimizer")):
        if options.get("nesterov") is True and options.get("momentum", 0) == 0:
            message = "`nesterov` changes what `momentum` does, which is 0"
            report.error("E101", message, options.at["nesterov"], help="give both: {momentum: 0.9, nesterov: true}")


def _check_single(schedule: Map, report: Diagnostics) -> None:
    given = [name for name in KINDS if name in schedule]
    if len(given) < 2:
        return
    first, second = given[:2]
    notes = [(schedule.keys_at[first], f"`{first}` is given here")]
    help = f"keep one; `{first}: null` takes back what another layer gives"
    report.error(
        "E101", f"a schedule is `{first}` or `{second}`, not both", schedule.keys_at[second], help=help, notes=notes
    )


def _check_lists(manual: Map, report: Diagnostics) -> None:
    after, factors = manual.get("after"), manual.get("factors")
    if not isinstance(after, list) or not isinstance(factors, list):
        return
    if len(after) != len(factors):
        message = f"`after` has {_items(after)} and `factors` has {_items(factors)}"
        help = "a factor for each place: {after: [100, 200], factors: [0.3, 0.1]}"
        report.error("E101", message, manual.at["factors"], help=help, notes=[(manual.at["after"], "`after`")])
    if any(not _is_less(a, b) for a, b in pairwise(after)):
        report.error("E101", "`after` must rise", manual.at["after"], help="count steps from the start of the run")


def _items(values: list[Any]) -> str:
    return f"{len(values)} item{'s' * (len(values) != 1)}"


def _is_less(a: Any, b: Any) -> bool:
    """True for what are not numbers: that is reported already."""
    return not (isinstance(a, int | float) and isinstance(b, int | float)) or a < b


def _momentums(optimizer: Map) -> Iterator[Map]:
    yield optimizer.section("dense").section("sgd")
    yield optimizer.section("sparse").section("dense").section("sgd")
