"""Nodes as written → the nodes that they stand for.

`repeat` makes a chain, `each` a family of parallel nodes, `share` a node with the block, the parameters and the
weights of another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from blockrec.diagnostics import Diagnostics, Span, did_you_mean
from blockrec.language.expressions import is_expression, substitute
from blockrec.language.schema import NODE_WORDS
from blockrec.language.values import UNKNOWN, List, Map

MOST = 20_000
"""Nodes of a whole graph."""
KEY = re.compile("[a-z0-9_]+")
OWN = ("share", "in", "doc")
"""What a node says itself that shares everything else."""


class TooManyNodes(Exception):
    """Reported already; nothing more can be expanded."""


@dataclass
class Budget:
    """How many nodes may still be made; an endless file is refused before it fills the memory."""

    report: Diagnostics
    left: int = MOST

    def take(self, count: int, at: Span) -> None:
        self.left -= count
        if self.left < 0:
            self.report.error("E106", f"the graph would have more than {MOST:,} nodes", at)
            raise TooManyNodes


@dataclass(frozen=True)
class Copy:
    """One node to be made.

    raw: where its block and parameters are written; wiring: where its `in` is. names: `$i` and the variable of `each`.
    weights: name of the node whose weights it has, its own if they are its own. first, before: of a chain, its first
    node and the one whose output this one takes. chain: the repeated node's name; repeat_at: where it says so.
    """

    name: str
    raw: Map
    wiring: Map
    span: Span
    weights: str
    names: Mapping[str, Any] = field(default_factory=dict)
    chain: str = ""
    first: str = ""
    before: str = ""
    repeat_at: Span | None = None


@dataclass(frozen=True)
class Section:
    """The nodes of a graph section by name, in file order.

    last: repeated node → the last of its chain. families: node with `each` → key → name of the member. broken: names
    of nodes that a mistake left without any.
    """

    copies: dict[str, Copy] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    families: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def __contains__(self, name: str) -> bool:
        return any(name in part for part in (self.copies, self.last, self.families, self.broken))

    @cached_property
    def names(self) -> list[str]:
        """What a reference may begin with; asked for when all nodes are there."""
        return [*dict.fromkeys([*self.last, *self.families, *(n for n in self.copies if "." not in n)])]


def unfold(nodes: Map, names: Mapping[str, Any], budget: Budget, report: Diagnostics) -> Section:
    """The nodes that the section `nodes` stands for; its expressions see the parameters `names`."""
    unfolder = _Unfolder(nodes, names, budget, report)
    for name, raw in nodes.items():
        if isinstance(raw, Map):
            unfolder.add(name, raw)
        else:
            unfolder.section.broken.add(name)
    return unfolder.section


@dataclass(frozen=True)
class _Original:
    """What a node is a copy of: itself, or the end of its chain of `share`."""

    name: str
    raw: Map
    names: Mapping[str, Any]


class _Unfolder:
    def __init__(self, nodes: Map, names: Mapping[str, Any], budget: Budget, report: Diagnostics) -> None:
        self.nodes, self.names, self.budget, self.report = nodes, names, budget, report
        self.section = Section()

    def add(self, name: str, raw: Map) -> None:
        original = self._original(name, raw)
        members = self._members(original) if original else None
        if original is None or members is None:
            self.section.broken.add(name)
            return
        if "each" in original.raw and not original.names:
            self.section.families[name] = {key: f"{name}.{key}" for key in members}
        for key, extra in members.items():
            suffix = f".{key}" if key else ""
            self._member(name + suffix, replace(original, name=original.name + suffix), raw, extra)

    def _member(self, name: str, original: _Original, wiring: Map, extra: Mapping[str, Any]) -> None:
        places = self.nodes.keys_at
        span = places[name] if name in places else places[name.partition(".")[0]]
        copy = Copy(name, original.raw, wiring, span, original.name, {**original.names, **extra})
        if "repeat" not in original.raw:
            self.budget.take(1, span)
            self.section.copies[name] = copy
            return
        times, tied, at = self._times(original.raw, copy.names)
        if times is None:
            self.section.broken.add(name)
            return
        self.budget.take(times, at)
        self.section.last[name] = f"{name}_{times - 1}"
        for i in range(times):
            self._add_to_chain(copy, i, tied, at)

    def _add_to_chain(self, copy: Copy, i: int, tied: bool, at: Span) -> None:
        name = f"{copy.name}_{i}"
        if name in self.nodes:
            notes = [(copy.span, f"`{copy.name}` makes it by `repeat`")]
            self.report.error("E201", f"node `{name}` exists twice", self.nodes.keys_at[name], notes=notes)
        self.section.copies[name] = replace(
            copy,
            name=name,
            weights=f"{copy.weights}_{0 if tied else i}",
            names={**copy.names, "i": i},
            chain=copy.name,
            first=f"{copy.name}_0",
            before=f"{copy.name}_{i - 1}" if i else "",
            repeat_at=at,
        )

    def _original(self, name: str, raw: Map) -> _Original | None:
        """Follow `share`; None (reported) if it leads nowhere."""
        original, seen = _Original(name, raw, {}), [name]
        while "share" in original.raw:
            if not self._has_nothing_of_its_own(original):
                return None
            found = self._shared(original.raw)
            if found is None:
                return None
            if found.name.partition(".")[0] in seen:
                self._refuse_circle(seen, found.name)
                return None
            seen.append(found.name.partition(".")[0])
            original = found
        return original

    def _refuse_circle(self, seen: list[str], found: str) -> None:
        """Once a circle, at the first of its nodes, with the places of the others."""
        circle = seen[seen.index(found.partition(".")[0]) :]
        first, *others = [name for name in self.nodes if name in circle]
        if first == seen[0]:
            places = {name: self.nodes[name].at["share"] for name in circle}
            chain = " → ".join([*circle, found])
            notes = [(places[name], f"`{name}` shares here") for name in others]
            self.report.error("E313", f"`share` leads back to itself: {chain}", places[first], notes=notes)

    def _has_nothing_of_its_own(self, node: _Original) -> bool:
        for key in (k for k in node.raw if k not in OWN):
            message = f"`{node.name}` shares everything with `{node.raw['share']}`, so it has no `{key}` of its own"
            help = "delete it, or write `block:` instead of `share:` for weights of its own"
            notes = [(node.raw.at["share"], "shared here")]
            self.report.error("E313", message, node.raw.keys_at[key], notes=notes, help=help)
        return all(k in OWN for k in node.raw)

    def _shared(self, raw: Map) -> _Original | None:
        """The node that `share:` names: a node of this section, or `family.key`."""
        text, at = str(raw["share"]), raw.at["share"]
        head, _, key = text.partition(".")
        target = self.nodes.get(head)
        if not isinstance(target, Map):
            help = did_you_mean(head, self.nodes, "`share` names a node of the same graph")
            self.report.error("E207", f"unknown node `{head}`", at, help=help)
            return None
        if not key:
            return _Original(head, target, {})
        members = self._members(_Original(head, target, {})) if "each" in target else {}
        if members is None or key in members:
            return None if members is None else _Original(text, target.without("each"), members[key])
        help = did_you_mean(key, members, f"members: {', '.join(members) or 'none'}")
        self.report.error("E207", f"`{head}` has no member `{key}`", at.part(key), help=help)
        return None

    def _members(self, node: _Original) -> dict[str, dict[str, Any]] | None:
        """Key → names that it adds; one nameless member without `each`. None (reported) if it cannot be told."""
        if "each" not in node.raw:
            return {"": {}}
        each = node.raw["each"]
        if not isinstance(each, Map) or len(each) != 1:
            return None  # reported with the document's structure
        ((variable, written),) = each.items()
        at = each.at[variable]
        values = substitute(written, at, self.names, self.report)
        if isinstance(values, int) and not isinstance(values, bool):
            self.budget.take(max(0, values), at)
            values = list(range(values))
        if not isinstance(values, list) or not values or UNKNOWN in values:
            self._refuse_values(variable, values, at)
            return None
        found: dict[str, dict[str, Any]] = {}
        for value, place in zip(values, values.at if isinstance(values, List) else [at] * len(values), strict=True):
            if not self._is_key(value, found, place):
                return None
            found[str(value)] = {variable: value}
        return found

    def _refuse_values(self, variable: str, values: Any, at: Span) -> None:
        if values is not UNKNOWN and not (isinstance(values, list) and UNKNOWN in values):
            message = f"`each` needs the values of `{variable}`: a list of names, or how many there are"
            self.report.error("E104", message, at, help=f"each: {{{variable}: [a, b]}}")

    def _is_key(self, value: Any, found: Mapping[str, Any], at: Span) -> bool:
        key = str(value)
        if isinstance(value, bool) or not isinstance(value, str | int) or not KEY.fullmatch(key):
            message = f"`{key}` cannot name a member of `each`"
            self.report.error("E109", message, at, help="lower-case letters, digits and `_`")
            return False
        if key in found:
            self.report.error("E201", f"`each` has the member `{key}` twice", at, help="delete one of them")
        return key not in found

    def _times(self, raw: Map, names: Mapping[str, Any]) -> tuple[int | None, bool, Span]:
        repeat, at = raw["repeat"], raw.at["repeat"]
        tied = isinstance(repeat, Map) and repeat.get("share") is True
        if isinstance(repeat, Map):
            at = repeat.at.get("times", at)
            repeat = repeat.get("times")
        times = substitute(repeat, at, {**self.names, **names}, self.report)
        if times is UNKNOWN or times is None:
            return None, tied, at
        if not is_expression(repeat) and not (type(times) is int and times > 0):
            return None, tied, at  # reported with the document's structure
        if isinstance(times, bool) or not isinstance(times, int):
            self.report.error("E104", f"`repeat` must be a whole number, not {times}", at)
            return None, tied, at
        if times < 1:
            self.report.error("E106", f"`repeat` must be at least 1, not {times}", at)
            return None, tied, at
        return times, tied, at


def parameters_of(raw: Map) -> Map:
    """All keys of a node but the words that every node has."""
    return raw.without(*NODE_WORDS)
