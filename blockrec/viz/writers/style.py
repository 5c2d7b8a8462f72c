"""Colours of the SVG picture, by role, for light and for dark screens."""

from __future__ import annotations

from typing import NamedTuple


class Theme(NamedTuple):
    """Colours of one scheme; roles: role → (fill, border)."""

    page: str
    text: str
    muted: str
    vector: str
    sequence: str
    cluster: str
    border: str
    roles: dict[str, tuple[str, str]]


LIGHT = Theme(
    page="#ffffff",
    text="#0f172a",
    muted="#56637a",
    vector="#8492a8",
    sequence="#4f6bd8",
    cluster="#64748b14",
    border="#c3ccd9",
    roles={
        "input": ("#eef5ff", "#5b93e6"),
        "embed": ("#f5f0ff", "#9a75e0"),
        "block": ("#ffffff", "#94a3b8"),
        "composite": ("#f1f5f9", "#64748b"),
        "task": ("#ecfbf1", "#2f9e5b"),
        "loss": ("#fff0f0", "#dc5a5a"),
        "output": ("#fff8e6", "#c98a15"),
        "watch": ("#f6f8fa", "#8c959f"),
    },
)
DARK = Theme(
    page="#0f1521",
    text="#e6ebf4",
    muted="#9aa8bd",
    vector="#71809a",
    sequence="#8ba3ff",
    cluster="#94a3b817",
    border="#3a475c",
    roles={
        "input": ("#13233c", "#4f8ae0"),
        "embed": ("#231a3d", "#9a7be6"),
        "block": ("#1a2332", "#62718a"),
        "composite": ("#222d3f", "#8493ab"),
        "task": ("#122b1d", "#3fae6c"),
        "loss": ("#331a1d", "#e06c6c"),
        "output": ("#2f2510", "#d09a33"),
        "watch": ("#21262d", "#8b949e"),
    },
)

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Verdana, sans-serif"


def style_sheet() -> str:
    """The picture's CSS; colours are written out, as not every viewer knows CSS variables."""
    fixed = (
        f"text{{font-family:{FONT};font-size:11px}}"
        ".h{font-size:20px;font-weight:700}.d{font-size:12px}.name{font-size:13px;font-weight:600}"
        ".row,.ct{font-weight:600}.p{font-size:10px;text-anchor:middle}.r{text-anchor:end}"
        ".b{stroke-width:1.3}.composite .b{stroke-dasharray:5 3}.v,.s,.i{fill:none}"
        ".v{stroke-width:1.3}.s{stroke-width:4.4}.i{stroke-width:1.9}.m{font-weight:400}.ct{paint-order:stroke;stroke-width:3px;stroke-linejoin:round}"
    )
    return f"{fixed}{_colours(LIGHT)}@media (prefers-color-scheme:dark){{{_colours(DARK)}}}"


def _colours(theme: Theme) -> str:
    roles = "".join(f".{role} .b{{fill:{fill};stroke:{line}}}" for role, (fill, line) in theme.roles.items())
    return (
        f".page{{fill:{theme.page}}}text{{fill:{theme.text}}}.fact,.p,.r,.d,.m{{fill:{theme.muted}}}"
        f".type{{fill:{theme.sequence}}}.v{{stroke:{theme.vector}}}.vh{{fill:{theme.vector}}}"
        f".s{{stroke:{theme.sequence}}}.sh{{fill:{theme.sequence}}}.i{{stroke:{theme.page}}}"
        f".c{{fill:{theme.cluster};stroke:{theme.border}}}.ct{{stroke:{theme.page}}}{roles}"
    )
