"""`oneshot tune`: the small search on validation that every model gets alike."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli import run_options
from benchmark.cli.options import Data, Device, Work, default_work
from benchmark.errors import OneshotError

if TYPE_CHECKING:
    from benchmark.sweep.tuning import Outcome, Search


def tune(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Models with settings.")],
    track: Annotated[
        str | None,
        typer.Option(help="Track to search on: its validation split decides.  [default: glyphs]"),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option("--task", "-t", help="Task whose validation twin decides, not the track's."),
    ] = None,
    settings: run_options.Settings = None,
    count: Annotated[
        int | None,
        typer.Option(
            "--settings",
            metavar="N",
            min=1,
            help="How many settings to try.  [default: those that the model declares, else 8]",
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="quick | standard | full")] = "quick",
    data: Data = None,
    results: Annotated[
        Path, typer.Option(help="The outcome is written to its folder tuning/.")
    ] = Path("results"),
    work: Work = None,
    device: Device = "auto",
) -> None:
    """Tries settings on validation, eight if not told otherwise, and writes how each did.

    On the suite's tracks these are learning rate x margin or temperature; on data of your own also
    the size of images that are stored larger, and crops. No test item is read. Then it says which
    command trains with the best. Suites follow the outcome by themselves.
    """
    from benchmark.cli.execute import given_up, run_searches
    from benchmark.cli.progress import ProgressDisplay
    from benchmark.evaluation.api import find_device
    from benchmark.evaluation.job import RunContext, check_budget
    from benchmark.settings import parse
    from benchmark.sweep.applied import applied
    from benchmark.sweep.executor import SerialExecutor
    from benchmark.sweep.suite import RunGrid
    from benchmark.sweep.tuning import Search
    from benchmark.tasks import task as find_task
    from benchmark.tasks import track as find_track

    context = RunContext(data, results, work or default_work(), find_device(device))
    if task is not None:
        task = find_task(task).name
        if track is not None and find_task(task).track != find_track(track).name:
            raise OneshotError(
                f"The task {task} is asked on the track {find_task(task).track}, not on {track}.",
                "Leave --track out.",
            )
        track = find_task(task).track
    name = find_track(track or "glyphs").name
    decides = task or find_track(name).chooses
    grids, notes = applied(
        [RunGrid(model, (decides,), (0,), check_budget(budget), parse(settings or ()))
         for model in models]
    )  # fmt: skip
    for note in notes:
        typer.echo(note, err=True)
    searches = [
        Search(each.model, name, budget, tuple(each.settings.items()), count, task)
        for each in grids
    ]
    for search in searches:
        search.jobs()  # raises what cannot be searched before hours are spent
    context.require(find_track(name))
    context.check()
    display = ProgressDisplay()
    with display, SerialExecutor(context, display) as executor:
        try:
            failures = run_searches(searches, executor, display, context)
        except KeyboardInterrupt:
            raise OneshotError(
                "Interrupted; finished trainings are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    if failures:
        raise given_up(failures, len(searches), 0)


def table(outcome: Outcome) -> str:
    """One line for each trial, the best marked."""
    lines = []
    for trial in outcome.trials:
        score = "failed" if trial.correct is None else f"{100 * trial.correct / outcome.of:6.2f} %"
        settings = "  ".join(f"{name}={value:g}" for name, value in trial.settings.items())
        lines.append(f"{'*' if trial is outcome.best else ' '} {score:>9}  {settings}")
    return "\n".join([f"{outcome.model} on {outcome.task}:", *lines])


def advice(search: Search, outcome: Outcome) -> list[str]:
    """How to train with the best setting, and which of its numbers may not be at their best.

    A number is named where it is the lowest or highest of at least three that were tried: the
    search ended before its optimum was seen on both sides. The commands leave out the folders.
    """
    best = outcome.best
    if best is None:
        return ["no setting could be trained"]
    task = outcome.task.removesuffix("@validation")
    lines = [f"train with the best: {_command(search, task, 0, best.settings)}"]
    for name, value in best.settings.items():
        tried = sorted({trial.settings[name] for trial in outcome.trials})
        if len(tried) < 3 or value not in (tried[0], tried[-1]):
            continue
        end, inward = ("lowest", tried[1]) if value == tried[0] else ("highest", tried[-2])
        further = {**best.settings, name: float(f"{value * value / inward:.4g}")}
        again = _command(search, outcome.task, outcome.seed, further)
        lines.append(f"{name}={value:g} is the {end} that was tried; to see one beyond it: {again}")
    return lines


def _command(search: Search, task: str, seed: int, settings: dict[str, float]) -> str:
    from benchmark.evaluation.job import RunSpec

    run = RunSpec.parse(
        search.model, (task,), seed, budget=search.budget,
        settings={**dict(search.given), **settings},
    )  # fmt: skip
    return shlex.join(run.words())
