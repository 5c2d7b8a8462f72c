"""Every bad file gives the diagnostics that it names and no other; what they suggest is the way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blockrec.codes import CODES
from blockrec.diagnostics import Diagnostic

from .corpus import FOLDER, Case, cases, find, line_of

CASES = cases()
SUGGESTION = re.compile(r"(?:did you mean `(.+?)`\?|`.+?` is called `(.+?)` here|write (\S+|\[.*\]))")
NOT_BY_CHECK = ("E5", "E6", "E7", "W204")
"""Codes of data, kernels and runs."""


def case_id(case: Case) -> str:
    return case.path.stem


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_what_is_found_and_where(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    found = find(case.path.name, case.options)
    assert [line_of(d, case.path.name) for d in found] == list(case.expected)
    assert all(d.help or d.label or d.notes for d in found), "a way out"


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_what_is_suggested_helps(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    for found in find(case.path.name, case.options):
        if suggested := SUGGESTION.fullmatch(found.help):
            word = next(filter(None, suggested.groups()))
            after = find(*_mended(case, found, word, tmp_path))
            assert not [d for d in after if _is_same(d, found)], found.help


def _is_same(one: Diagnostic, other: Diagnostic) -> bool:
    """Whether two diagnostics begin at one place; names of files do not matter."""
    places = [(d.at.line, d.at.column) for d in (one, other) if d.at]
    return len(places) == 2 and places[0] == places[1]


def _mended(case: Case, found: Diagnostic, word: str, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """The file, or the option, with `word` at the place of the diagnostic."""
    at = found.at
    assert at is not None
    lines = at.source.text.split("\n")
    line = lines[at.line]
    lines[at.line] = line[: at.column] + word + line[at.column + at.length :]
    path = folder / case.path.name
    if at.source.name == case.path.name:
        path.write_text("\n".join(lines), "utf-8", newline="\n")
        return path, case.options
    path.write_bytes(case.path.read_bytes())
    return path, tuple("\n".join(lines) if option == at.source.text else option for option in case.options)


def test_every_code_of_check_occurs() -> None:
    wanted = {code for code in CODES if not code.startswith(NOT_BY_CHECK)}
    assert wanted - {code for case in CASES for code in case.codes} == set()


def test_the_corpus_is_large_and_its_files_small() -> None:
    assert len(CASES) >= 120
    assert all(len(case.path.read_bytes()) < 2000 for case in CASES)
