"""A model file, merged: dataset card, file, variants and `--set`, with positions, parameters and features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Source, Span, did_you_mean
from blockrec.language.declare import read_features
from blockrec.language.dump import dump
from blockrec.language.expressions import substitute
from blockrec.language.features import Features
from blockrec.language.files import folder_of, locate, packaged_cards, read_file, read_model
from blockrec.language.merge import lay_over, merge
from blockrec.language.names import check_names
from blockrec.language.overrides import check_patch, read_override
from blockrec.language.params import REQUIRED, resolve_params
from blockrec.language.portable import portable
from blockrec.language.schema.document import VERSION, card_schema, model_schema
from blockrec.language.source import read_map
from blockrec.language.validate import validate
from blockrec.language.values import UNKNOWN, Map

AS_WRITTEN = ("blockrec", "name", "doc", "imports", "params", "graph", "blocks")
"""Top-level keys without expressions, or whose expressions are evaluated elsewhere."""
CARD_SECTIONS = ("features", "labels", "data")


@dataclass(frozen=True)
class Document:
    """A checked model file before its graph is compiled.

    root: the merged file, values with positions; expressions are still texts.
    name: `name:`, else the file's stem. folder: of the file; None for texts and mappings.
    card: the dataset card merged below, as it was named; card_file: its file as spans name it.
    params: the top-level parameters, evaluated. sections: the others, evaluated.
    """

    root: Map
    name: str
    folder: Path | None
    card: str | None
    params: dict[str, Any]
    features: Features
    sections: Map = field(repr=False)
    card_file: str | None = None

    def evaluated(self, section: str) -> Map:
        """A section with all expressions evaluated; empty if the file does not have it."""
        return self.sections.section(section)

    def is_own(self, feature: str) -> bool:
        """Whether the file itself, not only its dataset card, names this feature or sequence."""
        at = self.root.section("features").keys_at.get(feature.partition(".")[0])
        return at is not None and at.source.name != self.card_file

    def to_yaml(self) -> str:
        """The merged document as a file of its own: card, variants and overrides are part of it."""
        head = {"blockrec": VERSION, "name": self.name}
        text = dump({**head, **portable(self.root, self.evaluated("data"))}, Diagnostics())
        assert text is not None
        return text


def load(
    model: str | Path | Mapping[str, Any],
    report: Diagnostics,
    *,
    variants: Sequence[str] = (),
    sets: Sequence[str] = (),
    data: str | None = None,
) -> Document | None:
    """Read, merge and check a model file.

    model: a path, the name of a packaged model, YAML text (holds a newline), or a mapping. variants: names of patches
    in the file, applied from left to right. sets: `path.to.key=value`, applied last. data: the dataset card to use
    instead of the file's. Mistakes are reported; None if too little could be read to check anything more.
    """
    read = read_model(model, report)
    file = read_map(read[0], report) if read else None
    if read is None or file is None or not _speaks_this_version(file, report):
        return None
    path = read[1]
    card = _read_card(file, data, report)
    merged = _with_variants(_over_card(file, card, data), file, variants, report)
    merged = _with_overrides(merged, sets, report)
    return _document(merged, path, card, report)


def _speaks_this_version(file: Map, report: Diagnostics) -> bool:
    version = file.get("blockrec", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        message = f"the file is written in version {version} of the language, this blockrec reads version {VERSION}"
        report.error("E010", message, file.at["blockrec"], help="update blockrec: pip install -U blockrec")
        return False
    return True


@dataclass(frozen=True)
class _Card:
    name: str
    file: str
    content: Map


def _read_card(file: Map, data: str | None, report: Diagnostics) -> _Card | None:
    named = file.get("dataset")
    if data is not None:
        named, at, folder = data, Span(Source("--data", data), 0, 0, max(1, len(data))), None
    elif isinstance(named, str):
        at = file.at["dataset"]
        folder = folder_of(at)
    else:
        return None
    cards = packaged_cards()
    path = cards.get(named) or locate(named, cards, folder)
    if path is None:
        help = did_you_mean(named, cards, f"packaged cards: {', '.join(cards)}")
        report.error("E111", f"there is no dataset card `{named}`", at, help=help)
        return None
    source = read_file(path, report, at)
    content = read_map(source, report) if source else None
    if source is None or content is None or not _speaks_this_version(content, report):
        return None
    validate(content.without(*CARD_SECTIONS), card_schema(), report)
    return _Card(named, source.name, content)


def _over_card(file: Map, card: _Card | None, data: str | None) -> Map:
    if data is not None and "dataset" not in file:
        file = file.without("data")
    file = file.without("dataset")
    if card is None:
        return file
    keys = [k for k in card.content if k not in CARD_SECTIONS]
    return lay_over(card.content.without(*keys), file)


def _with_variants(merged: Map, file: Map, variants: Sequence[str], report: Diagnostics) -> Map:
    known = file.section("variants")
    merged = merged.without("variants")
    for name in [part.strip() for v in variants for part in v.split(",")]:
        patch = known.get(name)
        if isinstance(patch, Map):
            merged = merge(merged, check_patch(merged, patch, model_schema(), report))
        elif name not in known:
            at = Span(Source("--variant", name), 0, 0, max(1, len(name)))
            otherwise = f"variants: {', '.join(known)}" if known else "the file has no `variants`"
            report.error("E111", f"there is no variant `{name}`", at, help=did_you_mean(name, known, otherwise))
    return merged


def _with_overrides(merged: Map, sets: Sequence[str], report: Diagnostics) -> Map:
    for argument in sets:
        patch = read_override(argument, report)
        if patch is not None:
            merged = merge(merged, check_patch(merged, patch, model_schema(), report))
    return merged


def _document(root: Map, path: Path | None, card: _Card | None, report: Diagnostics) -> Document | None:
    params = _params(root, report)
    sections = _evaluated(root, params, report)
    validate(sections, model_schema(), report)
    if not all(isinstance(root.get(key), Map) for key in ("graph", "features")):
        return None
    features = read_features(sections.section("features"), sections.get("labels"), report)
    check_names(sections, card.file if card else None, report)
    return Document(
        root,
        _name(root, path),
        path.parent if path else None,
        card.name if card else None,
        params,
        features,
        sections,
        card.file if card else None,
    )


def _params(root: Map, report: Diagnostics) -> dict[str, Any]:
    declared = root.section("params")
    missing = [name for name, value in declared.items() if value == REQUIRED]
    for name in missing:
        help = f"--set params.{name}=..."
        report.error("E105", f"parameter `{name}` has no value", declared.at[name], help=help)
    return resolve_params(declared, report, dict.fromkeys(missing, UNKNOWN))


def _evaluated(root: Map, params: Mapping[str, Any], report: Diagnostics) -> Map:
    entries = {
        key: (key_at, value if key in AS_WRITTEN else substitute(value, at, params, report), at)
        for key, (key_at, value, at) in root.entries().items()
    }
    return Map(root.span, entries)


def _name(root: Map, path: Path | None) -> str:
    name = root.get("name")
    return name if isinstance(name, str) else path.stem if path else "model"
