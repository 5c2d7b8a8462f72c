"""`blockrec data`: what is in files, or in the data of a model or card, and a proposal for files without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blockrec import cache
from blockrec.data.encoding.derived import is_read
from blockrec.data.open import planned
from blockrec.data.profile.proposal import Proposal, proposed
from blockrec.data.profile.survey import Survey, survey
from blockrec.data.profile.wanted import Wanted, wanted
from blockrec.data.sources.csv import CsvForm
from blockrec.data.sources.tables import Files
from blockrec.diagnostics import Diagnostics, Source, Span, fail
from blockrec.graph.compile import check_document
from blockrec.language.document import Document, load
from blockrec.language.files import packaged_cards, packaged_models
from blockrec.run.log import Log
from blockrec.run.other_data import is_file

DELIMITERS = {".tsv": "\t"}


def is_data(name: str) -> bool:
    """Whether a word on the command line names files of data, not a model or a card."""
    path = Path(name)
    known = {*packaged_models(), *packaged_cards()}
    return is_file(name) or (name not in known and path.is_file() and path.suffix not in (".yaml", ".yml"))


def look_at_files(
    name: str,
    log: Log,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] = (),
    lists: str | None = None,
    encoding: str = "utf-8",
) -> tuple[Survey, Proposal]:
    r"""What is in files, and a card for them. Raises `BlockrecError`.

    delimiter (`\t`, as a shell gives it, is a tab), columns, lists, encoding: of CSV files.
    """
    at = Span(Source(name, name), 0, 0, len(name))
    paths = _paths(name)
    if not paths:
        raise fail("E501", f"no file `{name}`")
    mark = delimiter.replace("\\t", "\t") if delimiter else DELIMITERS.get(paths[0].suffix, ",")
    form = CsvForm(mark, tuple(columns), encoding, lists=lists)
    files = Files(paths, form, at)
    found = survey(files, Diagnostics(), log.say)
    stem = paths[0].name.partition(".")[0].partition("*")[0] or "my_data"
    return found, proposed(stem, str(Path(name).expanduser().absolute()), found, form)


def _paths(name: str) -> tuple[Path, ...]:
    path = Path(name).expanduser()
    if any(mark in path.name for mark in "*?["):
        return tuple(sorted(p for p in path.parent.glob(path.name) if p.is_file()))
    return (path,) if path.is_file() else ()


def look_at_model(
    name: str, log: Log, *, data: str | None = None, sets: Sequence[str] = (), variants: Sequence[str] = ()
) -> tuple[str, Wanted]:
    """What a model, or a card, wants beside what its data have. Raises `BlockrecError`."""
    report = Diagnostics()
    card = name if name in packaged_cards() and name not in packaged_models() else None
    if card is not None or _is_card(name):
        document = load({"blockrec": 1, "graph": {}}, report, data=name, sets=sets)
        used = None
    else:
        document = load(name, report, variants=variants, sets=sets, data=data)
        used = None if document is None else check_document(document, (), report).graph.used_features()
    report.raise_errors()
    assert document is not None
    return document.card or document.name, _wanted(document, used, log)


def _is_card(name: str) -> bool:
    """Whether a file has data and no graph."""
    path = Path(name)
    lines = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
    return bool(lines) and not any(line.startswith(("graph:", "extends:")) for line in lines)


def _wanted(document: Document, used: Sequence[str] | None, log: Log) -> Wanted:
    report = Diagnostics()
    features = document.features
    declared = [f.name for f in features.features.values() if is_read(f)] + list(features.labels)
    plan, _ = planned(document.evaluated("data"), features, used or declared, report, cache.folder(), log.say)
    report.raise_errors()
    assert plan is not None
    return wanted(plan, report, log.say)
