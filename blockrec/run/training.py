"""From a job and its directory to a result: the part that a new run and one that goes on have in common."""

from __future__ import annotations

from pathlib import Path

from blockrec.diagnostics import BlockrecError, fail
from blockrec.run.directory import RunDirectory
from blockrec.run.interrupt import interruptible
from blockrec.run.log import Log
from blockrec.run.names import PROFILE, REPORT, RESULT
from blockrec.run.prepare import Job
from blockrec.run.profile import profiled
from blockrec.run.progress import Display
from blockrec.run.report import write_report
from blockrec.run.result import RunResult
from blockrec.run.session import Session


def carry_out(job: Job, directory: RunDirectory, log: Log, checkpoint: Path | None = None) -> RunResult:
    """Train and measure, from `checkpoint` on if there is one, and write what came of it.

    Raises `BlockrecError` for a run that cannot go on: E501 (its data cannot be read any more), E701, E702, E705,
    E708.
    """
    try:
        result = _trained(job, directory, log, checkpoint)
        if not result.interrupted:
            result = profiled(result, job, log)
        if result.profile is not None:
            directory.write_json(PROFILE, result.profile.to_json())
        directory.write_json(RESULT, result.to_json())
        log.keep(str(result))
        with directory.writing(directory.path / REPORT):
            write_report(directory.path)
        return result
    except BlockrecError as error:
        log.keep_if_possible(str(error))
        _report_if_possible(directory)
        raise


def _trained(job: Job, directory: RunDirectory, log: Log, checkpoint: Path | None) -> RunResult:
    try:
        with interruptible(log.say) as interrupt, Display(log, job.plan) as display:
            session = Session(job, directory, log, display, interrupt)
            session.begin(checkpoint)
            session.train()
            return session.result()
    except OSError as error:
        name = f": `{error.filename}`" if error.filename else ""
        help = f"when they are there again, `blockrec run --resume {directory.path}` goes on from the last checkpoint"
        raise fail("E501", f"the data cannot be read any more: {error.strerror or error}{name}", help=help) from error


def _report_if_possible(directory: RunDirectory) -> None:
    try:
        write_report(directory.path)
    except (OSError, BlockrecError):
        return
