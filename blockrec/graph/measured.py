"""What is known of a block without data: its parameters, its work for one sample, and where gradients go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SAMPLES = 2
"""In the batch whose shapes are measured; one alone makes some code drop an axis."""
UNKNOWN_LENGTH = 100
"""Steps that a sequence is assumed to have if its declaration has no `max_len`."""


@dataclass(frozen=True)
class Reach:
    """Where the gradient of one output arrives: names of parameters and of ports."""

    parameters: tuple[str, ...]
    ports: tuple[str, ...]


@dataclass(frozen=True)
class Measured:
    """One block at given parameters and input sizes.

    refused: why its constructor raises `ValueError`; nothing else is known then.
    parameters: name → how many numbers; None if it cannot be built without memory. flops, bytes: of the forward pass
    of one sample. lengths: output that is a sequence → its steps a sample, at most. ops: those it bound a kernel of.
    reach: output → where its gradient arrives. What is None could not be found out.
    """

    refused: str = ""
    parameters: Mapping[str, int] | None = None
    flops: int | None = None
    bytes: int | None = None
    lengths: Mapping[str, int] = field(default_factory=dict)
    reach: Mapping[str, Reach] | None = None
    ops: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """The number of parameters."""
        return None if self.parameters is None else sum(self.parameters.values())

    def to_json(self) -> dict[str, Any]:
        """Plain data, without what has its default."""
        return {k: v for k, v in asdict(self).items() if v not in ("", None, (), {})} | (
            {"parameters": dict(self.parameters)} if self.parameters is not None else {}
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measured:
        """The inverse of `to_json`; raises `TypeError` or `KeyError` for other data."""
        reach = data.get("reach")
        arrives = reach and {out: Reach(tuple(r["parameters"]), tuple(r["ports"])) for out, r in reach.items()}
        return cls(**{**data, "reach": arrives, "ops": tuple(data.get("ops", ()))})
