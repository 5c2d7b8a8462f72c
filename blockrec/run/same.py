"""Is it still the same training? What may change between the parts of a run, and what may not."""

from __future__ import annotations

import filecmp
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blockrec.diagnostics import BlockrecError, Diagnostics, fail
from blockrec.graph.compile import Checked
from blockrec.graph.compile import check_document as checked_document
from blockrec.graph.diff import Change, diff
from blockrec.language.document import Document
from blockrec.run.names import DATA, ENVIRONMENT, RESOLVED
from blockrec.run.prepare import Job, Wishes, read_document

FREE = ("train.", "eval.", "export.", "kernels", "fuse")
"""Settings that a run may go on with other values of."""
FIXED = ("train.seed",)
MEASURED = {"metrics", "warn"}
"""Aspects of a result that do not change what is trained."""


def check_document(source: Any, wishes: Wishes, run: Path) -> list[str]:
    """E703 if a document trains another model, or on other data, than a run; returns which settings are others."""
    new = read_document(source, wishes)
    old = read_document(run / RESOLVED, Wishes())
    if new.to_yaml() == old.to_yaml():
        return []
    changes = diff(_checked(old, wishes), _checked(read_document(new.to_yaml(), Wishes()), wishes)).changes
    refused = [text for change in changes if not _is_free(change) for text in _texts(change)]
    if refused:
        more = f"; and {len(refused) - 1} more" if len(refused) > 1 else ""
        help = f"`blockrec run --resume {run}` trains it as it was; `--warm-start {run}` begins anew with what fits"
        raise fail("E703", f"this is not what `{run}` trains: {refused[0]}{more}", help=help)
    return [text for change in changes for text in _texts(change)]


def check_data(job: Job, run: Path) -> None:
    """E703 if the data are others than those that the run began with."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        job.save_data(folder)
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            known = run / file.relative_to(folder)
            if not known.is_file() or not filecmp.cmp(file, known, shallow=False):
                raise _other_data(run, known, json.loads((folder / DATA).read_text("utf-8")))


def _other_data(run: Path, known: Path, now: Mapping[str, Any]) -> BlockrecError:
    what = f"`{known.relative_to(run)}` is not what they teach now"
    if known.name == DATA and known.is_file():
        then = json.loads(known.read_text("utf-8"))
        what = next((f"{key} {then.get(key)} then, {now[key]} now" for key in now if now[key] != then.get(key)), what)
    help = f"bring the data back, or begin a new run: `--warm-start {run}` takes the weights over"
    return fail("E703", f"the data have changed since `{run}` began: {what}", help=help)


def environment_changes(run: Path, now: Mapping[str, Any]) -> Iterator[str]:
    """What is different on this machine; the last bits of results may depend on it."""
    try:
        then = json.loads((run / ENVIRONMENT).read_text("utf-8"))
    except (OSError, ValueError):
        return
    for key, value in now.items():
        if then.get(key) != value:
            yield f"{key}: {then.get(key)} → {value}; results may differ in their last digits"


def _checked(document: Document, wishes: Wishes) -> Checked:
    report = Diagnostics()
    checked = checked_document(document, wishes.imports, report)
    report.raise_errors()
    return checked


def _is_free(change: Change) -> bool:
    if change.section == "settings":
        return change.name.startswith(FREE) and change.name not in FIXED
    return change.section == "returns" and change.kind == "changed" and {a.name for a in change.aspects} <= MEASURED


def _texts(change: Change) -> Iterator[str]:
    """`deep: parameter hidden: [8] → [16]`."""
    if change.kind != "changed":
        yield f"`{change.name}` is {change.kind}"
        return
    for aspect in change.aspects:
        what = "" if change.section == "settings" else f" {aspect.name}:"
        yield f"`{change.name}`{what} {aspect.old} → {aspect.new}"
