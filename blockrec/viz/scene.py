"""What every picture of a model shows, whatever its format: boxes, links between them, clusters, a caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["input", "embed", "block", "composite", "task", "loss", "output", "watch"]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One feature of an input box: its name, and what it is (`9.41k × 16 att, rep` or `like item`)."""

    name: str
    detail: str


@dataclass(frozen=True)
class Read:
    """Rows of a table that an `embed` takes: [b, dim], or [b, sequence, dim] for a field of a sequence."""

    feature: str
    table: str
    dim: int


@dataclass(frozen=True)
class Box:
    """A thing to draw.

    name: how the graph calls it (`head.bn`); label: what stands in the picture, inside its cluster (`bn`).
    block: registered block, loss or, for inputs, the sequence; cluster: composites around it, outermost first.
    ports: those that links use, with the number of links; outputs: all, with their type as text.
    parameters: trainable numbers outside tables, None if not known.
    rows: features of an input box; reads: table rows of an `embed`; notes: short facts.
    settings: the block's parameters as text; written: those that the model file gives.
    inside: nodes of a closed composite.
    """

    id: str
    role: Role
    name: str
    label: str
    block: str = ""
    cluster: Path = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: int | None = None
    rows: tuple[Row, ...] = ()
    reads: tuple[Read, ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    doc: str = ""
    place: str = ""


@dataclass(frozen=True)
class Link:
    """A value on its way: from a box's output to another box's port.

    values: the values as the language names them (`item`, `search.full`); several if a link stands for several.
    type: `[b, behaviors, 32]`, empty if not known; sequence: one length per sample.
    """

    source: str
    output: str
    target: str
    port: str
    values: tuple[str, ...]
    type: str = ""
    sequence: bool = False


@dataclass(frozen=True)
class Cluster:
    """A composite that is drawn open: `path` is its name, level by level."""

    path: Path
    nodes: int
    parameters: int | None

    @property
    def name(self) -> str:
        return ".".join(self.path)


@dataclass(frozen=True)
class Scene:
    """A model ready to draw: boxes in an order that respects the links (inputs first, sinks last)."""

    name: str
    doc: str
    caption: str
    boxes: tuple[Box, ...]
    links: tuple[Link, ...]
    clusters: tuple[Cluster, ...]

    def box(self, id: str) -> Box:
        return next(box for box in self.boxes if box.id == id)

    def into(self, box: Box) -> list[Link]:
        """Links that end at `box`, in the order of its ports."""
        return [link for link in self.links if link.target == box.id]
