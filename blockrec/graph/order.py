"""The order of nodes. Not by networkx, whose import takes longer than checking a model."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from blockrec.graph.ir import Node


def in_order(nodes: Mapping[str, Node]) -> list[str]:
    """Names so that every node comes after its sources, in the order of `nodes` where free.

    Nodes of a cycle, and all that depend on them, are missing.
    """
    place = {name: i for i, name in enumerate(nodes)}
    names, readers = list(nodes), [list[int]() for _ in nodes]
    waits = [0] * len(names)
    for i, node in enumerate(nodes.values()):
        for _, edge in node.edges():
            source = place.get(edge.source)
            if source is not None:
                readers[source].append(i)
                waits[i] += 1
    ready = [i for i, count in enumerate(waits) if count == 0]
    found = []
    while ready:
        i = heapq.heappop(ready)
        found.append(names[i])
        for reader in readers[i]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    return found
