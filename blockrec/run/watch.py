"""`watch:` in a run: statistics of the watched values whenever the model is measured, and alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from blockrec.graph.ir import Graph
from blockrec.jagged import Jagged
from blockrec.language.alarms import Alarm, parse_alarm
from blockrec.run.batches import Batch
from blockrec.run.modes import measuring
from blockrec.run.stream import Stream


@dataclass(frozen=True)
class Watched:
    """A value that the file watches. key: where the model returns it."""

    name: str
    key: str
    alarm: Alarm | None = None


@dataclass
class Look:
    """Statistics of the watched values over the batches of one measurement."""

    watched: tuple[Watched, ...]
    streams: dict[str, Stream] = field(init=False)

    def __post_init__(self) -> None:
        self.streams = {watched.name: Stream() for watched in self.watched}

    @property
    def keys(self) -> list[str]:
        """What the model has to compute for it."""
        return [watched.key for watched in self.watched]

    def see(self, outputs: Mapping[str, Any]) -> None:
        """Count the values of a batch; of a sequence, those of its steps."""
        for watched in self.watched:
            value = outputs[watched.key]
            tensor: Tensor = value.values if isinstance(value, Jagged) else value
            self.streams[watched.name].add(_array(tensor.detach()))


def _array(tensor: Tensor) -> NDArray[Any]:
    """As numpy has it; bfloat16, which it does not have, as float32."""
    return (tensor.float() if tensor.dtype is torch.bfloat16 else tensor).cpu().numpy()


@dataclass(frozen=True)
class Raised:
    """An alarm that went off: the statement, the value that fulfilled it, where and when."""

    watch: str
    warn: str
    value: float
    split: str
    step: int

    def __str__(self) -> str:
        return f"alarm: watch `{self.watch}`: {self.warn} ({self.value:.4g} on {self.split} at step {self.step:,})"

    def to_json(self) -> dict[str, Any]:
        return {"watch": self.watch, "warn": self.warn, "value": self.value, "split": self.split, "step": self.step}


@dataclass
class Alarms:
    """Each alarm goes off once."""

    raised: dict[str, Raised] = field(default_factory=dict)

    def check(self, look: Look, split: str, *, step: int, epochs: float) -> Iterator[Raised]:
        """Alarms that are due, hold for these statistics and have not gone off before."""
        for watched in look.watched:
            alarm = watched.alarm
            if alarm is None or watched.name in self.raised or not alarm.is_due(step=step, epochs=epochs):
                continue
            value = look.streams[watched.name].statistics().get(alarm.statistic)
            if value is not None and alarm.holds(value):
                self.raised[watched.name] = Raised(watched.name, alarm.text, value, split, step)
                yield self.raised[watched.name]


def watched_in(graph: Graph) -> tuple[Watched, ...]:
    """What a checked graph watches."""
    return tuple(
        Watched(sink.name, sink.key, parse_alarm(sink.warn) if sink.warn else None)
        for sink in graph.sinks
        if sink.kind == "watch"
    )


def trained_part(model: Any) -> Any:
    """What a training step computes: losses. Values that are only watched, or only predicted, cost it nothing."""
    kinds = {sink.kind for sink in model.graph_ir.sinks}
    return model.only("loss") if kinds & {"watch", "output"} else model


def look_at(model: Any, batch: Batch, watched: tuple[Watched, ...]) -> Look:
    """Statistics on one batch, in evaluation mode."""
    look = Look(watched)
    part = model.only(*look.keys)
    with measuring(model, part):
        look.see(part(batch))
    return look
