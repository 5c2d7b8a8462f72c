"""Which kernels a model gets on this machine, and why not better ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blockrec.graph.facts import Request


@dataclass(frozen=True)
class Choice:
    """The kernel of one op of a node. bound: empty if the request cannot be met; why: reasons against others."""

    node: str
    op: str
    asked: str
    bound: str
    why: str


def choices(requests: Iterable[Request]) -> Iterator[Choice]:
    """Bind every op as `lower` will, for torch's default device; imports torch."""
    from blockrec.ops import KernelUnavailable, bind

    for request in requests:
        for op in request.ops:
            try:
                found = bind(op, request.kernel)  # type: ignore[arg-type]  # the schema has its choices
            except KernelUnavailable as error:
                yield Choice(request.node, op, request.kernel, "", error.reason)
            else:
                yield Choice(request.node, op, request.kernel, found.kernel, found.why)
