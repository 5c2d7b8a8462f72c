"""The page: what a run reached, how it got there, and what it was."""

from __future__ import annotations

from collections.abc import Iterator

from blockrec.run.report import sections
from blockrec.run.report.analyses import analyses
from blockrec.run.report.files import RunFiles
from blockrec.run.report.style import style_sheet
from blockrec.viz.writers.markup import element, escaped

SECTIONS = (
    ("Metrics", sections.metrics),
    ("Curves", sections.curves),
    ("Calibration", sections.calibration),
    ("Watched values", sections.watched),
    ("Analyses", analyses),
    ("Time", sections.time),
    ("Model", sections.model),
    ("Data", sections.data),
    ("Configuration", sections.configuration),
    ("Environment", sections.environment),
    ("Log", sections.log),
)


def page(run: RunFiles) -> str:
    """A whole HTML document; sections without content are left out."""
    found = [(title, "".join(write(run))) for title, write in SECTIONS]
    shown = [(title, body) for title, body in found if body]
    links = [element("a", [], text=title, href=f"#{_id(title)}") for title, _ in shown]
    body = [
        *sections.heading(run),
        element("nav", links),
        *(_section(title, content) for title, content in shown),
    ]
    return "\n".join([*_head(run), element("body", [element("main", body)]), "</html>", ""])


def _head(run: RunFiles) -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escaped(run.name)} · {escaped(run.path.resolve().name)}</title>"
    yield f"<style>{style_sheet()}</style></head>"


def _section(title: str, content: str) -> str:
    return element("section", [element("h2", [], text=title), content], id=_id(title))


def _id(title: str) -> str:
    return title.lower().replace(" ", "-")
