"""The section `data:` → a `Plan`: every file, column and condition that is wrong is reported."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.data.conditions import columns_of, condition_of, conditions_of
from blockrec.data.encoding.derived import with_moments
from blockrec.data.events_source.core import Least
from blockrec.data.events_source.events import LogPlan
from blockrec.data.events_source.pairs import read_negatives, read_positives
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.samples import Impressions, SamplePlan
from blockrec.data.form import check_form, read_split
from blockrec.data.needs import Needs, feature_needs, group_needs, label_needs, together
from blockrec.data.sampling.plan import DrawPlan, available_with, draw_needs, is_drawn, is_made, item_of, read_draws
from blockrec.data.settings import setting
from blockrec.data.sources.joined import Join, JoinedFiles
from blockrec.data.sources.keyed import KeyedTable
from blockrec.data.sources.tables import Files, Need, missing_columns
from blockrec.data.sources.words import Word, words_of
from blockrec.data.splits import SplitPlan
from blockrec.data.where import Condition
from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.features import Feature, Features
from blockrec.language.values import Map


def read_plan(
    section: Map, root: Path | None, features: Features, used: Collection[str], report: Diagnostics
) -> Plan | None:
    """The plan, or None after errors. `root`: the folder that file names are relative to, None for that of the file."""
    check_form(section, features, report)
    split = read_split(section, report)
    features = with_moments(features, str(setting(section, "time")))
    draws = read_draws(section, features, used, report)
    reader = _Reader(section, root, features, frozenset(used), draws, report)
    log, impressions = reader.log(), reader.impressions()
    if report.failed or log is None:
        return None
    plan = reader.plan(log, impressions, split)
    return None if report.failed else plan


@dataclass(frozen=True)
class _Reader:
    section: Map
    root: Path | None
    features: Features
    used: frozenset[str]
    draws: DrawPlan | None
    report: Diagnostics

    @property
    def made(self) -> Map:
        return self.section.section("samples")

    @property
    def user(self) -> str:
        return str(setting(self.section, "user"))

    @property
    def time(self) -> str:
        return str(setting(self.section, "time"))

    @property
    def item(self) -> str:
        return item_of(self.section)

    def log(self) -> JoinedFiles | None:
        """The event log; its items have the attributes of the table, unless it names no items and samples do."""
        files = self._files(self.section, "events")
        if files is None:
            return None
        joined = "from" not in self.made or self.item in files.columns(Diagnostics())
        joins = [*(self._items() if joined else []), *(self._users() if "from" not in self.made else [])]
        return self._joined(files, joins, {})

    def impressions(self) -> JoinedFiles | None:
        """The file of samples, if there is one."""
        if "from" not in self.made:
            return None
        files = self._files(self.made, "from")
        renamed = {self.made.get("user", self.user): self.user, self.made.get("time", self.time): self.time}
        return self._joined(files, [*self._items(), *self._users()], renamed) if files is not None else None

    def _files(self, section: Map, key: str) -> Files | None:
        plain = Files.named(section, key, self.root, str(self.section.get("how_to_get", "")), self.report)
        if plain is None or "words" not in section:
            return plain
        return replace(plain, words=self._words(section.section("words"), plain))

    def _words(self, section: Map, files: Files) -> dict[str, Word]:
        """The columns that are parts of others, which must be there."""
        words, known = words_of(section), files.columns(self.report)
        for name, word in words.items():
            need = {word.column: Need("any", section.section(name).at["column"], True)}
            missing_columns(need, known, "the file", self.report)
        return words

    def _items(self) -> list[Join]:
        return self._table("items", self.item)

    def _users(self) -> list[Join]:
        return self._table("users", self.user)

    def _table(self, of: str, column: str) -> list[Join]:
        """The table of what the column names, if there is one."""
        section = self.section.section(of)
        files = self._files(section, "table") if "table" in section else None
        if files is None:
            return []
        flags = {name: tuple(columns) for name, columns in section.section("flags").items()}
        key = str(section.get("key", column))
        at = section.at.get("key", section.at["table"])
        table = KeyedTable(of, files, key, at, flags, section.at.get("flags", at))
        return [Join(column, table, tuple(table.columns(self.report)))]

    def _joined(self, files: Files, joins: list[Join], renamed: dict[str, str]) -> JoinedFiles:
        columns = [renamed.get(name, name) for name in files.columns(self.report)]
        return JoinedFiles(files, tuple(columns), self.item, tuple(joins), renamed)

    def plan(self, log: JoinedFiles, impressions: JoinedFiles | None, split: SplitPlan) -> Plan:
        """The plan over sources whose columns are known."""
        samples = impressions or log
        where = condition_of(self.section, "where", log.columns, self.report)
        histories = self._histories(log.columns)
        labels = conditions_of(self.made.section("label"), samples.columns, self.report)
        positives = read_positives(self.section, samples.columns, self.report)
        made = {*labels, *([positives.label] if positives else [])}

        of_samples = together(
            self._sample_needs(made), columns_of([*labels.values(), positives.where if positives else None])
        )
        of_log = together(self._log_needs(), columns_of([where, *histories.values()]))
        if impressions is None:
            of_log = together(of_log, of_samples)
        else:
            missing_columns(of_samples, samples.columns, "the file of samples", self.report)
        defaults = {name: key for name, key in ((self.user, "user"), (self.time, "time")) if key not in self.section}
        missing_columns(of_log, log.columns, "the log", self.report, defaults)

        of_log, of_samples = _present(of_log, log.columns), _present(of_samples, samples.columns)
        place = {name: self._place(self.section, key) for name, key in ((self.user, "user"), (self.time, "time"))}
        made_samples = SamplePlan(
            setting(self.section, "samples", "min_history"),
            labels,
            positives,
            read_negatives(self.section),
            Impressions(impressions, of_samples) if impressions is not None else None,
            self._attributes(log, of_samples, made),
        )
        return Plan(
            log=LogPlan(log, self.user, self.time, setting(self.section, "ties"), of_log, where, place, self._least()),
            samples=made_samples,
            histories=histories,
            split=split,
            shuffle_histories=setting(self.section, "shuffle_histories"),
            features=available_with(self.draws, self.features, of_samples, of_log),
            sequences={n: s for n, s in self.features.sequences.items() if not is_drawn(n)},
            labels=tuple(
                x
                for x in self.features.labels.values()
                if x.column in (of_log if x.sequence else {**of_samples, **dict.fromkeys(made)})
            ),
            columns=self._other_columns,
            item=self.item if self.item in of_log else None,
            used=self.used,
            draws=self.draws,
            at={"split": self._place(self.section, "split"), "min_history": self._place(self.made, "min_history")},
        )

    @property
    def _other_columns(self) -> tuple[str, ...]:
        return tuple(sorted(self.used - set(self.features.features) - set(self.features.labels)))

    def _sample_needs(self, made: set[str]) -> Needs:
        keys: Needs = {
            self.user: Need("any", self._place(self.made, "user"), True),
            self.time: Need("time", self._place(self.made, "time"), True),
        }
        others = group_needs(self._other_columns)
        labels = label_needs(self.features.labels.values(), self.used, made, steps=False)
        return together(
            keys, feature_needs(self._read_features, self.used, steps=False), labels, others, draw_needs(self.draws)
        )

    def _log_needs(self) -> Needs:
        keys: Needs = {
            self.user: Need("any", self._place(self.section, "user"), True),
            self.time: Need("time", self._place(self.section, "time"), True),
            self.item: Need("any", self._place(self.section, "item", "items"), self._item_is_needed),
        }
        labels = label_needs(self.features.labels.values(), self.used, (), steps=True)
        return together(keys, feature_needs(self._read_features, self.used, steps=True), labels)

    @property
    def _read_features(self) -> list[Feature]:
        """Those whose columns are the user's."""
        return [f for f in self.features.features.values() if not is_made(f)]

    def _fewest(self, key: str) -> int:
        return int(setting(self.section, "min_events", key))

    def _least(self) -> Least | None:
        """How many events users and items must have, unless any number will do."""
        user, item = self._fewest("user"), self._fewest("item")
        return Least(user, item, self.section.at["min_events"]) if user > 1 or item > 1 else None

    @property
    def _item_is_needed(self) -> bool:
        return (
            self.draws is not None
            or "negatives" in self.made
            or self._fewest("item") > 1
            or ("table" in self.section.section("items") and "from" not in self.made)
        )

    def _attributes(self, log: JoinedFiles, needs: Needs, made: set[str]) -> tuple[str, ...]:
        """Columns of a sample that a negative takes from its own item."""
        section = self.section.section("items")
        if "attributes" in section:
            named = {
                name: Need("any", at, True)
                for name, at in zip(section["attributes"], section["attributes"].at, strict=True)
            }
            missing_columns(named, log.columns, "the log", self.report)
            return tuple(name for name in named if name in needs)
        of = {join.table.of: join.attributes for join in log.joins}
        if "items" in of:
            return tuple(name for name in of["items"] if name in needs)
        labels = {label.column for label in self.features.labels.values() if label.sequence is None}
        others = {self.user, self.time, self.item, *labels, *made, *of.get("users", ())}
        return tuple(name for name in needs if name not in others)

    def _histories(self, known: list[str]) -> dict[str, Condition]:
        history = self.section.section("history")
        found = {name: condition_of(history.section(name), "where", known, self.report) for name in history}
        return {name: condition for name, condition in found.items() if condition is not None}

    def _place(self, section: Map, *keys: str) -> Span:
        """Where the first of `keys` was written, else where the events are named."""
        return next((section.at[key] for key in keys if key in section), self.section.at["events"])


def _present(needs: Needs, known: list[str]) -> Needs:
    return {name: need for name, need in needs.items() if name in known}
