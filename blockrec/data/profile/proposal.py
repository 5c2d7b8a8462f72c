"""A dataset card for files of which nothing is known but what is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blockrec.data.encoding.calendar import likely_unit
from blockrec.data.profile.roles import CATEGORIES, ITEMS, MANY, Guess, guesses, sequence_of
from blockrec.data.profile.stats import Stats
from blockrec.data.profile.survey import Survey
from blockrec.data.sources.csv import CsvForm
from blockrec.language.words import as_name

MAX_LEN = 50
"""Of a proposed sequence; less if no list is so long."""
FEW = 50
"""Different texts that a history may always hold."""
SINCE_1970 = 100_000_000
"""Seconds until 1973: smaller numbers count something else, e.g. days of a study."""
HISTORY = "behaviors"
"""What cards call the sequence of items that a user met."""


@dataclass(frozen=True)
class Proposal:
    """card: features, labels and data. notes: what was left out, and what to look at."""

    card: Mapping[str, Any]
    notes: tuple[str, ...]


def proposed(name: str, files: str | list[str], found: Survey, form: CsvForm) -> Proposal:
    """A card that checks: `name`, and `files` as the card names them."""
    guessed = guesses(found)
    roles: dict[str, Guess] = {guess.role: guess for guess in reversed(guessed)}
    is_log = {"user", "item", "time"} <= roles.keys() and "label" not in roles and not _lists(guessed)
    made = _of_log(files, guessed, roles) if is_log else _of_rows(files, guessed, roles)
    features, labels, data = made
    notes = [f"{guess.stats.name}: {guess.why}; left out" for guess in guessed if guess.role == "unused"]
    if not labels and not is_log:
        notes.append("no column looks like a label: name one, e.g. `labels: [click]`")
    if "time" in roles and (unit := _unit(roles["time"].stats)):
        notes.append(f"{roles['time'].stats.name}: whole numbers, probably in `unit: {unit}`: say so beside `calendar`")
    if is_log:
        notes += [
            f"{guess.stats.name}: nearly one text an item; not in the history"
            for guess in _told_by_item(guessed, roles)
        ]
    csv = {"csv": _csv(form)} if _csv(form) else {}
    card = {"blockrec": 1, "name": as_name(name), "features": features, "labels": labels, "data": {**data, **csv}}
    return Proposal({key: value for key, value in card.items() if value != {}}, tuple(notes))


Sections = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]


def _of_rows(files: str | list[str], guessed: list[Guess], roles: Mapping[str, Guess]) -> Sections:
    features = _flat(guessed)
    features |= {guess.name: _pooled(guess) for guess in guessed if guess.role == "list"}
    features |= dict(_sequences(guessed, features))
    labels = {guess.name: _column(guess, guess.name) for guess in guessed if guess.role == "label"}
    if not labels and "rating" in roles:
        labels = {"like": {"column": roles["rating"].stats.name, "at_least": _half(roles["rating"].stats)}}
    data: dict[str, Any] = {"train": files}
    if "time" in roles:
        data |= {"time": roles["time"].stats.name, "split": {"by": "time", "valid": 0.1, "test": 0.1}}
    return features, labels, data


def _of_log(files: str | list[str], guessed: list[Guess], roles: Mapping[str, Guess]) -> Sections:
    """Events from which histories are built; a rating says which were liked, else items that were not met do."""
    told = _told_by_item(guessed, roles)
    attributes = [guess for guess in guessed if guess.role == "id" and guess not in told]
    features = _flat(guessed)
    fields = {"item": {"like": "item"}, **{_common(guess): {"like": _common(guess)} for guess in attributes}}
    place = {"position": {"position": "from_end"}}
    features[HISTORY] = {"max_len": MAX_LEN, "fields": {**fields, **place}}
    made: dict[str, Any] = {"positives": {}, "negatives": {"per_positive": 1, "by": "popularity"}}
    if "rating" in roles:
        rating = roles["rating"].stats
        made = {"label": {"click": f"{rating.name} >= {_half(rating):g}"}}
    known = [roles[role].stats.name for role in ("user", "time", "item") if roles[role].stats.nulls]
    where = {"where": " and ".join(f"{name} != null" for name in known)} if known else {}
    keys = {role: roles[role].stats.name for role in ("user", "time", "item")}
    split = {"by": "time", "valid": 0.1, "test": 0.1}
    return features, {"click": {}}, {"events": files, **keys, **where, "samples": made, "split": split}


def _told_by_item(guessed: list[Guess], roles: Mapping[str, Guess]) -> list[Guess]:
    """Texts that differ about as often as items do, or more: names, descriptions, numbers of invoices."""
    items = roles["item"].stats.distinct
    return [g for g in guessed if g.role == "id" and g.stats.is_text and g.stats.distinct > max(FEW, items // 2)]


def _unit(stats: Stats) -> str:
    """The unit that times as numbers likely have; empty for times that are told by their type, or are no moments."""
    if not stats.is_whole or stats.high < SINCE_1970:
        return ""
    unit = likely_unit(int(stats.high))
    return "" if unit == "us" else unit


def _flat(guessed: list[Guess]) -> dict[str, Any]:
    """One value a row."""
    read = [guess for guess in guessed if guess.role in ("user", "item", "id", "number")]
    return {_common(guess): _feature(guess, _common(guess)) for guess in read}


def _common(guess: Guess) -> str:
    """`user`, `item` and `category`, which models ask for, whatever the columns are called."""
    return guess.role if guess.role in ("user", "item") else guess.alias or _alike(guess.name)


def _alike(name: str) -> str:
    return "item" if name in ITEMS else "category" if name in CATEGORIES else name


def _lists(guessed: list[Guess]) -> bool:
    return any(guess.role in ("field", "list") for guess in guessed)


def _sequences(guessed: list[Guess], flat: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    fields: dict[str, list[Guess]] = {}
    for guess in guessed:
        if guess.role == "field":
            fields.setdefault(sequence_of(guess.stats.name), []).append(guess)
    for prefix, members in fields.items():
        longest = max(int(guess.stats.quantiles.get("max", 1)) for guess in members)
        name = HISTORY if len(fields) == 1 and "item" in map(_short, members) else as_name(prefix)
        known = {_short(guess): _field(guess, name, flat) for guess in members}
        place = {} if "position" in known else {"position": {"position": "from_end"}}
        yield name, {"max_len": max(1, min(MAX_LEN, longest)), "fields": {**known, **place}}


def _short(guess: Guess) -> str:
    """The name of a field: what its column has after that of the sequence."""
    return _alike(_ending(guess.stats.name))


def _ending(column: str) -> str:
    return as_name(column.removeprefix(sequence_of(column)).strip("._"))


def _field(guess: Guess, sequence: str, flat: Mapping[str, Any]) -> dict[str, Any]:
    short, stats = _short(guess), guess.stats
    column = {} if stats.name in (f"{sequence}{mark}{short}" for mark in "._") else {"column": stats.name}
    if "vocab" in flat.get(short, ()):
        return {"like": short, **column}
    if stats.is_time or short in ("time", "timestamp", "ts"):
        return {"raw": "int64", **column}
    if stats.low is not None and not stats.is_whole:
        return {"dense": 1, **column, **_default(stats)}
    return {**_table(stats), **column}


def _feature(guess: Guess, name: str) -> dict[str, Any]:
    if guess.role == "number":
        return {"dense": 1, "norm": "zscore", **_column(guess, name), **_default(guess.stats)}
    return {**_table(guess.stats), **_column(guess, name)}


def _pooled(guess: Guess) -> dict[str, Any]:
    return {**_table(guess.stats), "pool": "mean", **_column(guess, guess.name)}


def _table(stats: Stats) -> dict[str, Any]:
    return {"hash": 2 * stats.distinct} if stats.distinct > MANY else {"vocab": "auto"}


def _default(stats: Stats) -> dict[str, Any]:
    """A number has to be there; the mean stands for one that is not."""
    return {"default": round(float(stats.mean or 0), 4)} if stats.nulls or stats.missing else {}


def _column(guess: Guess, name: str) -> dict[str, Any]:
    return {} if name == guess.stats.name else {"column": guess.stats.name}


def _half(stats: Stats) -> float:
    """4 of 1–5: what about half of the ratings reach."""
    mean = stats.mean or 0.0
    return float(min(stats.high, int(mean) + 1)) if stats.is_whole else mean


def _csv(form: CsvForm) -> dict[str, Any]:
    """What differs from the defaults."""
    known = [("delimiter", form.delimiter, ","), ("columns", list(form.columns), []), ("lists", form.lists, None)]
    known.append(("encoding", form.encoding, "utf-8"))
    return {key: value for key, value, default in known if value != default}
