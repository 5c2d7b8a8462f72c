"""How numbers and settings read, in pictures, tables and messages."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def human(number: float) -> str:
    """A count in at most four characters and a unit: 812, 16.4k, 4.07M."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= limit:
            return f"{float(f'{number / limit:.3g}'):g}{unit}"
    return f"{number:.0f}"


def size(count: float) -> str:
    """Bytes in four digits and a unit: `812 B`, `16.4 KiB`, `1,536 GiB`.

    >>> [size(n) for n in (812, 16_800, 3 * 2**30)]
    ['812 B', '16.41 KiB', '3 GiB']
    """
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{float(f'{count:.4g}'):,g} GiB"


def parameters(number: int) -> str:
    """`1 parameter`, `16.4k parameters`."""
    return f"{human(number)} parameter{'' if number == 1 else 's'}"


def work(flops: int) -> str:
    """`812 FLOPs`, `1.3 MFLOPs`."""
    number = human(flops)
    return f"{number[:-1]} {number[-1]}FLOPs" if number[-1].isalpha() else f"{number} FLOPs"


def counted(number: int, noun: str) -> str:
    """`1 node`, `3 nodes`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(names: Collection[str], most: int = 20) -> str:
    """`a, b`, the first 20; `a, b, … and 300 more`."""
    shown = ", ".join([*names][:most])
    return f"{shown}, … and {len(names) - most} more" if len(names) > most else shown


def shortened(text: str, length: int) -> str:
    """`text` on one line, cut to `length` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def setting(value: Any) -> str:
    """A parameter's value as YAML would write it, near enough to read."""
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(setting, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)
