"""The door to the data: a section `data:` and the features of a model → a dataset."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from blockrec import cache as caches
from blockrec.data import store
from blockrec.data.convert.convert import converted
from blockrec.data.dataset import Dataset, opened
from blockrec.data.encoding.derived import is_read
from blockrec.data.encoding.fits import Fits
from blockrec.data.events_source.events import Log
from blockrec.data.events_source.plan import Plan
from blockrec.data.events_source.prepare import prepare
from blockrec.data.events_source.reading import read_plan
from blockrec.data.events_source.synthetic import generated
from blockrec.data.notes import read_notes
from blockrec.data.rows_source.build import build as build_rows
from blockrec.data.rows_source.plan import RowsPlan
from blockrec.data.rows_source.random_rows import drawn
from blockrec.data.rows_source.reading import SYNTHETIC, is_rows, read_rows_plan
from blockrec.data.sampling.plan import SAMPLED
from blockrec.data.sources.paths import root_of
from blockrec.data.spare import report_spare
from blockrec.diagnostics import BlockrecError, Diagnostics, fail
from blockrec.language.features import AUTO, Constant, Features, Position
from blockrec.language.values import Map

Progress = Callable[[str], None]
Read = Callable[[Map, Path | None, Features, Collection[str], Diagnostics], Plan | RowsPlan | None]


def open_dataset(
    section: Map,
    features: Features,
    used: Collection[str],
    report: Diagnostics,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    fitted: Path | None = None,
) -> Dataset | None:
    """The dataset that a section `data:` describes, or None after errors (E101, E106, E208, E402–E403, E501–E505).

    The sorted log and the samples are built once and kept in `cache` (default: `$BLOCKREC_CACHE`, else
    `~/.cache/blockrec`), named by a hash of the files' contents and of what the section and the features say;
    afterwards they are mapped into memory.

    Args:
        section: the section, with all expressions evaluated.
        features: what the document declares.
        used: names of the features and labels that the model reads, and of columns that metrics group by; a batch
            has exactly these.
        report: collects what is wrong.
        cache: folder to keep things in.
        progress: called with a few words before each longer step.
        fitted: folder `vocabularies` of a run, whose vocabularies, edges and scales are used instead of those that
            these data would teach; then there need not be training samples. E501 for what it lacks.
    """
    found, cache = Diagnostics(), cache or caches.folder()
    try:
        return _opened(section, features, used, found, cache, progress or (lambda _: None), fitted)
    except BlockrecError as error:
        _hand_over(error.diagnostics, found)
    except OSError as error:
        of_cache = str(error.filename).startswith(str(cache))
        help = "the cache must be a folder that can be written: set BLOCKREC_CACHE to one" if of_cache else ""
        found.error("E501", f"{error.strerror or error}: `{error.filename}`", section.span, help=help)
    finally:
        _hand_over(found, report)
    return None


def _hand_over(found: Diagnostics, report: Diagnostics) -> None:
    for d in found:
        report.error(d.code, d.message, d.at, label=d.label, help=d.help, notes=d.notes)


def _opened(
    section: Map,
    features: Features,
    used: Collection[str],
    report: Diagnostics,
    cache: Path,
    progress: Progress,
    fitted: Path | None,
) -> Dataset | None:
    plan, files = planned(section, features, used, report, cache, progress)
    if plan is not None and fitted is not None:
        plan = with_fits(plan, fitted, report)
    if plan is None or report.failed:
        return None
    folder = _built_rows(plan, cache, progress) if isinstance(plan, RowsPlan) else _built(plan, cache, progress)
    dataset = opened(folder, plan, files)
    _check_rows(dataset, plan, report)
    report_spare(folder, [f for f in plan.features.values() if f.name in plan.used], report)
    return None if report.failed else dataset


def planned(
    section: Map, features: Features, used: Collection[str], report: Diagnostics, cache: Path, progress: Progress
) -> tuple[Plan | RowsPlan | None, Path | None]:
    """What is to be built, None after errors; and the folder of generated files, None for files of the user."""
    if not (is_rows(section) or "events" in section):
        help = "`data: {events: FILE}`, or a card: `dataset: NAME` in the file, `--data NAME` on the command line"
        report.error("E501", "the model does not say which data it is for", section.span, help=help)
        return None, None
    made = drawn(section, features, used, cache, progress) if SYNTHETIC in section else None
    files = made or generated(section, cache, progress)
    root = files or converted(section, root_of(section, report), cache, progress, report)
    read: Read = read_rows_plan if is_rows(section) else read_plan
    return None if report.failed else read(section, root, features, used, report), files


def with_fits(plan: Plan | RowsPlan, folder: Path, report: Diagnostics) -> Plan | RowsPlan:
    """The plan that encodes with what a run kept in `folder`."""
    wanted = [f for f in plan.features.values() if f.name in plan.used and is_read(f)]
    return plan.with_fits(Fits.load(folder, wanted, report))


def _built_rows(plan: RowsPlan, cache: Path, progress: Progress) -> Path:
    """The folder with the rows; raises `BlockrecError` after errors."""
    if plan.fitted is None and "train" not in plan.parts:
        help = "`train:` names their files"
        raise fail("E501", "there are no rows to train with", plan.at, help=help)
    hashes = [store.content_hash(path, cache / "hashes") for path in plan.files]
    folder = cache / store.name_of("rows", hashes, plan.key)
    return store.built(folder, lambda scratch: build_rows(plan, scratch, progress))


def _built(plan: Plan, cache: Path, progress: Progress) -> Path:
    """The folder with the samples; raises `BlockrecError` after errors."""
    hashes = {path: store.content_hash(path, cache / "hashes") for path in plan.files}
    log = cache / store.name_of("log", [hashes[path] for path in plan.log.source.paths], plan.log.key)
    samples = cache / store.name_of("samples", log.name, list(hashes.values()), plan.key)

    def build(folder: Path) -> None:
        report = Diagnostics()
        store.built(log, lambda scratch: plan.log.build(scratch, report, progress))
        prepare(plan, Log.open(log, plan.log.time), folder, report, progress)

    store.built(samples, build)
    if not _read_columns(plan) <= set(read_notes(samples)["stored"]):
        # Left out when it was built for a model that does not read them: build again to report what is wrong.
        with tempfile.TemporaryDirectory() as scratch:
            build(Path(scratch))
    return samples


def _read_columns(plan: Plan) -> frozenset[str]:
    features = {f.name for f in plan.features.values() if is_read(f)}
    return plan.used & (features | {label.name for label in plan.labels})


def _check_rows(dataset: Dataset, plan: Plan | RowsPlan, report: Diagnostics) -> None:
    """E504 where a position or a constant lies outside its table."""
    described = dataset.describe()
    longest = {name: found["max"] for name, found in described["history"].items()}
    if "negatives" in described:
        longest[SAMPLED] = described["negatives"]["sampled"]
    for f in plan.features.values():
        rows = dataset.vocabularies.get(f.root) if f.vocab == AUTO else f.vocab
        if f.name not in plan.used or f.kind != "id" or rows is None:
            continue
        if isinstance(f.source, Position) and longest[str(f.sequence)] >= rows:
            steps = longest[str(f.sequence)]
            message = f"positions of `{f.sequence}` reach {steps}, outside a table of {rows:,} rows"
            report.error("E504", message, f.span, help=f"write `vocab: {steps + 1}` or a smaller `max_len`")
        if isinstance(f.source, Constant) and f.source.value >= rows:
            report.error("E504", f"the constant {f.source.value} is outside a table of {rows:,} rows", f.span)
