"""The sections `features:` and `labels:` as values. Mistakes that a schema cannot see are found here.

Every name that is declared gets a value, even a wrong one, so that one mistake does not make all its uses unknown.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.features import AUTO, Column, Constant, Feature, Features, Label, Position, Sequence
from blockrec.language.values import List, Map

TABLES, NUMBERS = ("vocab", "like"), ("dense", "raw")
OWN = ("column", "default")
FORMS = (*TABLES, *NUMBERS, *OWN, "constant", "position", "dim")
"""Keys of one value; a sequence has others."""


def read_features(features: Map, labels: Any, report: Diagnostics, card: str | None = None) -> Features:
    """What the two sections declare; their expressions are evaluated. card: the dataset card that they come from."""
    return _Reader(features, report, card).read(_read_labels(labels, report))


class _Reader:
    """specs: every feature and field by its full name, as written."""

    def __init__(self, section: Map, report: Diagnostics, card: str | None) -> None:
        self.section, self.report, self.card = section, report, card
        self.specs: dict[str, tuple[Map, Span]] = {}
        self.sequences: dict[str, Sequence] = {}

    def read(self, labels: dict[str, Label]) -> Features:
        for name, spec in self.section.items():
            at = self.section.keys_at[name]
            if isinstance(spec, Map):
                self._collect(name, spec, at)
            else:
                self.specs[name] = (Map(at), at)
        features = {name: self._feature(name, spec, at) for name, (spec, at) in self.specs.items()}
        self._report_clashes(labels)
        checked = {name: self._checked(feature, features) for name, feature in features.items()}
        return Features(checked, self.sequences, labels)

    def _collect(self, name: str, spec: Map, at: Span) -> None:
        if "fields" not in spec:
            self._check_form(name, spec, at, in_sequence=False)
            self.specs[name] = (spec, at)
            return
        for other in [k for k in spec if k in FORMS]:
            self._error(f"`{name}` is a sequence (`fields`), which has no `{other}`", spec.keys_at[other])
        fields = spec.section("fields")
        for short, field in fields.items():
            place = fields.keys_at[short]
            if isinstance(field, Map):
                self._check_form(f"{name}.{short}", field, place, in_sequence=True)
            self.specs[f"{name}.{short}"] = (field if isinstance(field, Map) else Map(place), place)
        longest = _whole(spec.get("max_len"))
        keep: Literal["first", "last"] = "first" if spec.get("keep") == "first" else "last"
        self.sequences[name] = Sequence(name, tuple(fields), longest, keep, at)

    def _check_form(self, name: str, spec: Map, at: Span, *, in_sequence: bool) -> None:
        """One kind, one source, and only the options that the kind has (E108)."""
        for first, second in _contradictions(spec):
            notes = [(spec.keys_at[first], f"`{first}` is given here")]
            help = f"keep one of them (`{first}: null` deletes what a dataset card says)"
            message = f"`{name}` cannot be both `{first}` and `{second}`"
            self.report.error("E108", message, spec.keys_at[second], notes=notes, help=help)
        for option in ("max_len", "keep"):
            if option in spec:
                self._error(f"`{option}` belongs to a sequence, and `{name}` has no `fields`", spec.keys_at[option])
        if "dim" in spec and any(kind in spec for kind in NUMBERS):
            self._error(f"`{name}` has no table, so no `dim`", spec.keys_at["dim"])
        if "position" in spec and not in_sequence:
            self._error(f"`position` counts the steps of a sequence, and `{name}` is none", spec.keys_at["position"])
        if "constant" in spec and not any(kind in spec for kind in (*TABLES, "position")):
            self._error(f"`{name}` needs `vocab` or `like`: the table that the constant is a row of", at)
        if not any(kind in spec for kind in (*TABLES, *NUMBERS, "position", "constant")) and _is_known(spec):
            help = "e.g. {vocab: auto}, {like: item}, {dense: 1}, {raw: int64}"
            self.report.error("E108", f"`{name}` does not say what it is", at, help=help)

    def _error(self, message: str, at: Span) -> None:
        self.report.error("E108", message, at)

    def _feature(self, name: str, spec: Map, at: Span) -> Feature:
        sequence = name.rpartition(".")[0] or None
        root = self._root(name)
        vocab = self._vocab(root)
        dim = _whole(spec.get("dim"))
        own, _ = self.specs[root]
        base = Feature(
            name, sequence, "id", root, vocab, self._source(name, spec), at, dim=dim or _whole(own.get("dim"))
        )
        if "dense" in spec:
            return replace(base, kind="dense", vocab=None, width=_whole(spec["dense"]) or 1, dtype="float32", dim=None)
        if "raw" in spec:
            return replace(base, kind="raw", vocab=None, dtype=str(spec["raw"]), dim=None)
        return base

    def _root(self, name: str) -> str:
        """The end of the chain of `like`; a mistake in it makes the feature its own root."""
        seen = [name]
        while "like" in self.specs[seen[-1]][0]:
            spec, _ = self.specs[seen[-1]]
            target = spec["like"]
            if not isinstance(target, str) or target not in self.specs:
                if len(seen) == 1 and isinstance(target, str):
                    self._report_unknown(target, spec.at["like"])
                return name
            if target in seen:
                if target == name:
                    chain = " → ".join([*seen, target])
                    self.report.error("E208", f"`like` leads back to itself: {chain}", spec.at["like"])
                return name
            seen.append(target)
        return seen[-1]

    def _report_unknown(self, target: str, at: Span) -> None:
        if target in self.sequences:
            fields = [f"{target}.{field}" for field in self.sequences[target].fields]
            help = f"name one of its fields: {', '.join(fields)}"
            self.report.error("E208", f"`{target}` is a sequence, which has no table of its own", at, help=help)
            return
        deleted = self.section.deleted.get(target)
        notes = [(deleted, f"`{target}` is deleted here")] if deleted else []
        label = f"neither in the file nor in dataset card `{self.card}`" if self.card else ""
        help = did_you_mean(target, self.specs)
        self.report.error("E208", f"unknown feature `{target}`", at, label=label, help=help, notes=notes)

    def _vocab(self, root: str) -> Any:
        spec, _ = self.specs[root]
        vocab = spec.get("vocab")
        if "position" in spec and _whole(vocab) is None:
            longest = self.sequences[root.rpartition(".")[0]].max_len if "." in root else None
            return longest + 1 if longest else AUTO
        return _whole(vocab) or AUTO

    def _source(self, name: str, spec: Map) -> Column | Constant | Position:
        if "constant" in spec:
            return Constant(spec["constant"] if isinstance(spec["constant"], int) else 0)
        if "position" in spec:
            return Position("from_start" if spec["position"] == "from_start" else "from_end")
        column = spec.get("column")
        return Column(column if isinstance(column, str) else self._column(name), spec.get("default"))

    def _column(self, name: str) -> str:
        """The column of a feature that names none: that of the feature it is like, else its short name."""
        root = self._root(name)
        column = self.specs[root][0].get("column")
        return column if isinstance(column, str) else root.rpartition(".")[2]

    def _report_clashes(self, labels: dict[str, Label]) -> None:
        for name, label in labels.items():
            if name in self.specs or name in self.sequences:
                notes = [(self.section.keys_at[name], "feature")]
                self.report.error("E201", f"label `{name}` has the name of a feature", label.span, notes=notes)

    def _checked(self, feature: Feature, features: dict[str, Feature]) -> Feature:
        """Whatever needs the feature that this one is like."""
        spec, at = self.specs[feature.name]
        root = features[feature.root]
        if feature.kind == "id" and root.kind != "id":
            self._error(f"`{feature.name}` is like `{root.name}`, which has no table", spec.at["like"])
        if isinstance(feature.source, Constant):
            self._check_rows(feature, feature.source.value, spec.at["constant"], "the constant is")
            if root is feature and feature.vocab == AUTO and "vocab" in spec:
                self._error(
                    f"no data tells how many rows the table of the constant `{feature.name}` has", spec.at["vocab"]
                )
        if isinstance(feature.source, Position):
            longest = self.sequences[feature.sequence].max_len if feature.sequence in self.sequences else None
            if longest is None and feature.vocab == AUTO and root is feature and self._has_no_length(feature):
                self._error(f"`{feature.name}` needs `vocab`, or its sequence `max_len`", at)
            self._check_rows(feature, longest or 0, spec.at["position"], "positions go up to")
        return feature

    def _has_no_length(self, feature: Feature) -> bool:
        """Whether `max_len` was left out, not misspelt or wrong."""
        spec = self.section.section(feature.sequence or "")
        return feature.sequence in self.sequences and not set(spec) - {"fields", "keep"}

    def _check_rows(self, feature: Feature, largest: float, at: Span, what: str) -> None:
        rows = feature.vocab
        if isinstance(rows, int) and largest >= rows:
            message = f"{what} {largest}, but the table of `{feature.root}` has {rows} rows (0 … {rows - 1})"
            self.report.error("E106", message, at, help=f"vocab: {largest + 1}")


def _contradictions(spec: Map) -> list[tuple[str, str]]:
    """Pairs of keys that exclude each other, in the order of the file."""
    kinds = [k for k in spec if k in (*TABLES, *NUMBERS)]
    pairs = list(pairwise(kinds))
    sources = [k for k in spec if k in ("constant", "position")]
    pairs += pairwise(sources)
    for source in sources:
        pairs += [(source, k) for k in (*NUMBERS, *OWN) if k in spec]
    return pairs


def _is_known(spec: Map) -> bool:
    """Whether all keys are legal: a misspelt kind is reported as such already."""
    return all(k in (*OWN, "dim", "max_len", "keep") for k in spec)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _read_labels(section: Any, report: Diagnostics) -> dict[str, Label]:
    if isinstance(section, List):
        return _listed_labels(section, report)
    if not isinstance(section, Map):
        return {}
    return {name: _label(name, section, report) for name in section}


def _listed_labels(section: List, report: Diagnostics) -> dict[str, Label]:
    labels: dict[str, Label] = {}
    for name, at in zip(section, section.at, strict=True):
        if isinstance(name, str) and name in labels:
            report.error("E201", f"label `{name}` is listed twice", at, notes=[(labels[name].span, "first here")])
        elif isinstance(name, str):
            labels[name] = Label(name, name, at)
    return labels


def _label(name: str, section: Map, report: Diagnostics) -> Label:
    spec = section.section(name)
    forms = [k for k in ("at_least", "bit") if k in spec]
    if len(forms) == 2 or (forms and spec.get("type") == "float"):
        other = "bit" if len(forms) == 2 else "type"
        message = f"label `{name}` cannot have both `{forms[0]}` and `{other}{': float' if other == 'type' else ''}`"
        report.error("E101", message, spec.keys_at[other], notes=[(spec.keys_at[forms[0]], "given here")])
    column, least, bit = spec.get("column"), spec.get("at_least"), spec.get("bit")
    return Label(
        name,
        column if isinstance(column, str) else name,
        section.keys_at[name],
        at_least=float(least) if isinstance(least, int | float) else None,
        bit=bit if isinstance(bit, int) else None,
        type="float" if spec.get("type") == "float" else "binary",
    )
