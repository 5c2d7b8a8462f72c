"""The selection language: some nodes of a graph, as `ls` lists and `viz --focus` shows them.

| text | nodes |
|---|---|
| `search`, `head`, `head.*` | by name; all of a composite, family or chain; by glob |
| `block:mlp`, `kernel:triton` | that use a block; that ask for a kernel |
| `table:main`, `feature:item` | that read a table; that read a feature, or any field of a sequence |
| `task:click`, `loss:aux`, `output:vector`, `watch:gate` | that give what the model returns under that name |
| `+x`, `2+x`, `x+`, `x+2` | with all nodes that it depends on, that depend on it, so many steps away |
| `@x` | with all nodes that depend on it, and all that these depend on |
| `x,y` | in both |
| `x y` | in either |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase

from blockrec.diagnostics import nearest
from blockrec.graph.ir import Graph
from blockrec.graph.written import Written, written_nodes
from blockrec.words import listed

ATOM = re.compile(r"(?P<before>(\d*)\+|@)?(?P<what>[^+@]+?)(?P<after>\+(\d*))?$")
GLOB = re.compile(r"[*?\[]")
SINKS = ("task", "loss", "output", "watch")


class SelectionError(ValueError):
    """A selection that means nothing here; `help` is what to write instead."""

    def __init__(self, message: str, help: str = "") -> None:
        super().__init__(message)
        self.help = help


def select(graph: Graph, text: str, *, exclude: str = "", kernels: str = "auto") -> list[str]:
    """Names of the selected nodes in the order of the graph; all of them if `text` is empty.

    What the compiler made of a node (`query/item`) is selected with it. kernels: the model's own wish, for `kernel:`.
    Raises `SelectionError`.
    """
    selection = Selection(graph, kernels)
    chosen = selection.union(text) if text.split() else set(selection.nodes)
    chosen -= selection.union(exclude)
    return [part.name for name, node in selection.nodes.items() if name in chosen for part in node.parts]


class Selection:
    """A graph of which parts are asked for."""

    def __init__(self, graph: Graph, kernels: str = "auto") -> None:
        self.graph, self.kernels = graph, kernels
        self.nodes: dict[str, Written] = written_nodes(graph)
        owners = {part.name: name for name, node in self.nodes.items() for part in node.parts}
        self.owners: Mapping[str, str] = owners
        self.above = {name: [owners[s] for s in node.sources if s in owners] for name, node in self.nodes.items()}
        self.below: dict[str, list[str]] = {name: [] for name in self.nodes}
        for name, sources in self.above.items():
            for source in sources:
                self.below[source].append(name)

    def union(self, text: str) -> set[str]:
        """Nodes in any of the words of `text`."""
        return {name for word in text.split() for name in self._intersection(word)}

    def _intersection(self, word: str) -> set[str]:
        found = [self._atom(part) for part in word.split(",") if part]
        return set.intersection(*found) if found else set()

    def _atom(self, text: str) -> set[str]:
        parsed = ATOM.match(text)
        if parsed is None:
            raise SelectionError(f"`{text}` is not a selection", "e.g. `search`, `+search`, `2+head`, `block:mlp`")
        named = self._named(parsed["what"])
        if parsed["before"] == "@":
            below = self._reach(named, self.below, None)
            return self._reach(below, self.above, None)
        above = self._reach(named, self.above, _steps(parsed[2])) if parsed["before"] else named
        return above | (self._reach(named, self.below, _steps(parsed[5])) if parsed["after"] else named)

    def _reach(self, start: set[str], ways: Mapping[str, list[str]], steps: int | None) -> set[str]:
        """`start` and everything at most so many steps away."""
        found, edge = set(start), set(start)
        while edge and steps != 0:
            edge = {other for name in edge for other in ways[name]} - found
            found |= edge
            steps = None if steps is None else steps - 1
        return found

    def _named(self, text: str) -> set[str]:
        method, colon, pattern = text.partition(":")
        if not colon:
            return self._by_name(text)
        methods = self._methods()
        if method not in methods:
            raise _unknown(f"there is no selection by `{method}`", method, methods)
        values, matches = methods[method]
        found = {name for name in self.nodes if any(_matches(value, pattern) for value in matches(name))}
        if not found:
            raise _unknown(f"no node has the {method} `{pattern}`", pattern, values())
        return found

    def _by_name(self, pattern: str) -> set[str]:
        """By name or glob, else what a composite, a family or a chain of that name stands for."""
        if found := {name for name in self.nodes if _matches(name, pattern)}:
            return found
        chain = re.compile(rf"{re.escape(pattern)}(_\d+)?[./]")
        member = re.compile(rf"{re.escape(pattern)}_\d+$")
        if found := {name for name in self.nodes if chain.match(name) or member.match(name)}:
            return found
        raise _unknown(f"there is no node `{pattern}`", pattern, [*self.nodes, *self._groups()])

    def _groups(self) -> Iterable[str]:
        return dict.fromkeys(name.rpartition(".")[0] for name in self.nodes if "." in name)

    def _methods(self) -> dict[str, tuple[Callable[[], Iterable[str]], Callable[[str], Iterable[str]]]]:
        """Method → all values that it may ask for, and the values of one node."""

        def every(values: Callable[[str], Iterable[str]]) -> Callable[[], Iterable[str]]:
            return lambda: dict.fromkeys(value for name in self.nodes for value in values(name))

        ways: dict[str, Callable[[str], Iterable[str]]] = {
            "block": lambda name: [self.nodes[name].block],
            "kernel": self._kernels,
            "table": lambda name: [lookup.params["table"] for lookup in self.nodes[name].lookups],
            "feature": self._features,
        }
        for kind in SINKS:
            ways[kind] = self._sinks_of(kind)
        return {method: (every(values), values) for method, values in ways.items()}

    def _kernels(self, name: str) -> list[str]:
        node = self.nodes[name].node
        takes = node.signature is not None and node.signature.takes_kernel
        return [node.kernel or self.kernels] if takes else []

    def _features(self, name: str) -> list[str]:
        features = [self.graph.features[s] for s in self.nodes[name].sources if s in self.graph.features]
        return [*(f.name for f in features), *(f.sequence for f in features if f.sequence)]

    def _sinks_of(self, kind: str) -> Callable[[str], list[str]]:
        names: dict[str, list[str]] = {}
        for sink in self.graph.sinks:
            if sink.kind == kind and sink.edge.source in self.owners:
                names.setdefault(self.owners[sink.edge.source], []).append(sink.name)
        return lambda name: names.get(name, [])


def _steps(digits: str) -> int | None:
    return int(digits) if digits else None


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or (GLOB.search(pattern) is not None and fnmatchcase(name, pattern))


def _unknown(message: str, word: str, names: Iterable[str]) -> SelectionError:
    known = [*names]
    hit = nearest(word, known)
    return SelectionError(message, f"did you mean `{hit}`?" if hit else f"known: {listed(known)}" if known else "")
