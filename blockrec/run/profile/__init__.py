"""How long each node takes, forward and backward: `blockrec run --profile`, and a part of `blockrec bench`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import torch

from blockrec.graph.lower import Model
from blockrec.run.batches import Batch, moved, rows_in
from blockrec.run.log import Log
from blockrec.run.precision import precision_of
from blockrec.run.prepare import Job
from blockrec.run.profile.nodes import NodeByNode
from blockrec.run.profile.result import NodeTime, Profile
from blockrec.run.result import RunResult
from blockrec.run.smoke import restored
from blockrec.run.watch import trained_part

__all__ = ["NodeTime", "Profile", "profile", "profile_job", "profiled"]

WARM, STEPS = 2, 10
"""Steps before any is counted, and steps that are."""


def profiled(result: RunResult, job: Job, log: Log) -> RunResult:
    """The result with a profile, if that was asked for."""
    return replace(result, profile=profile_job(job, log)) if job.profile else result


def profile_job(job: Job, log: Log) -> Profile:
    """Time the nodes of a training on its first batches."""
    log.say(f"timing each node on {WARM + STEPS} batches")
    feed = (batch for epoch in range(WARM + STEPS) for batch in job.feed.batches(epoch))
    return profile(trained_part(job.model), islice(feed, WARM + STEPS), job.device, warm=WARM)


def profile(model: Model, batches: Iterable[Batch], device: torch.device, *, warm: int = 0) -> Profile:
    """Time forward and backward of every node on batches, the first `warm` of which do not count.

    Leaves no trace in weights, gradients, buffers or random numbers. On a GPU it is waited for after every node, so
    that the sum of all is more than a step takes.
    """
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    rows = 0
    training = model.training
    with restored(model.train()):
        for number, batch in enumerate(batches):
            times = NodeByNode(model, device).step(moved(batch, device))
            if number < warm:
                continue
            rows += rows_in(batch)
            for name, seconds in times.items():
                found[name].append(seconds)
    model.train(training)
    nodes = tuple(_mean(model, name, seconds) for name, seconds in found.items())
    steps = max(map(len, found.values()), default=0)
    return Profile(str(device), precision_of(model), steps, rows, nodes)


def _mean(model: Model, name: str, seconds: list[tuple[float, float]]) -> NodeTime:
    node = model.graph_ir.nodes.get(name)
    forward, backward = (sum(part) / len(seconds) for part in zip(*seconds, strict=True))
    return NodeTime(name, node.block if node else "", forward, backward)
