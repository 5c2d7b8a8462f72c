"""What a checkpoint's files have to be: their SHA-256 in a file that `sha256sum --check` reads."""

from __future__ import annotations

import re
from pathlib import Path

from blockrec.diagnostics import fail
from blockrec.disk import sha256_of

SUMS = "SHA256SUMS"
LINES = r"([0-9a-f]{64}  [!-~]+\n)+"


def write_checksums(folder: Path) -> None:
    """Write `SHA256SUMS` of all other files in a folder."""
    lines = [f"{sha256_of(file)}  {file.name}\n" for file in sorted(folder.iterdir()) if file.name != SUMS]
    (folder / SUMS).write_text("".join(lines), "utf-8")


def check_files(folder: Path, *names: str) -> None:
    """Read the files of a checkpoint, or those of these names; E707 for the first one that is not as it was written."""
    wrong = damage(folder, *names)
    if wrong:
        raise fail("E707", f"checkpoint `{folder}` is damaged: {wrong}", help=advice(folder))


def damage(folder: Path, *names: str) -> str:
    """What is wrong with a checkpoint, in words; empty if nothing is."""
    try:
        sums = _sums(folder)
        missing = [name for name in names if name not in sums]
        if missing:
            return f"`{SUMS}` does not know `{missing[0]}`"
        return next((wrong for name in names or sums if (wrong := _wrong(folder, name, sums[name]))), "")
    except OSError as error:
        return f"`{Path(error.filename or folder).name}` cannot be read: {error.strerror or error}"
    except ValueError:
        return f"`{SUMS}` is not a list of checksums"


def _sums(folder: Path) -> dict[str, str]:
    if not (folder / SUMS).is_file():
        return {SUMS: ""}
    text = (folder / SUMS).read_bytes().decode("ascii")
    if not re.fullmatch(LINES, text):
        raise ValueError(SUMS)
    return {name: digest for digest, name in (line.split("  ") for line in text.split("\n")[:-1])}


def _wrong(folder: Path, name: str, digest: str) -> str:
    file = folder / name
    if not file.is_file():
        return f"`{name}` is missing"
    return "" if sha256_of(file) == digest else f"`{name}` does not have the SHA-256 that `{SUMS}` says"


def advice(folder: Path) -> str:
    """Which older checkpoint beside a damaged one is whole, and how to go on from it."""
    older = older_whole(folder)
    if older is None:
        return "no older checkpoint of the run is whole; start it again"
    uses = f"`--checkpoint {older.name}` measures it, `--warm-start {older}` begins with it"
    return f"`{older.name}` is whole: `blockrec run --resume {older}` goes on from there; {uses}"


def older_whole(folder: Path) -> Path | None:
    """The newest checkpoint `step-N` beside `folder` that is older and whole."""
    number = step_of(folder.resolve() if folder.is_symlink() else folder)
    steps = sorted((s for s in folder.parent.glob("step-*") if step_of(s) < number), key=step_of, reverse=True)
    return next((step for step in steps if not damage(step)), None)


def step_of(folder: Path) -> int:
    """200 of `…/step-200`."""
    return int(folder.name.removeprefix("step-"))
