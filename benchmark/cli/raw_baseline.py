"""After a run: whether what was trained on data of the user's own beats raw inputs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import typer

from benchmark.cli.options import command
from benchmark.errors import DataMissing, OneshotError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.evaluation.job import RunContext
    from benchmark.sweep.plan import PlannedRun

FOLDERS = ("data", "results", "work", "device")  # options of `oneshot run` that a search takes too


def say_beside_raw(planned: Iterable[PlannedRun], context: RunContext) -> None:
    """One line for each training and task that are new, from their validation splits."""
    from benchmark.evaluation.job import path_of
    from benchmark.evaluation.raw import beside_raw
    from benchmark.records import store

    assert context.results is not None  # the command line always has some
    found = []
    for each in planned:
        if each.job.track.size is None or not each.learning or each.waits is not None:
            continue
        for task in each.job.tasks if context.existing == "redo" else each.missing:
            with contextlib.suppress(OneshotError):  # refused, or lost: said elsewhere
                path = path_of(each.job, task, each.recipe, context.results)
                found.append((each.job, store.read(path)))
    with contextlib.suppress(DataMissing):  # the data of a cluster need not lie here
        for line in beside_raw(found, context):
            typer.echo(str(line))
            if not line.beaten:
                job = next(
                    job for job, record in found
                    if (record.task.name, record.model.key) == (line.task, line.model)
                )  # fmt: skip
                words = "tune", job.spec.typed, "--track", job.track.name
                typer.echo(f"Search on validation: {command(*words, keep=FOLDERS)}")
