"""`--warm-start`: a new run begins with the weights of another one, as far as they fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from blockrec.data.encoding.vocabulary import Vocabulary
from blockrec.diagnostics import fail
from blockrec.run.checkpoint import read_weights
from blockrec.run.find import find_checkpoint, find_run, own_checkpoint
from blockrec.run.known_rows import known_rows, saved_vocabulary
from blockrec.run.log import Log
from blockrec.run.names import VOCABULARIES
from blockrec.run.prepare import Job
from blockrec.run.tables import aligned
from blockrec.words import counted

LOADED, KEPT, UNUSED = "loaded", "new", "unused"


@dataclass(frozen=True)
class Taken:
    """What became of a weight: `loaded`, `new` (its initial values stay) or `unused` (the model has none)."""

    path: str
    outcome: str
    why: str = ""


def warm_start(job: Job, word: str | Path, log: Log, runs_dir: str | Path = "runs") -> Path:
    """Put the weights of a run into the model and say which; returns the checkpoint that they are from.

    word: a run directory, one of its checkpoints, or a model's name. E009 if there is none, E703 if nothing fits,
    E707 if it is damaged.
    """
    checkpoint = own_checkpoint(word) or find_checkpoint(find_run(word, runs_dir))
    taken = take(job.model, read_weights(checkpoint), checkpoint.parents[1] / VOCABULARIES, job.dataset.values)
    if not any(t.outcome == LOADED for t in taken):
        raise fail("E703", f"no weight of `{checkpoint}` fits the model", help="`blockrec diff` compares two models")
    log.say(f"{'warm start':<10} {checkpoint}: {_counts(taken)}")
    first, *others = _rows(taken)
    for line in aligned(first, others).splitlines():
        log.say(f"{'':<10} {line}")
    return checkpoint


def take(
    model: nn.Module, saved: Mapping[str, Tensor], folder: Path, vocabularies: Mapping[str, Vocabulary]
) -> list[Taken]:
    """Copy what has the same path and shape; of a table with a vocabulary, the rows of the values that both know.

    folder: the vocabularies that `saved` was trained with.
    """
    found = []
    for path, own in model.state_dict().items():
        other = saved.get(path)
        root = path.split(".")[-2] if path.startswith("tables.") else ""
        before = saved_vocabulary(folder, root, other) if other is not None and root in vocabularies else None
        if other is None:
            found.append(Taken(path, KEPT, "the run does not have it"))
        elif before is not None and other.shape[1:] == own.shape[1:]:
            rows = known_rows(vocabularies[root], before)
            own[rows >= 0] = other[rows[rows >= 0]].to(own)
            found.append(Taken(path, LOADED, f"{int((rows > 0).sum()):,} of {len(rows) - 1:,} rows, by their values"))
        elif own.shape == other.shape:
            own.copy_(other)
            found.append(Taken(path, LOADED))
        else:
            found.append(Taken(path, KEPT, f"{[*own.shape]} here, {[*other.shape]} in the run"))
    unused = saved.keys() - model.state_dict().keys()
    return found + [Taken(path, UNUSED, "the model does not have it") for path in sorted(unused)]


def _counts(taken: list[Taken]) -> str:
    loaded, total = sum(t.outcome == LOADED for t in taken), sum(t.outcome != UNUSED for t in taken)
    return f"{loaded} of {counted(total, 'weight')} loaded"


def _rows(taken: list[Taken]) -> Iterator[list[str]]:
    """A line a weight; weights of one node of which nothing is to be said share one."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for t in taken:
        node = ".".join(t.path.split(".")[:2]) if not t.why else t.path
        groups.setdefault((node, t.outcome, t.why), []).append(t.path)
    for (node, outcome, why), paths in groups.items():
        yield [node.removeprefix("nodes."), outcome, why or counted(len(paths), "weight")]
