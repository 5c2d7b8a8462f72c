"""What distinguishes a run from others of the same model, and what it cost."""

from __future__ import annotations

import resource
import sys
from typing import Any

import torch

from blockrec.graph.size import counts
from blockrec.run.prepare import Job
from blockrec.run.result import RunResult


def dry_result(job: Job) -> RunResult:
    """Of a run that stops before the first step."""
    return RunResult(job.document.name, {}, None, None, 0, 0, 0.0, peak_memory(), {}, None, facts=facts(job))


def facts(job: Job) -> dict[str, Any]:
    """What distinguishes this run from others of the same model."""
    sizes = counts(job.graph)
    return {
        "seed": job.seed,
        "device": str(job.device),
        "optimizer": {
            "dense": str(job.train.dense),
            "sparse": str(job.train.sparse),
            "tables_dense": job.train.tables_dense,
        },
        "data": job.document.card,
        "training": {"steps": job.plan.steps, "epochs": job.plan.epochs, "batch_size": job.feed.batch_size},
        "parameters": {"dense": sizes["dense"], "tables": sizes["sparse"]},
        "samples": {name: split.rows for name, split in job.dataset.splits.items()},
    }


def peak_memory() -> int:
    """Bytes of main memory that the process held at most, or of the GPU if that is more."""
    unit = 1 if sys.platform == "darwin" else 1024
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, gpu)
