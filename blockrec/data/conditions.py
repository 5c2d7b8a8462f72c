"""Conditions of a section, each with the columns that it reads."""

from __future__ import annotations

from collections.abc import Iterable

from blockrec.data.needs import Needs
from blockrec.data.sources.tables import Need
from blockrec.data.where import Condition, check_columns, parse
from blockrec.diagnostics import Diagnostics
from blockrec.language.values import Map


def condition_of(section: Map, key: str, known: list[str], report: Diagnostics) -> Condition | None:
    """The condition under a key, over columns that are `known`; None if there is none, or after errors."""
    if key not in section:
        return None
    condition = parse(str(section[key]), section.at[key], report)
    return condition if condition and check_columns(condition, known, report) else None


def conditions_of(section: Map, known: list[str], report: Diagnostics) -> dict[str, Condition]:
    """Name → its condition."""
    found = {name: condition_of(section, name, known, report) for name in section}
    return {name: condition for name, condition in found.items() if condition is not None}


def columns_of(conditions: Iterable[Condition | None]) -> Needs:
    """The columns that conditions read, as numbers where they are compared with one."""
    known = [condition for condition in conditions if condition is not None]
    compared: Needs = {name: Need("number") for condition in known for name in condition.numbers}
    return {name: compared.get(name, Need("any")) for condition in known for name in condition.columns}
