"""The sections `data: {train, valid, test}` → a `RowsPlan`: every file and column that is wrong is reported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from blockrec.data.conditions import columns_of, condition_of
from blockrec.data.encoding.derived import is_read, with_moments
from blockrec.data.form import read_split
from blockrec.data.needs import Needs, feature_needs, group_needs, label_needs, together
from blockrec.data.rows_source.binding import Binding
from blockrec.data.rows_source.nested import homes, members
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.random_rows import FILE
from blockrec.data.sampling.plan import DrawPlan, avoids_seen, check_draws, draw_needs, is_made, read_draws
from blockrec.data.settings import setting
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files, Need, missing_columns
from blockrec.data.sources.words import words_of
from blockrec.data.splits import NAMES, SplitPlan
from blockrec.diagnostics import Diagnostics
from blockrec.language.features import Feature, Features
from blockrec.language.values import Map

OF_EVENTS = (
    "events",
    "generate",
    "item",
    "items",
    "users",
    "ties",
    "history",
    "samples",
    "shuffle_histories",
    "min_events",
)
"""Keys of `data` that mean nothing for rows."""
SYNTHETIC = "synthetic"
OF_FILES = (*NAMES, "root", "csv", "words", "where", "convert")
"""Keys that mean nothing for rows that are drawn."""


def is_rows(section: Map) -> bool:
    """Whether a section `data` names rows that are samples, or has them drawn."""
    return any(name in section for name in (*NAMES, SYNTHETIC))


def read_rows_plan(
    section: Map, root: Path | None, features: Features, used: Collection[str], report: Diagnostics
) -> RowsPlan | None:
    """The plan, or None after errors. `root`: the folder that file names are relative to, None for that of the file."""
    draws = read_draws(section, features, used, report, listed=True) if SYNTHETIC not in section else None
    for key in OF_EVENTS:
        if key in section and not (key == "item" and draws is not None):
            message, help = f"`{key}` has no meaning beside `{_first(section)}`", "it describes a log of events"
            report.error("E101", message, section.keys_at[key], help=help)
    for key in OF_FILES if SYNTHETIC in section else ():
        if key in section:
            report.error("E101", f"`{key}` has no meaning beside `{SYNTHETIC}`", section.keys_at[key])
    features = with_moments(features, str(setting(section, "time")))
    check_draws(section.section("negatives"), report)
    reader = _Reader(section, root, features, frozenset(used), draws, report)
    parts, split = reader.parts(), reader.split()
    if report.failed:
        return None
    known = reader.known(parts)
    plan = None if report.failed else reader.plan(parts, split, known)
    return None if report.failed else plan


def _first(section: Map) -> str:
    return next(name for name in (SYNTHETIC, *NAMES) if name in section)


@dataclass(frozen=True)
class _Reader:
    section: Map
    root: Path | None
    features: Features
    used: frozenset[str]
    draws: DrawPlan | None
    report: Diagnostics

    def parts(self) -> dict[str, Files]:
        if SYNTHETIC in self.section:
            assert self.root is not None
            return {"train": Files((self.root / FILE,), CsvForm.of(Map(self.section.span)), self.section.span)}
        found = {name: self._files(name) for name in NAMES if name in self.section}
        return {name: files for name, files in found.items() if files is not None}

    def _files(self, name: str) -> Files | None:
        plain = Files.named(self.section, name, self.root, str(self.section.get("how_to_get", "")), self.report)
        return plain and replace(plain, words=words_of(self.section.section("words")))

    def split(self) -> SplitPlan | None:
        """None if the parts have files of their own."""
        others = [name for name in ("valid", "test") if name in self.section]
        if others and "split" in self.section:
            message = f"`split` has no meaning beside `{others[0]}`, which are rows of their own"
            help = f"delete it, or take the files of a lower layer back: {others[0]}: null"
            self.report.error("E101", message, self.section.keys_at["split"], help=help)
        return None if others else read_split(self.section, self.report, "random")

    def known(self, parts: dict[str, Files]) -> list[str]:
        """Names of the columns that all files have, members of lists of structures among them."""
        found = [self._columns(files) for files in parts.values()]
        return [name for name in found[0] if all(name in names for names in found[1:])]

    def _columns(self, files: Files) -> list[str]:
        columns = files.columns(self.report)
        inner = [set(members(path)) for path in files.paths] if not self.report.failed else [set[str]()]
        return list(dict.fromkeys([*columns, *sorted(set.intersection(*inner))]))

    def plan(self, parts: dict[str, Files], split: SplitPlan | None, known: list[str]) -> RowsPlan:
        """The plan over files whose columns are known; features and labels that are not used are left out."""
        binding = Binding(known)
        read = {name: f for name, f in self.features.features.items() if name in self.used}
        features = {name: f if self._is_drawn(f) else binding.feature(f) for name, f in read.items()}
        of_files = [f for f in features.values() if self.draws is None or not is_made(f)]
        declared = self.features.features.values()
        labels = [binding.label(x, declared) for x in self.features.labels.values() if x.name in self.used]
        others = tuple(sorted(self.used - features.keys() - {label.name for label in labels}))
        where = condition_of(self.section, "where", known, self.report)
        flat = together(
            feature_needs(of_files, self.used, steps=False),
            draw_needs(self.draws),
            self._user_needs(),
            label_needs(labels, self.used, (), steps=False),
            group_needs(others),
            dict(self._split_needs(split)),
            columns_of([where]),
        )
        needs = together(
            flat,
            feature_needs(of_files, self.used, steps=True),
            label_needs(labels, self.used, (), steps=True),
        )
        self._report_missing(needs, known, parts)
        needs = {name: need for name, need in needs.items() if name in known}
        self._check_lengths(features)
        found = [name for files in parts.values() for name in files.columns(self.report)]
        return RowsPlan(
            parts,
            split,
            where,
            needs,
            homes(needs, found),
            features,
            self.features.sequences,
            tuple(labels),
            others,
            self.used,
            str(setting(self.section, "user")),
            str(setting(self.section, "time")),
            self.section.at.get("split", self.section.span),
            draws=self.draws,
        )

    def _is_drawn(self, feature: Feature) -> bool:
        return self.draws is not None and feature.sequence in self.draws.sequences

    def _user_needs(self) -> Needs:
        """The user, if it matters who met what."""
        if self.draws is None or not avoids_seen(self.draws):
            return {}
        return {str(setting(self.section, "user")): Need("any", self.section.at.get("user", self.draws.at), True)}

    def _report_missing(self, needs: Mapping[str, Need], known: list[str], parts: dict[str, Files]) -> None:
        """E502, with the file that lacks a column if others have it."""
        missing = {name: need for name, need in needs.items() if need.required and name not in known}
        single = [replace(files, paths=(path,)) for files in parts.values() if missing for path in files.paths]
        each = {files.paths[0]: self._columns(files) for files in single}
        for name, need in missing.items():
            lacking = [path for path, columns in each.items() if name not in columns]
            if len(lacking) < len(each):
                message = f"`{lacking[0]}` has no column `{name}`, which other files have"
                self.report.error("E502", message, need.at, help="all files need the columns that are read")
            else:
                missing_columns({name: need}, known, "the table of rows", self.report)

    def _check_lengths(self, features: dict[str, Feature]) -> None:
        """E502 for a sequence of which nothing that is read is a list: nobody knows how long it is."""
        lists = {f.sequence for f in features.values() if is_read(f)}
        lists |= {x.sequence for x in self.features.labels.values() if x.name in self.used}
        for f in features.values():
            if f.sequence not in lists and f.sequence is not None and not self._is_drawn(f):
                message = f"no column tells how long `{f.sequence}` is: its fields that are used read none"
                self.report.error("E502", message, f.span, help="let the model read a field with a list column too")

    def _split_needs(self, split: SplitPlan | None) -> Iterator[tuple[str, Need]]:
        if split is not None and split.by in ("time", "user"):
            name = str(setting(self.section, split.by))
            at = self.section.at.get(split.by) or self.section.section("split").at.get("by")
            yield name, Need("time" if split.by == "time" else "any", at, True)
