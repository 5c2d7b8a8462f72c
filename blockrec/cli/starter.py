"""What a new project consists of: a model, a card, a block, a small log, and an editor that knows them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from blockrec.language.files import PACKAGE, packaged_models

TEMPLATES = PACKAGE / "templates"
PLACEHOLDER = "my_project"
CARD = "data.yaml"
SCHEMA = "blockrec.schema.json"
WRITTEN_AS = {
    "data.yaml": CARD,
    "blocks.txt": "blocks.py",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "settings.json": ".vscode/settings.json",
    "extensions.json": ".vscode/extensions.json",
}
"""Template → file of the project."""
CATEGORIES = ("books", "games", "garden", "kitchen", "music", "sports")
USERS, ITEMS, EVENTS = 80, 60, 10
"""EVENTS: of each user."""


def files(name: str, model: str | None) -> dict[str, str]:
    """The project `name` as path → text. model: the packaged model to begin with, or None for a small one."""
    copied = {to: _template(file, name) for file, to in WRITTEN_AS.items()}
    events, items = log()
    text = _template("model.yaml", name) if model is None else _copied(packaged_models()[model], name)
    return {"model.yaml": text, **copied, "events.csv": events, "items.csv": items, SCHEMA: _schema()}


def _template(file: str, name: str) -> str:
    return (TEMPLATES / file).read_text("utf-8").replace(PLACEHOLDER, name)


def _copied(path: Path, name: str) -> str:
    """A packaged model with its comments, on the project's card; what it extends is named as the packaged one."""
    text = re.sub(r"^dataset:.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    text = re.sub(r"^extends: (\w+)\.yaml", r"extends: \1", text, flags=re.MULTILINE)
    named = re.sub(r"^name:.*", f"name: {name}\ndataset: {CARD}", text, count=1, flags=re.MULTILINE)
    return f"# yaml-language-server: $schema={SCHEMA}\n{named}"


def _schema() -> str:
    from blockrec.cli.schema import offered
    from blockrec.language.schema.editor import editor_schema

    return json.dumps(editor_schema(offered([])), ensure_ascii=False) + "\n"


def log() -> tuple[str, str]:
    """Events and items as CSV, the same every time: users buy mostly from two categories of their own."""
    draw = random.Random(0)  # noqa: S311 - a sample, not a secret
    category = {f"i{i:02}": CATEGORIES[i % len(CATEGORIES)] for i in range(ITEMS)}
    items = [f"{item},{kind},{draw.randrange(300, 6000) / 100:.2f}" for item, kind in category.items()]
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    events = sorted(
        ((start + timedelta(minutes=draw.randrange(130_000))).strftime("%Y-%m-%d %H:%M:00"), f"u{user:02}", item)
        for user in range(USERS)
        for item in _bought(category, draw)
    )
    rows = [f"{user},{item},{time}" for time, user, item in events]
    return "\n".join(["user,item,time", *rows, ""]), "\n".join(["item,category,price", *items, ""])


def _bought(category: dict[str, str], draw: random.Random) -> Iterator[str]:
    liked = draw.sample(CATEGORIES, 2)
    for _ in range(EVENTS):
        kinds = liked if draw.random() < 0.9 else CATEGORIES
        kind = draw.choice(kinds)
        yield draw.choice([item for item, its in category.items() if its == kind])
