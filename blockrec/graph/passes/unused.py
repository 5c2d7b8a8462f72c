"""Warnings about what a file declares and never uses."""

from __future__ import annotations

import re

from blockrec.diagnostics import Diagnostics
from blockrec.language.document import Document
from blockrec.language.mentions import teaching, unmentioned_features
from blockrec.language.names import own_features
from blockrec.language.values import Map


def report_unused(document: Document, report: Diagnostics) -> None:
    """W202 for parameters that no expression names, composites that no node uses and features that nothing names."""
    _report_names(document, report)
    features = document.root.section("features")
    unmentioned = unmentioned_features(document.root)
    idle = unmentioned - teaching(features, unmentioned)
    for name, at in own_features(features, document.card_file).items():
        if name in idle:
            report.warn("W202", f"feature `{name}` is never used", at, help="delete it, or let a node read it")


def _report_names(document: Document, report: Diagnostics) -> None:
    root = document.root
    mentioned = {word for text in _expressions(root) for word in re.findall(r"\w+", text)}
    for name, at in root.section("params").keys_at.items():
        if name not in mentioned:
            report.warn("W202", f"parameter `{name}` is never used", at, help="delete it, or write `$" + name + "`")
    used = set(_blocks(root.section("graph"))) | {
        b for c in root.section("blocks").values() for b in _blocks(c.section("graph"))
    }
    for name in document.own_composites:
        if name not in used:
            at, help = root.section("blocks").keys_at[name], f"delete it, or use it: `block: {name}`"
            report.warn("W202", f"composite `{name}` is never used", at, help=help)


def _expressions(value: object) -> list[str]:
    if isinstance(value, Map):
        return [text for item in value.values() for text in _expressions(item)]
    if isinstance(value, list):
        return [text for item in value for text in _expressions(item)]
    return [value] if isinstance(value, str) and "$" in value else []


def _blocks(nodes: Map) -> list[str]:
    return [str(raw["block"]) for raw in nodes.values() if isinstance(raw, Map) and "block" in raw]
