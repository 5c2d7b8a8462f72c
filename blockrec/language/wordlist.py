"""Files of `vocab: FILE`: one value a line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from blockrec.diagnostics import Diagnostics, Span
from blockrec.language.files import folder_of


def is_file_name(vocab: Any) -> bool:
    """Whether `vocab:` names a file: a text with a dot or a slash, as a misspelt `auto` has none."""
    return isinstance(vocab, str) and any(c in vocab for c in "./\\")


def located(name: str, at: Span) -> Path:
    """The path that is written at `at`: relative to the file that says so; `~` stays where there is no such user."""
    path = Path(name)
    with suppress(RuntimeError):
        path = path.expanduser()
    return folder_of(at) / path


def read_words(path: Path, at: Span, report: Diagnostics) -> list[str] | None:
    """The lines of a file; None after E501 for one that cannot be read, is empty, or names a value twice."""
    try:
        if path.exists() and not path.is_file():
            report.error("E501", f"the vocabulary `{path}` is not a file", at)
            return None
        words = path.read_bytes().decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    except (OSError, ValueError, RuntimeError) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeError) else getattr(error, "strerror", None) or str(error)
        report.error(
            "E501",
            f"the vocabulary `{path}` cannot be read: {why}",
            at,
            help="the path starts at the file that says so",
        )
        return None
    words = words[:-1] if words[-1] == "" else words
    problem = _problem(words)
    if problem:
        report.error("E501", f"the vocabulary `{path}` {problem}", at, help="one value a line, each once")
    return None if problem else words


def _problem(words: list[str]) -> str:
    if not words:
        return "is empty"
    if len(set(words)) < len(words):
        first: dict[str, int] = {}
        for number, word in enumerate(words, 1):
            if first.setdefault(word, number) < number:
                return f"names `{word[:80]}` in line {first[word]} and again in line {number}"
    return f"has nothing in line {words.index('') + 1}" if "" in words else ""
