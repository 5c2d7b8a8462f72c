"""The pages of `docs/errors`, read into their parts.

A page shows a file that fails and the same file mended, as fences `yaml fails` and `yaml mended` (written to
`model.yaml`), or one that serves for both, `yaml`. `console fails` and `console mended` hold the command, if it is not
`blockrec check model.yaml`; `python fails` and `python mended` are programs instead of commands. Fences with
`file=NAME` are written beside the model. `text` is what blockrec prints; `…` stands for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)(?: ([\w=./]+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CHECK = "blockrec check model.yaml"


@dataclass(frozen=True)
class Page:
    """parts: (language, mark) → text of a fence."""

    code: str
    text: str
    parts: dict[tuple[str, str], str]

    def model(self, side: str) -> str:
        """The file as it fails, or as it is mended."""
        return self.parts.get(("yaml", side)) or self.parts["yaml", ""]

    def command(self, side: str) -> str:
        """What is typed; `mended` is done as `fails` unless the page says otherwise."""
        written = self.parts.get(("console", side)) or self.parts.get(("console", "fails")) or f"$ {CHECK}"
        return written.strip().removeprefix("$ ")

    def program(self, side: str) -> str | None:
        """The program that is run instead of a command."""
        return self.parts.get(("python", side)) or self.parts.get(("python", ""))

    @property
    def printed(self) -> str:
        return self.parts["text", ""].rstrip("\n")

    def write(self, side: str, folder: Path) -> None:
        """The model and the files that stand beside it."""
        (folder / "model.yaml").write_text(self.model(side), "utf-8")
        for (_, mark), text in self.parts.items():
            if mark.startswith("file="):
                (folder / mark.removeprefix("file=")).write_text(text, "utf-8")


def read(path: Path) -> Page:
    text = path.read_text("utf-8")
    return Page(path.stem, text, {(m[1], m[2] or ""): m[3] for m in FENCE.finditer(text)})


def shows(printed: str, shown: str) -> bool:
    """Whether `printed` holds the lines of `shown`."""
    lines = "\n".join(line.rstrip() for line in printed.splitlines())
    return re.search(".*?".join(map(re.escape, shown.split("…"))), lines) is not None
