"""`blockrec version`."""

from __future__ import annotations

import importlib.metadata
import json
import platform

import typer

from blockrec import __version__
from blockrec.cli.options import Json

PACKAGES = ("torch", "triton", "numba", "pyarrow")


def version(context: typer.Context, as_json: Json = False) -> None:
    """Print versions of blockrec, torch and the like."""
    found = {"blockrec": __version__, "python": platform.python_version(), **_installed()}
    lines = "\n".join(f"{name} {number}" for name, number in found.items())
    context.obj.result(json.dumps(found, indent=2) if as_json else lines)


def _installed() -> dict[str, str]:
    """Versions from the packages' metadata: importing torch for its number would take a second."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
