"""The last look before long work starts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blockrec.run.goals import check_goals
from blockrec.run.heap import keep_freed_memory
from blockrec.run.log import Log
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.smoke import smoke_step
from blockrec.run.summary import say_beginning
from blockrec.run.weights import weights_of


def ready(model: str | Path | Mapping[str, Any], wishes: Wishes, log: Log) -> Job:
    """All that training needs, tried on one batch."""
    keep_freed_memory()
    job = prepare(model, wishes, log)
    check_goals(job)
    say_beginning(job, log)
    weights_of(job.model)
    smoke_step(job.model, job.first_batch())
    return job
