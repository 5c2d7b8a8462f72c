"""What leaves training: weights of a checkpoint, the model file and what the data taught, in a folder of their own."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from blockrec import __version__
from blockrec.diagnostics import fail
from blockrec.jagged import Jagged
from blockrec.language.defaults import with_defaults
from blockrec.language.schema.export import EXPORT
from blockrec.language.values import Map
from blockrec.run.batches import Batch, moved
from blockrec.run.checkpoint import WEIGHTS
from blockrec.run.checksums import write_checksums
from blockrec.run.export_tower import TOWERS, write_tower
from blockrec.run.load import Loaded, load_run
from blockrec.run.log import Log
from blockrec.run.measure import chosen_split
from blockrec.run.modes import measuring
from blockrec.run.names import CHECKPOINTS, RESOLVED, VOCABULARIES
from blockrec.run.vectors import Retrieval
from blockrec.run.weights import weights_of
from blockrec.words import human

NOTES = "export.json"
INDEX = "index"


@dataclass(frozen=True)
class Exported:
    """out: the folder. bytes: of all its files. verified: whether it was read back and gave the same outputs.

    towers: outputs that lie there alone as well. index: what is known of the index of items, if there is one.
    """

    out: Path
    formats: tuple[str, ...]
    checkpoint: str
    step: int
    bytes: int
    verified: bool
    towers: tuple[str, ...] = ()
    index: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        about = {"out": str(self.out), "formats": list(self.formats), "checkpoint": self.checkpoint}
        known = {"step": self.step, "bytes": self.bytes, "verified": self.verified}
        return {**about, **known, "towers": list(self.towers), "index": self.index and dict(self.index)}

    def __str__(self) -> str:
        same = "; read back, it gives the same outputs" if self.verified else ""
        lines = [f"{self.out}: {', '.join(self.formats)} of step {self.step:,}, {human(self.bytes)}B{same}"]
        lines += [f"{self.out / TOWERS / name}: `{name}` alone" for name in self.towers]
        if self.index is not None:
            lines += [f"{self.out / INDEX}: vectors of {self.index['items']:,} items, {self.index['kind']}"]
        return "\n".join(lines)


def export(
    path: str | Path,
    out: str | Path | None = None,
    *,
    formats: Iterable[str] = (),
    checkpoint: str | None = None,
    verify: bool = False,
    imports: Iterable[str | Path] = (),
    runs_dir: str | Path = "runs",
    log: Log | None = None,
) -> Exported:
    """Write a run without what only training needs. Every command that takes a run takes the folder.

    path, checkpoint: see `load_run`. out: a new folder; default `<run>/export`. formats: default those of the model
    file. verify: read the folder back and compare all outputs on a batch, bit for bit. The folder is whole or absent.
    With it go the towers and the index that the model file names (`export.towers`, `export.index`). Raises
    `BlockrecError`: E706 for a folder that exists, E602 for a state that is no tensor, E207 for an output that there is
    not, E709 for an index of a model that does not retrieve.
    """
    loaded = load_run(path, checkpoint=checkpoint, imports=imports, device="cpu", runs_dir=runs_dir)
    target = Path(out) if out is not None else loaded.path.resolve() / "export"
    if target.exists():
        raise fail("E706", f"`{target}` exists already", help="name another folder with `--out`, or remove it")
    section = loaded.document.evaluated("export")
    wanted = with_defaults(section, EXPORT)
    chosen, towers = tuple(formats) or tuple(wanted["formats"]), tuple(wanted["towers"])
    log = log or Log()
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".exporting-", dir=target.parent))
    try:
        _write(loaded, part, chosen)
        for name in towers:
            write_tower(loaded, name, part / TOWERS / name, section.at.get("towers"))
        index = _index(loaded, part, wanted["index"], section, log) if "index" in section else None
        if verify:
            _verify(loaded, [part, *(part / TOWERS / name for name in towers)], imports, log)
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return Exported(target, chosen, loaded.checkpoint.name, loaded.step, size, verify, towers, index)


def _index(loaded: Loaded, folder: Path, wanted: Mapping[str, Any], section: Map, log: Log) -> Mapping[str, Any]:
    """Write the index of items; returns what is known of it."""
    at = section.at.get("index")
    retrieval = Retrieval.of(loaded, log, wanted.get("task"), at)
    index = retrieval.index(wanted["kind"], wanted["search"])
    index.write(folder / INDEX)
    return {"task": retrieval.task.name, **index.about}


def _write(loaded: Loaded, folder: Path, formats: Iterable[str]) -> None:
    shutil.copy(loaded.path / RESOLVED, folder / RESOLVED)
    shutil.copytree(loaded.path / VOCABULARIES, folder / VOCABULARIES)
    weights = folder / CHECKPOINTS / f"step-{loaded.step}"
    weights.mkdir(parents=True)
    for name in formats:
        _WRITERS[name](loaded, weights)
    write_checksums(weights)
    notes = {"blockrec": __version__, "name": loaded.document.name, "run": loaded.path.resolve().name}
    (folder / NOTES).write_text(json.dumps({**notes, "step": loaded.step}, indent=1) + "\n", "utf-8")


def _safetensors(loaded: Loaded, folder: Path) -> None:
    about = {"blockrec": __version__, "name": loaded.document.name, "step": str(loaded.step)}
    save_file(weights_of(loaded.model), folder / WEIGHTS, metadata=about)


_WRITERS: Mapping[str, Callable[[Loaded, Path], None]] = {"safetensors": _safetensors}


def _verify(loaded: Loaded, folders: Iterable[Path], imports: Iterable[str | Path], log: Log) -> None:
    """E703 unless each folder, read back, gives the outputs of the run on the first batch of its data."""
    dataset = loaded.dataset(log)
    batch = next(dataset.splits[chosen_split(dataset, None)].batches(loaded.batch_size))
    of_run = _tensors(loaded, batch)
    for folder in folders:
        for name, other in _tensors(load_run(folder, imports=imports, device="cpu"), batch).items():
            if not torch.equal(of_run[name], other):
                raise fail(
                    "E703",
                    f"the export gives other values of `{name}` than the run",
                    help="please report it: this is a defect",
                )


def _tensors(loaded: Loaded, batch: Batch) -> dict[str, Tensor]:
    with measuring(loaded.model):
        outputs = loaded.model(moved(batch, loaded.device))
    return {name: value.values if isinstance(value, Jagged) else value for name, value in outputs.items()}
