"""Where texts come from: files, packaged models and cards, mappings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from blockrec.diagnostics import Diagnostics, Source, Span, did_you_mean
from blockrec.language.dump import dump
from blockrec.language.source import MAX_BYTES

PACKAGE = Path(__file__).resolve().parent.parent
ZOO = PACKAGE / "model_zoo" if (PACKAGE / "model_zoo").is_dir() else PACKAGE.parent / "model_zoo"
"""Inside an installed package, beside it in a checkout."""
DATA = (".csv", ".tsv", ".parquet", ".arrow", ".feather", ".jsonl", ".ndjson", ".gz")
"""Endings of files that no model is in."""


def packaged_models() -> dict[str, Path]:
    """Name → file of the models in the zoo."""
    return _yaml_files(ZOO)


def packaged_cards() -> dict[str, Path]:
    """Name → file of the dataset cards that blockrec carries."""
    return _yaml_files(PACKAGE / "data" / "cards")


def _yaml_files(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def folder_of(span: Span) -> Path:
    """The folder that relative paths written at `span` start from: that of the file, else the current one."""
    written = Path(span.source.name)
    return written.parent if written.is_file() else Path()


def read_model(model: str | Path | Mapping[str, object], report: Diagnostics) -> tuple[Source, Path | None] | None:
    """The text of a model and the file that it is in: a path, a zoo name, YAML text, or a mapping."""
    if isinstance(model, Mapping):
        text = dump(model, report)
        return None if text is None else (Source("<mapping>", text), None)
    if isinstance(model, str) and "\n" in model:
        return Source("<text>", model), None
    path = locate(str(model), packaged_models())
    if path is None:
        near = [*_models_beside(str(model)), *packaged_models()]
        help = did_you_mean(model, near, f"packaged models: {', '.join(packaged_models())}")
        report.error("E009", f"there is no file `{model}`", help=help)
        return None
    if path.suffix in DATA:
        help = f"`blockrec data {path.name} --infer > card.yaml` proposes a card, for `run MODEL --data card.yaml`"
        report.error("E007", f"`{model}` is data, not a model", help=help)
        return None
    source = read_file(path, report)
    return None if source is None else (source, path)


def _models_beside(name: str) -> list[str]:
    """YAML files of the folder that a path names, written as it is."""
    try:
        return sorted(str(path) for path in Path(name).parent.iterdir() if path.suffix in (".yaml", ".yml"))
    except (OSError, ValueError):
        return []


def locate(name: str, packaged: Mapping[str, Path], folder: Path | None = None) -> Path | None:
    """The file `name` (relative to `folder`), else the packaged one of that name."""
    try:
        path = (folder or Path()) / Path(name).expanduser()
        return path if path.is_file() else packaged.get(name)
    except (OSError, ValueError, RuntimeError):
        return packaged.get(name)


def read_file(path: Path, report: Diagnostics, at: Span | None = None) -> Source | None:
    """The text of a file, reported as E008 or E009 at `at` if it cannot be had."""
    name = _shown(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            report.error("E008", f"`{name}` is larger than {MAX_BYTES // 1_000_000} MB", at)
            return None
        return Source(name, raw.decode("utf-8").removeprefix("\ufeff"))
    except OSError as error:
        report.error("E009", f"cannot read `{name}`: {error.strerror}", at)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n")
        start = error.start - (raw[: error.start].rfind(b"\n") + 1)
        place = Span(Source(name, raw.decode("latin-1")), line, start, 1)
        notes = [(at, "read from here")] if at else []
        message = f"`{name}` is not UTF-8: byte {raw[error.start]:#04x} in line {line + 1}"
        report.error("E009", message, place, notes=notes, help="save it as UTF-8")
    return None


def _shown(path: Path) -> str:
    """As the user gave it; files of the package relative to the current folder if they are below it."""
    if not path.is_absolute():
        return str(path)
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
