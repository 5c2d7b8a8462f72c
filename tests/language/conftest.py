"""Loading a text and naming what was found by code and place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blockrec.diagnostics import Diagnostics, Source
from blockrec.language.document import Document, load
from blockrec.language.source import read_map
from blockrec.language.values import Map

MODEL = """\
blockrec: 1
name: small
params: {dim: 16, hidden: [64, 32]}
features:
  item: {vocab: 100}
  user: {vocab: auto}
  now: {constant: 0, like: behaviors.position}
  behaviors: {max_len: 50, fields: {item: {like: item}, position: {position: from_end}}}
labels: [click]
graph:
  target: {block: embed, in: item, dim: $dim}
  head: {block: mlp, in: target, hidden: $hidden}
  logit: {block: linear, in: head, out: 1}
tasks: {click: {logits: logit, loss: bce, metrics: [auc, {gauc: {by: user}}]}}
losses: {aux: {block: bce, in: {logits: logit, label: click}, weight: 0.5}}
variants:
  wide: {params: {dim: 32}}
  deep: {graph: {head: {hidden: [8, 8, 8]}}}
  swap: {graph: {head: {block: linear, out: 4}}}
  fresh: {params: {width: 4}, graph: {head: {block: linear, out: $width}}}
  lean: {losses: {aux: null}}
  headless: {graph: {head: null}}
"""


def places(report: Diagnostics) -> list[str]:
    """`E103 12:5 <text>` for each diagnostic, in order; the source is left out if it is the text itself."""
    lines = []
    for d in report:
        where = f" {d.at.line + 1}:{d.at.column + 1}" if d.at else ""
        source = f" {d.at.source.name}" if d.at and d.at.source.name != "<text>" else ""
        lines.append(f"{d.code}{where}{source}")
    return lines


@pytest.fixture
def model() -> str:
    return MODEL


@pytest.fixture
def found() -> Callable[..., list[str]]:
    """What loading a text reports."""

    def find(text: Any, **how: Any) -> list[str]:
        report = Diagnostics()
        load(text, report, **how)
        return places(report)

    return find


@pytest.fixture
def loaded() -> Callable[..., Document]:
    """The document of a text that has no mistakes."""

    def read(text: Any, **how: Any) -> Document:
        report = Diagnostics()
        document = load(text, report, **how)
        assert document is not None and not report.failed, str(report)
        return document

    return read


@pytest.fixture
def mapping() -> Callable[[str], Map]:
    """The values of a YAML text."""

    def read(text: str) -> Map:
        report = Diagnostics()
        value = read_map(Source("<text>", text), report)
        assert value is not None and not report.failed, str(report)
        return value

    return read
