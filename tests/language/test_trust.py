"""Each sentence of docs/trust.md about what a file that is not trusted may do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from blockrec.cli.main import main
from blockrec.diagnostics import Diagnostics
from blockrec.graph.compile import check, check_model
from blockrec.language.document import Document, load

MODEL = """\
blockrec: 1
name: m
features: {item: {vocab: 100, dim: 4}}
labels: [click]
graph: {e: {block: embed, in: item}, logit: {block: linear, in: e, out: 1}}
tasks: {click: {logits: logit, loss: bce}}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, beside one that it should not reach."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    (inside / "base.yaml").write_text(MODEL)
    (inside / "words.txt").write_text("a\nb\n")
    (inside / "library.yaml").write_text("blocks: {}\n")
    (inside / "evil.py").write_text(f"from pathlib import Path\n\nPath({str(tmp_path / 'ran')!r}).touch()\n")
    for name in ("secret.yaml", "secret.txt"):
        (outside / name).write_text("secret: 1\n")
    (inside / "link.yaml").symlink_to(outside / "secret.yaml")
    (inside / "link.txt").symlink_to(outside / "secret.txt")
    (inside / "linked").symlink_to(outside)
    monkeypatch.chdir(inside)
    return inside


def refused(text: str) -> list[str]:
    (Path("m.yaml")).write_text(text)
    _, _, report = check("m.yaml", trusted=False)
    assert "secret: 1" not in str(report)
    return [d.code for d in report.errors]


IMPORTS = ["evil.py", "./evil.py", "os", "os.path", "blockrec.cli.main"]


@pytest.mark.parametrize("name", IMPORTS)
def test_no_python_is_imported(name: str, folder: Path) -> None:
    assert refused(f"{MODEL}imports: [{name}]\n") == ["E210"]
    assert not (folder.parent / "ran").exists()
    (folder / "library.yaml").write_text(f"imports: [{name}]\n")
    assert refused(f"{MODEL}imports: [library.yaml]\n") == ["E210"]
    assert refused(f"{MODEL}variants: {{v: {{imports: [{name}]}}}}\n") == []
    _, _, report = check("m.yaml", variants=["v"], trusted=False)
    assert [d.code for d in report.errors] == ["E210"]


def test_a_trusted_file_imports_python(folder: Path) -> None:
    (folder / "m.yaml").write_text(f"{MODEL}imports: [evil.py]\n")
    check("m.yaml")
    assert (folder.parent / "ran").exists()


OUTSIDE = ["../outside/secret.{}", "linked/secret.{}", "link.{}", "{here}/../outside/secret.{}", "~/secret.{}"]
LINES = {
    "extends: '{}'": "yaml",
    "dataset: '{}'": "yaml",
    "imports: ['{}']": "yaml",
    "features: {{item: {{vocab: '{}', dim: 4}}}}": "txt",
    "features: {{item: {{vocab: 100, dim: 4}}, s: {{fields: {{x: {{vocab: '{}'}}}}}}}}": "txt",
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("path", OUTSIDE)
def test_no_file_outside_is_read(line: str, path: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder.parent / "outside"))
    opened: list[str] = []
    real_open = Path.open

    def note(path: Path, *args: object, **how: object) -> object:
        opened.append(str(path.resolve()))
        return real_open(path, *args, **how)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", note)
    name = path.format(LINES[line], here=folder)
    lines = [x for x in MODEL.splitlines() if not x.startswith(line.partition(":")[0])]
    assert "E111" in refused("\n".join([*lines, line.format(name)]) + "\n")
    assert not any("/outside/" in path for path in opened)


def test_files_inside_and_what_blockrec_carries_are_read(folder: Path) -> None:
    assert refused("blockrec: 1\nextends: base.yaml\n") == []
    assert refused("blockrec: 1\nextends: dare\n") == []
    assert refused(f"{MODEL}imports: [library.yaml]\ndataset: planted_interests\n") == []
    assert refused(MODEL.replace("vocab: 100", "vocab: words.txt")) == []
    assert refused(f"{MODEL}imports: ['{folder}/library.yaml']\n") == []


def test_the_card_that_the_user_names_may_lie_anywhere(folder: Path) -> None:
    (folder.parent / "outside" / "card.yaml").write_text("features: {user: {vocab: 3}}\n")
    _, _, report = check("base.yaml", data="../outside/card.yaml", trusted=False)
    assert not report.failed, str(report)


def test_a_text_is_in_the_current_folder(folder: Path) -> None:
    _, _, report = check(f"{MODEL}extends: ../outside/secret.yaml\n", trusted=False)
    assert [d.code for d in report.errors] == ["E111"]


def test_an_untrusted_file_learns_nothing_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, loaded: Callable[..., Document]
) -> None:
    monkeypatch.setenv("BLOCKREC_TEST_TOKEN", "hidden")
    text = f'{MODEL}train: {{epochs: $env("BLOCKREC_TEST_TOKEN"), seed: \'$env("BLOCKREC_TEST_TOKEN", 4)\'}}\n'
    report = Diagnostics()
    document = load(text, report, trusted=False)
    assert document is not None and not report.failed, str(report)
    assert document.evaluated("train")["seed"] == 4 and "hidden" not in str(document.evaluated("train"))
    assert "hidden" not in document.to_yaml()


def test_the_commands(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "m.yaml").write_text(f"{MODEL}imports: [evil.py]\n")
    for words in (["check", "m.yaml", "--no-imports"], ["viz", "m.yaml", "--no-imports", "-o", "-"]):
        with pytest.raises(SystemExit) as exit_:
            main(words)
        assert exit_.value.code == 2 and "E210" in capsys.readouterr().err
    assert not (folder.parent / "ran").exists()
    with pytest.raises(SystemExit) as exit_:
        main(["check", "base.yaml", "--no-imports"])
    assert exit_.value.code == 0


def test_reading_itself_runs_no_code(folder: Path) -> None:
    for text in ("x: !!python/object/apply:os.system ['touch ran']\n", 'x: !!python/name:os.system ""\n'):
        assert "E004" in [d.code for d in check_model(MODEL + text)[1].errors]
    assert not os.path.lexists(folder / "ran")
