"""`train:` and `eval:` as values. Defaults come from the schema, where their meaning is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from blockrec.diagnostics import Span, fail
from blockrec.language.defaults import with_defaults
from blockrec.language.schema.eval import EVAL
from blockrec.language.schema.train import TRAIN
from blockrec.language.values import List, Map


@dataclass(frozen=True)
class Choice:
    """An optimizer by name and its options (lr, betas, eps, weight_decay)."""

    name: str
    options: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v:g}' for k, v in self.options.items() if isinstance(v, int | float))})"


@dataclass(frozen=True)
class Override:
    """Other settings for parameters whose path matches the glob; None: not overridden."""

    match: str
    lr: float | None = None
    weight_decay: float | None = None
    init: Literal["default"] | Mapping[str, float] | None = None
    span: Span | None = None


Unit = Literal["step", "epoch"]


@dataclass(frozen=True)
class Period:
    """So many steps or epochs."""

    count: int
    unit: Unit

    @classmethod
    def of(cls, text: str) -> Period:
        """
        >>> Period.of("150 steps")
        Period(count=150, unit='step')
        """
        count, unit = text.split()
        return cls(int(count), "step" if unit.startswith("step") else "epoch")


@dataclass(frozen=True)
class Schedule:
    """warmup: in steps. kind: `cosine`, `exponential`, `manual`, `plateau` or None, with its options."""

    warmup: int
    kind: Choice | None


@dataclass(frozen=True)
class EarlyStop:
    """metric: None means the one that picks the best checkpoint. least: what counts as an improvement."""

    metric: str | None
    patience: int
    least: float


@dataclass(frozen=True)
class Keep:
    """When `last` is written, how many states before it stay, and the metric that picks `best` (None: the first)."""

    every: Period
    states: int
    best: str | None


@dataclass(frozen=True)
class Train:
    """epochs or steps (which wins). tables_dense: `sparse` moves every row of every table at every step."""

    epochs: int
    steps: int | None
    dense: Choice
    sparse: Choice
    tables_dense: bool
    overrides: tuple[Override, ...]
    schedule: Schedule
    clip: float | None
    accumulate: int
    precision: Literal["fp32", "bf16", "fp16"]
    tf32: bool
    recompute: tuple[str, ...]
    ema: float | None
    early_stop: EarlyStop | None
    checkpoint: Keep
    seed: int
    device: str


@dataclass(frozen=True)
class Ranked:
    """items: features of an item. drop_seen: whether those of the history are left out. rows: None means all.

    beam: nodes of a level of the tree that are opened; None: it follows from what is measured.
    """

    items: tuple[str, ...]
    drop_seen: bool
    rows: int | None
    beam: int | None = None


@dataclass(frozen=True)
class Evaluate:
    """batch_size: None means that of training. train: samples of the training part that are measured."""

    every: Period
    batch_size: int | None
    train: int = 0
    catalogue: Ranked | None = None


def train_settings(section: Map) -> Train:
    """Read `train:`, already valid against its schema."""
    values = with_defaults(section, TRAIN)
    sparse = _choice(values["optimizer"]["sparse"])
    tables_dense = sparse.name == "dense"
    return Train(
        epochs=values["epochs"],
        steps=values.get("steps"),
        dense=_choice(values["optimizer"]["dense"]),
        sparse=_choice(sparse.options) if tables_dense else sparse,
        tables_dense=tables_dense,
        overrides=tuple(_overrides(values["overrides"])),
        schedule=_schedule(values["schedule"]),
        clip=values.get("clip"),
        accumulate=values["accumulate"],
        precision=values["precision"],
        tf32=values["tf32"],
        recompute=tuple(values["recompute"]),
        ema=values.get("ema"),
        early_stop=_early_stop(values.get("early_stop")),
        checkpoint=_keep(values["checkpoint"]),
        seed=values["seed"],
        device=values["device"],
    )


def eval_settings(section: Map) -> Evaluate:
    """Read `eval:`, already valid against its schema."""
    values = with_defaults(section, EVAL)
    ranked = values.get("catalogue")
    catalogue = ranked and Ranked(
        tuple(ranked["items"]), ranked["seen"] == "drop", ranked.get("rows"), ranked.get("beam")
    )
    return Evaluate(Period.of(values["every"]), values.get("batch_size"), values["train"], catalogue)


def _schedule(values: Mapping[str, Any]) -> Schedule:
    kinds = [Choice(name, options) for name, options in values.items() if name != "warmup"]
    return Schedule(values["warmup"], kinds[0] if kinds else None)


def _early_stop(values: Mapping[str, Any] | None) -> EarlyStop | None:
    return None if values is None else EarlyStop(values.get("metric"), values["patience"], values["least"])


def _keep(values: Mapping[str, Any]) -> Keep:
    return Keep(Period.of(values["every"]), values["keep"], values.get("best"))


def run_length(train: Train, *, epochs: int | None, steps: int | None) -> tuple[int, int | None]:
    """(epochs, steps) with the caller's wish before the file's."""
    if epochs is not None and steps is not None:
        raise fail("E706", "both `epochs` and `steps` are given", help="give one of them")
    for name, value in (("epochs", epochs), ("steps", steps)):
        if value is not None and value < 1:
            raise fail("E706", f"`{name}` is {value}", help="at least 1")
    if epochs is not None:
        return epochs, None
    return train.epochs, steps or train.steps


def _choice(entry: Mapping[str, Any]) -> Choice:
    ((name, options),) = entry.items()
    return Choice(name, options)


def _overrides(entries: list[Any]) -> list[Override]:
    places = entries.at if isinstance(entries, List) else [None] * len(entries)
    return [Override(**entry, span=at) for entry, at in zip(entries, places, strict=True)]
