"""What a model is merged from, lowest first.

Dataset card, libraries, extended files, the file, variants, a sweep's point, overrides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blockrec.diagnostics import Diagnostics, Source, Span, did_you_mean
from blockrec.language.extends import all_variants, read_chain
from blockrec.language.files import folder_of, locate, packaged_cards, read_file
from blockrec.language.libraries import Libraries, read_libraries
from blockrec.language.merge import lay_over, merge
from blockrec.language.overrides import check_patch, child, read_override
from blockrec.language.schema.document import card_schema, model_schema
from blockrec.language.source import read_map
from blockrec.language.sweep import BASE, Point
from blockrec.language.trust import OPEN, Fence
from blockrec.language.validate import validate
from blockrec.language.values import List, Map
from blockrec.language.version import newer_version

VARIANT_OPTION = "--variant"
CARD_SECTIONS = ("features", "labels", "data")
NEEDED = ("graph", "extends")
"""Of these a model has one, and a file of another system has none."""
HEAD = ("extends", "variants", "dataset")
"""Keys that say what to merge; they are not part of the result."""


_DELETING = {"additionalProperties": {"type": ["object", "null"]}}


@dataclass(frozen=True)
class Layers:
    """root: everything merged. card: its name as written; card_file: its file as spans name it.

    sweep: a mapping of that section alone, which says what to run and is no part of a model; empty without one.

    patched: whether an extended file, a variant or an override changed what the file says.
    libraries: files of imported composites as spans name them. applied: the variants, by name.
    """

    root: Map
    card: str | None
    card_file: str | None
    patched: bool
    sweep: Map
    libraries: frozenset[str]
    applied: tuple[tuple[str, Map], ...]


def merge_layers(
    file: Map,
    variants: Sequence[str],
    sets: Sequence[str],
    data: str | None,
    report: Diagnostics,
    point: Point | None = None,
    fence: Fence = OPEN,
) -> Layers | None:
    """Read whatever belongs to `file` and merge it.

    None if that means nothing: a part is written in a newer language or cannot be had, or `file` is no model at all.
    """
    if not any(key in file for key in ("blockrec", *NEEDED)):
        message = f"`{file.span.source.name}` is not a blockrec model: it has neither `blockrec` nor `graph`"
        report.error("E105", message, file.span, help="`blockrec new NAME` writes a small model to start from")
        return None
    chain = read_chain(file, fence, report)
    if any(newer_version(part, report) for part in chain):
        return None
    _check_heads(chain, report)
    if isinstance(chain[0].get("extends"), str):
        return None
    card = _read_card(chain, data, fence, report)
    applied = _variants(all_variants(chain), _asked(variants, point), report)
    patches = [patch for _, patch in applied]
    patches += point.patches() if point else ()
    patches += filter(None, (read_override(argument, report) for argument in sets))
    libraries = _read_libraries([*chain, *patches], fence, report)
    root = _merged(chain, card, libraries, data, report)
    if card is None and "features" not in root and any("dataset" in part for part in chain):
        return None
    for patch in patches:
        root = merge(root, check_patch(root, patch, model_schema(), report))
    root = fence.without_code(_with_python(root, libraries), report)
    patched = len(chain) > 1 or bool(variants or sets or point)
    card_name, card_file = (card.name, card.file) if card else (None, None)
    return Layers(
        root.without("sweep"), card_name, card_file, patched, root.only("sweep"), libraries.files, (*applied,)
    )


def _check_heads(chain: list[Map], report: Diagnostics) -> None:
    """The keys that are not part of the result. An extending file may delete variants of its base by null."""
    properties = {key: child(model_schema(), key) for key in HEAD}
    for file in chain:
        variants = properties["variants"] if file is chain[0] else {**properties["variants"], **_DELETING}
        schema = {"properties": {**properties, "variants": variants}}
        validate(file.only(*HEAD), schema, report)


@dataclass(frozen=True)
class _Card:
    name: str
    file: str
    content: Map


def _read_card(chain: list[Map], data: str | None, fence: Fence, report: Diagnostics) -> _Card | None:
    """The card that `--data` names, else the last file of the chain that names one; only the sections to merge."""
    file = next((f for f in reversed(chain) if "dataset" in f), chain[-1])
    named = file.get("dataset")
    if data is not None:
        named, at, folder = data, Span(Source("--data", data), 0, 0, max(1, len(data))), None
    elif isinstance(named, str):
        at = file.at["dataset"]
        folder = folder_of(at)
    else:
        return None
    cards = packaged_cards()
    if data is None and fence.refuses(named, at, report):
        return None
    path = cards.get(named) or locate(named, cards, folder)
    if path is None:
        help = did_you_mean(named, cards, f"packaged cards: {', '.join(cards)}")
        report.error("E111", f"there is no dataset card `{named}`", at, help=help)
        return None
    source = read_file(path, report, at)
    content = read_map(source, report) if source else None
    if source is None or content is None or newer_version(content, report):
        return None
    validate(content.without(*CARD_SECTIONS), card_schema(), report)
    return _Card(named, source.name, content.only(*CARD_SECTIONS))


def _read_libraries(parts: list[Map], fence: Fence, report: Diagnostics) -> Libraries:
    """Of the last part that says what to import, because a list replaces the one before."""
    imports = next((part["imports"] for part in reversed(parts) if "imports" in part), None)
    return read_libraries(imports if isinstance(imports, List) else List(parts[0].span, []), fence, report)


def _with_python(root: Map, libraries: Libraries) -> Map:
    """`root` with the Python that it and its libraries import; the libraries themselves are merged."""
    if not isinstance(root.get("imports"), List):
        return root
    entries = root.entries()
    entries["imports"] = (root.keys_at["imports"], libraries.python, root.at["imports"])
    return Map(root.span, entries, root.deleted)


def _merged(chain: list[Map], card: _Card | None, libraries: Libraries, data: str | None, report: Diagnostics) -> Map:
    """The card and the libraries, the base of all, each file that extends the one before; its place is the file's."""
    base = chain[0].without(*HEAD)
    if data is not None and not any("dataset" in file for file in chain):
        base = base.without("data")
    merged = lay_over(card.content, base) if card else base
    if libraries.blocks:
        at = libraries.blocks.span
        merged = lay_over(Map(at, {"blocks": (at, libraries.blocks, at)}), merged)
    for file in chain[1:]:
        patch = file.without("blockrec", *HEAD)
        merged = merge(merged, check_patch(merged, patch, model_schema(), report))
    return Map(chain[-1].span, merged.entries(), merged.deleted)


def _asked(variants: Sequence[str], point: Point | None) -> list[tuple[str, Span]]:
    """`["a,b"]` of the command line as names with places; those of the point, if it has some."""
    swept = point.variants() if point else None
    if swept is not None:
        return swept
    names = [part.strip() for word in variants for part in word.split(",")]
    return [(name, Span(Source(VARIANT_OPTION, name), 0, 0, max(1, len(name)))) for name in names]


def _variants(known: Map, asked: Sequence[tuple[str, Span]], report: Diagnostics) -> list[tuple[str, Map]]:
    """The patches of those names, with the names."""
    for name, at in asked:
        if name not in known and not (name == BASE and at.source.name != VARIANT_OPTION):
            otherwise = f"variants: {', '.join(known)}" if known else "the file has no `variants`"
            report.error("E111", f"there is no variant `{name}`", at, help=did_you_mean(name, known, otherwise))
    return [(name, known[name]) for name, _ in asked if isinstance(known.get(name), Map)]
