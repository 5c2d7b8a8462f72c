"""Global options may stand anywhere; colour follows the option, NO_COLOR and the stream."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blockrec.cli.terminal import Color, Terminal, globals_first

FLAGS = ["-q", "--quiet", "-v", "--verbose", "--color=never"]
WORDS = st.lists(st.sampled_from([*FLAGS, "check", "model.yaml", "--set", "a.b=1", "--json"]))


@given(WORDS)
def test_globals_come_first_and_the_rest_keeps_its_order(words: list[str]) -> None:
    globals_ = [word for word in words if word in FLAGS]
    others = [word for word in words if word not in FLAGS]
    assert globals_first(words) == globals_ + others


@given(WORDS, WORDS)
def test_nothing_moves_from_behind_a_double_dash(before: list[str], after: list[str]) -> None:
    assert globals_first([*before, "--", *after]) == [*globals_first(before), "--", *after]


@pytest.mark.parametrize("words", [["--color"], ["check", "--color"]])
def test_a_color_without_value_is_left_to_the_parser(words: list[str]) -> None:
    assert sorted(globals_first(words)) == sorted(words)


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("color", "no_color", "stream", "paints"),
    [
        (Color.AUTO, "", Screen(), True),
        (Color.AUTO, "", io.StringIO(), False),
        (Color.AUTO, "1", Screen(), False),
        (Color.ALWAYS, "1", io.StringIO(), True),
        (Color.NEVER, "", Screen(), False),
    ],
)
def test_when_text_is_coloured(
    monkeypatch: pytest.MonkeyPatch, color: Color, no_color: str, stream: io.StringIO, paints: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    assert Terminal(color).paints(stream) is paints


def test_quiet_silences_notes_and_progress_but_not_results_and_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(quiet=True)
    terminal.result("result")
    terminal.complain("mistake")
    terminal.note("note")
    terminal.console().print("progress")
    assert capsys.readouterr() == ("result\n", "mistake\n")
