"""One output of a run as a run of its own: what computes it, and no more."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save_file

from blockrec import __version__
from blockrec.data.encoding.derived import is_read
from blockrec.data.encoding.fits import Fits
from blockrec.diagnostics import Diagnostics, Span, did_you_mean, fail
from blockrec.graph.lower import Model
from blockrec.language.document import load
from blockrec.run.checkpoint import WEIGHTS
from blockrec.run.checksums import write_checksums
from blockrec.run.load import Loaded
from blockrec.run.names import CHECKPOINTS, RESOLVED, VOCABULARIES
from blockrec.run.weights import weights_of

TOWERS = "towers"
OF_TRAINING = ("tasks", "losses", "watch", "train", "eval", "export", "sweep", "variants")
"""Sections that the part does without."""


def write_tower(loaded: Loaded, name: str, folder: Path, at: Span | None = None) -> None:
    """The output `name` into a new folder, which every command for runs takes. E207 if there is no such output."""
    outputs = [sink.name for sink in loaded.graph.sinks if sink.kind == "output"]
    if name not in outputs:
        help = did_you_mean(name, outputs, f"there are: {', '.join(outputs)}" if outputs else "outputs: {NAME: NODE}")
        raise fail("E207", f"there is no output `{name}` to export", at, help=help)
    part = loaded.model.only(name)
    weights = folder / CHECKPOINTS / f"step-{loaded.step}"
    weights.mkdir(parents=True)
    (folder / RESOLVED).write_text(_document(loaded, {*outputs} - {name}), "utf-8")
    about = {"blockrec": __version__, "name": f"{loaded.document.name}.{name}", "step": str(loaded.step)}
    save_file(weights_of(part), weights / WEIGHTS, metadata=about)
    write_checksums(weights)
    _learned(loaded, part).save(folder / VOCABULARIES)


def _document(loaded: Loaded, others: set[str]) -> str:
    """The model file without what other outputs, tasks and the training need."""
    sets = [f"{key}=null" for key in OF_TRAINING if key in loaded.document.root]
    report = Diagnostics()
    document = load(loaded.path / RESOLVED, report, sets=[*sets, *(f"outputs.{name}=null" for name in sorted(others))])
    report.raise_errors()
    assert document is not None
    return document.to_yaml()


def _learned(loaded: Loaded, part: Model) -> Fits:
    """What the data taught of the features that the part reads."""
    used = {*part.graph_ir.used_features()}
    report = Diagnostics()
    features = [f for f in part.graph_ir.features.values() if f.name in used and is_read(f)]
    fits = Fits.load(loaded.path / VOCABULARIES, features, report)
    report.raise_errors()
    return fits
