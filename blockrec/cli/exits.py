"""How a command ends: the exit codes, and what the user reads when something goes wrong."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer

from blockrec import cache
from blockrec.cli.report import text
from blockrec.cli.terminal import Terminal
from blockrec.diagnostics import BlockrecError, Diagnostics

OK, FAILED, WRONG, USAGE, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 4, 130
_FAILURES_OF_A_RUN = {"E701", "E702", "E708"}


def guarded(command: Callable[[], int | None], terminal: Terminal) -> int:
    """Run `command`; an exception becomes a text on stderr and an exit code, never a bare traceback."""
    try:
        code = command() or OK
        sys.stdout.flush()
        return code
    except BlockrecError as error:
        terminal.complain(text(error.diagnostics.errors, color=terminal.paints(sys.stderr)))
        return code_of(error.diagnostics)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at exit
        return OK
    except (KeyboardInterrupt, typer.Abort):
        terminal.complain("interrupted")
        return INTERRUPTED
    except OSError as error:
        return _environment(
            f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", error, terminal
        )
    except ImportError as error:
        ours = (error.name or "").startswith("blockrec.")
        return _defect(error, terminal) if ours else _environment(str(error), error, terminal)
    except Exception as error:
        return _usage(error, terminal) if hasattr(error, "format_message") else _defect(error, terminal)


def code_of(report: Diagnostics) -> int:
    """0 if nothing is wrong; 1 if all that failed is the run; 2 if what the user wrote is wrong; 4 if a download
    failed; 130 if it was interrupted.
    """
    codes = {d.code for d in report.errors}
    if not codes:
        return OK
    if codes == {"E704"}:
        return INTERRUPTED
    if codes == {"E506"}:
        return ENVIRONMENT
    return FAILED if codes <= _FAILURES_OF_A_RUN else WRONG


def _usage(error: Any, terminal: Terminal) -> int:
    """A mistake in the command line; the parser's exceptions know their message and their command."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "blockrec"
    terminal.complain(f"error: {error.format_message().replace('Value error, ', '')}")
    terminal.complain(f"  = help: `{command} --help` shows the arguments and examples")
    return USAGE


def _environment(message: str, error: Exception, terminal: Terminal) -> int:
    terminal.complain(f"error: {message}")
    if terminal.verbose:
        terminal.complain("".join(traceback.format_exception(error)))
    return ENVIRONMENT


def _defect(error: Exception, terminal: Terminal) -> int:
    """Not a user's mistake: say where it happened and keep the traceback in a file."""
    trace = "".join(traceback.format_exception(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    terminal.complain(f"error: {type(error).__name__}: {error}")
    terminal.complain(f"  --> {frame.filename}:{frame.lineno}, in {frame.name}")
    if terminal.verbose:
        terminal.complain(trace)
        return FAILED
    kept = _keep(trace)
    where = f"; the traceback is in {kept}" if kept else ""
    terminal.complain(f"This is a defect of blockrec or of a block that it ran, not of the model file{where}.")
    terminal.complain("  = help: repeat the command with -v to see the traceback")
    return FAILED


def _keep(trace: str) -> str | None:
    file = cache.folder() / "last-traceback.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(trace, "utf-8")
    except OSError:
        return None
    return str(file)
