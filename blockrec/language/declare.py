"""The sections `features:` and `labels:` as values. Mistakes that a schema cannot see are found here and in `misuse`.

Every name that is declared gets a value, even a wrong one, so that one mistake does not make all its uses unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.calendars import MANY, Calendars
from blockrec.language.features import (
    AUTO,
    CALENDAR_ROWS,
    Buckets,
    Calendar,
    Column,
    Constant,
    Feature,
    Features,
    Hashed,
    Ids,
    Label,
    Listed,
    Position,
    Sequence,
)
from blockrec.language.misuse import FORMS, check_form
from blockrec.language.roots import check_roots
from blockrec.language.targets import read_labels
from blockrec.language.values import Map
from blockrec.language.wordlist import is_file_name, located, read_words


def read_features(features: Map, labels: Any, report: Diagnostics, card: str | None = None) -> Features:
    """What the two sections declare; their expressions are evaluated. card: the dataset card that they come from."""
    return _Reader(features, report, card).read(labels)


class _Reader:
    """specs: every feature and field by its full name, as written.

    words: root → lines of its vocabulary file. roots: feature → the end of its chain of `like`, as far as it is known.
    """

    def __init__(self, section: Map, report: Diagnostics, card: str | None) -> None:
        self.section, self.report, self.card = section, report, card
        self.specs: dict[str, tuple[Map, Span]] = {}
        self.sequences: dict[str, Sequence] = {}
        self.words: dict[str, int | None] = {}
        self.roots: dict[str, str] = {}
        self.calendars = Calendars(self.specs, report)

    def read(self, labels: Any) -> Features:
        for name, spec in self.section.items():
            at = self.section.keys_at[name]
            if isinstance(spec, Map):
                self._collect(name, spec, at)
            else:
                self.specs[name] = (Map(at), at)
        features = {name: self._feature(name, spec, at) for name, (spec, at) in self.specs.items()}
        targets = read_labels(labels, features, self.sequences, self.report)
        self._report_clashes(targets)
        check_roots(self.specs, features, self.sequences, self.section, self.report)
        return Features(features, self.sequences, targets)

    def _collect(self, name: str, spec: Map, at: Span) -> None:
        if "fields" not in spec:
            check_form(name, spec, at, self.report, in_sequence=False)
            self.specs[name] = (spec, at)
            return
        for other in [k for k in spec if k in FORMS]:
            message = f"`{name}` is a sequence (`fields`), which has no `{other}`"
            notes = [(spec.keys_at["fields"], "`fields` is given here")]
            self.report.error("E108", message, spec.keys_at[other], notes=notes)
        fields = spec.section("fields")
        for short, field in fields.items():
            place = fields.keys_at[short]
            if isinstance(field, Map):
                check_form(f"{name}.{short}", field, place, self.report, in_sequence=True)
            self.specs[f"{name}.{short}"] = (field if isinstance(field, Map) else Map(place), place)
        self.sequences[name] = Sequence(name, tuple(fields), _whole(spec.get("max_len")), _keep(spec), at)

    def _feature(self, name: str, spec: Map, at: Span) -> Feature:
        root = self._root(name)
        source = self._source(name, spec)
        own, _ = self.specs[root]
        base = Feature(name, _sequence(name), "id", root, None, source, at)
        if "dense" in spec:
            norm = spec.get("norm") if spec.get("norm") in ("log1p", "zscore", "minmax") else None
            return replace(base, kind="dense", width=_whole(spec["dense"]) or 1, dtype="float32", norm=norm)
        if "raw" in spec:
            return replace(base, kind="raw", dtype=str(spec["raw"]))
        ids = _ids(own)
        return replace(
            base,
            vocab=self._rows(root, ids),
            ids=ids,
            dim=_whole(spec.get("dim")) or _whole(own.get("dim")),
            init=_init(own.get("init")),
            pool=spec.get("pool") if spec.get("pool") in ("sum", "mean") else None,
            max_len=_whole(spec.get("max_len")),
            keep=_keep(spec),
        )

    def _root(self, name: str) -> str:
        """The end of the chain of `like`; a mistake in it makes the feature its own root."""
        path: dict[str, None] = {}
        end = name
        while end not in self.roots and end not in path and self._target(end) in self.specs:
            path[end] = None
            end = self._target(end)
        if end in path:
            self._report_cycle(list(path), end)
        elif "like" in self.specs[end][0] and end not in self.roots and self._target(end):
            self._report_unknown(self._target(end), self.specs[end][0].at["like"])
        whole = end not in path and ("like" not in self.specs[end][0] or self.roots.get(end, end) != end)
        self.roots.setdefault(end, end)
        self.roots |= {member: self.roots[end] if whole else member for member in path}
        return self.roots[name]

    def _target(self, name: str) -> str:
        """What a feature is like; empty if it is like none, or if that is no text."""
        target = self.specs[name][0].get("like")
        return target if isinstance(target, str) else ""

    def _report_cycle(self, path: list[str], start: str) -> None:
        """Once a circle, with the places of all its members."""
        members = path[path.index(start) :]
        chain = members if len(members) < MANY else [start, "…"]
        places = [self.specs[name][0].at["like"] for name in members[:MANY]]
        notes = [(at, f"`{name}` is like it") for name, at in zip(members[1:], places[1:], strict=False)]
        self.report.error("E208", f"`like` leads back to itself: {' → '.join([*chain, start])}", places[0], notes=notes)

    def _report_unknown(self, target: str, at: Span) -> None:
        if target in self.sequences:
            fields = [f"{target}.{field}" for field in self.sequences[target].fields]
            help = f"name one of its fields: {', '.join(fields)}"
            self.report.error("E208", f"`{target}` is a sequence, which has no table of its own", at, help=help)
            return
        deleted = self.section.deleted.get(target)
        notes = [(deleted, f"`{target}` is deleted here")] if deleted else []
        label = f"neither in the file nor in dataset card `{self.card}`" if self.card else ""
        help = did_you_mean(target, self.specs if len(self.report) < MANY else ())
        self.report.error("E208", f"unknown feature `{target}`", at, label=label, help=help, notes=notes)

    def _rows(self, root: str, ids: Ids | None) -> int | Literal["auto"]:
        """Rows of the table of a root, as far as they are known without data."""
        spec, _ = self.specs[root]
        if isinstance(ids, Hashed):
            return _whole(spec["hash"]) or 1
        if isinstance(ids, Buckets):
            return ids.count + 1
        if isinstance(ids, Listed) and ids.file is not None:
            words = self._words(root, ids)
            return words + 1 + ids.cold if words else AUTO
        if "position" in spec and _whole(spec.get("vocab")) is None:
            longest = self.sequences[root.rpartition(".")[0]].max_len if "." in root else None
            return longest + 1 if longest else AUTO
        return _whole(spec.get("vocab")) or CALENDAR_ROWS.get(str(spec.get("calendar"))) or AUTO

    def _words(self, root: str, ids: Listed) -> int | None:
        """Lines of a vocabulary file, which is read once."""
        if root not in self.words:
            assert ids.file is not None
            spec, _ = self.specs[root]
            words = read_words(ids.file, spec.at["vocab"], self.report)
            self.words[root] = len(words) if words else None
        return self.words[root]

    def _source(self, name: str, spec: Map) -> Column | Constant | Position | Calendar:
        root = self._root(name)
        own, _ = self.specs[root]
        if "constant" in spec:
            return Constant(spec["constant"] if isinstance(spec["constant"], int) else 0)
        if "position" in spec:
            return Position("from_start" if spec["position"] == "from_start" else "from_end")
        if "calendar" in spec or "calendar" in own:
            return self.calendars.read(name, spec, own)
        if "pool" in spec and "pool" not in own:  # a list stands in a column of its own
            root, own = name, spec
        column = spec.get("column", own.get("column"))
        written = column if isinstance(column, str) else root.rpartition(".")[2]
        return Column(written, spec.get("default"), "column" in spec)

    def _report_clashes(self, labels: dict[str, Label]) -> None:
        for name, label in labels.items():
            if name in self.specs or name in self.sequences:
                notes = [(self.section.keys_at[name], "feature")]
                self.report.error("E201", f"label `{name}` has the name of a feature", label.span, notes=notes)


def _ids(root: Map) -> Ids | None:
    """How the values of a root become rows; None if they are rows."""
    vocab, buckets = root.get("vocab"), root.get("buckets")
    if "hash" in root:
        return Hashed()
    if isinstance(buckets, list):
        edges = tuple(float(e) for e in buckets if isinstance(e, int | float))
        return Buckets(len(edges) + 1, edges)
    if buckets is not None:
        return Buckets(_whole(buckets) or 2)
    if any(key in root for key in ("position", "constant", "calendar")) or _whole(vocab) is not None:
        return None
    cold = _whole(root.get("cold")) or 0
    file = located(str(vocab), root.at["vocab"]) if is_file_name(vocab) else None
    return Listed(file, cold)


def _sequence(name: str) -> str | None:
    return name.rpartition(".")[0] or None


def _keep(spec: Map) -> Literal["first", "last"]:
    return "first" if spec.get("keep") == "first" else "last"


def _init(value: Any) -> tuple[str, float] | None:
    known = [(k, v) for k, v in value.items() if isinstance(v, int | float)] if isinstance(value, Map) else []
    return known[0] if len(known) == 1 else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
