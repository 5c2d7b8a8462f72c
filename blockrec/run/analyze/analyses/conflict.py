"""Whether attention and representation pull the rows of a table apart."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from blockrec.every import Every
from blockrec.run.analyze.attention import Cuts, no_attention
from blockrec.run.analyze.findings import Bars, Findings, Listing, Row
from blockrec.run.analyze.gradients import split_gradients
from blockrec.run.analyze.meeting import Meeting, Roles, Strength, feature_of
from blockrec.run.analyze.registry import analysis
from blockrec.run.analyze.subject import Subject
from blockrec.run.batches import Batch, moved
from blockrec.run.begun import Begun
from blockrec.run.names import RESOLVED
from blockrec.run.prepare import Job, Wishes, prepare
from blockrec.run.warm import warm_start
from blockrec.run.watch import trained_part

BINS = 40


@analysis("conflict", needs=lambda subject: no_attention(subject.model))
def conflict(subject: Subject, *, steps: int = 100, first: int = 100) -> Findings:
    """Do attention and representation pull the rows of a table in different directions, and which is stronger?

    The run is trained again from its first step, and the gradient of each table is read in two parts: that which comes
    through attention scores, and the rest. Their sum moves the weights, so the training is the same. Of each row, such
    as a category, the norms (domination) and the angle (conflict) of both parts are compared. Two tables of one feature
    and width that have one role each are compared as well: their parts meet nowhere.

    Args:
        steps: so many steps of the training, at most those that it had.
        first: norms, and in how many steps the parts of a row point apart, are of so many first steps.
    """
    job = _job(subject)
    roles, cuts = Roles(first), Cuts()
    model = trained_part(job.model)
    model.train()
    for number, batch in _batches(job, min(steps, job.plan.steps), subject):
        roles.see(split_gradients(model, cuts, moved(batch, job.device), job.updater), number)
        job.updater.step(number, last=number % job.plan.per_epoch == 0)
    return _told(roles, min(steps, job.plan.steps))


def _job(subject: Subject) -> Job:
    """The run as it began."""
    begun = Begun.read(subject.path)
    wishes = begun.merged(Wishes(imports=subject.imports, device=subject.device, sets=subject.sets))
    job = prepare(subject.path / RESOLVED, wishes, subject.log)
    if begun.warm_start is not None:
        warm_start(job, begun.warm_start, subject.log, subject.path.parent)
    return job


def _batches(job: Job, steps: int, subject: Subject) -> Iterator[tuple[int, Batch]]:
    """(step from 1, batch), as they were trained on, with a line on progress now and then."""
    number, every = 0, Every()
    while number < steps:
        for batch in job.feed.batches(number // job.plan.per_epoch):
            number += 1
            yield number, batch
            if every.due():
                subject.log.say(f"conflict: step {number:,} of {steps:,}")
            if number == steps:
                return


def _told(roles: Roles, steps: int) -> Findings:
    known = {key: meeting for key, meeting in roles.meetings.items() if meeting.cosines}
    first = min(steps, roles.first)
    header = ["table", "feature", "attention", "rest", "attention / rest"]
    norms: list[Row] = [
        [_table(path), feature_of(path), attention.mean, roles.rest[path].mean, _ratio(attention, roles.rest[path])]
        for path, attention in roles.attention.items()
        if attention.norms or roles.rest[path].norms
    ]
    tables = [Listing(f"mean norm of the gradient of a row, first {first:,} steps", header, norms)]
    if known:
        header = [
            "through attention",
            "rest",
            "feature",
            "mean cosine",
            "steps with a negative one",
            "rows mostly apart",
        ]
        rows = [_angle(*key, meeting) for key, meeting in known.items()]
        tables.append(Listing(f"angle between both parts of a row, {steps:,} steps", header, rows))
    return Findings(tables, [*_figures(known)], _values(roles, known), _notes(known))


def _angle(left: str, right: str, meeting: Meeting) -> Row:
    return [_table(left), _table(right), feature_of(left), float(np.mean(meeting.cosines)), *_shares(meeting)]


def _shares(meeting: Meeting) -> tuple[float, float]:
    """Of steps with a negative mean cosine, and of rows whose parts point apart in more than half of the steps."""
    rows = meeting.opposed_rows
    return meeting.opposed_steps, float((rows > 0.5).mean()) if len(rows) else float("nan")


def _figures(known: dict[tuple[str, str], Meeting]) -> Iterator[Bars]:
    if not known:
        return
    names = {key: _name(*key) for key in known}
    edge = max(1e-3, *(abs(c) for meeting in known.values() for c in meeting.cosines)) * 1.0001
    edges = np.linspace(-edge, edge, BINS + 1)
    steps = {names[key]: np.histogram(m.cosines, edges)[0].tolist() for key, m in known.items()}
    yield Bars("mean cosine of a step", "cosine", edges.tolist(), steps, "Left of 0 both parts pull apart.")
    shares = np.linspace(0, 1, BINS // 2 + 1)
    rows = {names[key]: np.histogram(m.opposed_rows, shares)[0].tolist() for key, m in known.items()}
    caption = "Each row by the share of steps in which its parts point apart."
    yield Bars("conflict by row", "share of steps", shares.tolist(), rows, caption)


def _values(roles: Roles, known: dict[tuple[str, str], Meeting]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part, strengths in (("attention", roles.attention), ("rest", roles.rest)):
        found |= {f"norm/{part}/{_table(p)}/{feature_of(p)}": s.mean for p, s in strengths.items() if s.norms}
    for key, meeting in known.items():
        steps, rows = _shares(meeting)
        name = _name(*key)
        found |= {f"cosine/{name}": float(np.mean(meeting.cosines)), f"opposed steps/{name}": steps}
        found[f"opposed rows/{name}"] = rows
    return found


def _notes(known: dict[tuple[str, str], Meeting]) -> list[str]:
    if not any(left == right for left, right in known):
        return ["No table has both roles: nothing pulls a row both ways."]
    return []


def _name(left: str, right: str) -> str:
    tables = _table(left) if left == right else f"{_table(left)} × {_table(right)}"
    return f"{tables}/{feature_of(left)}"


def _table(path: str) -> str:
    return path.split(".")[1]


def _ratio(attention: Strength, rest: Strength) -> float:
    return attention.mean / rest.mean if rest.norms else float("nan")
