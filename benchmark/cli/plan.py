"""`oneshot plan`: the jobs that are missing, as a list or as shell lines for any scheduler."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import category

import typer

from benchmark.cli import run_options
from benchmark.cli.options import Data, Results, Shard, Work
from benchmark.errors import OneshotError

if TYPE_CHECKING:
    from benchmark.sweep.plan import Plan, PlannedRun


def plan(
    context: typer.Context,
    models: run_options.Models = None,
    task: run_options.Task = None,
    suite: run_options.SuiteName = None,
    seeds: run_options.Seeds = None,
    folds: run_options.Folds = None,
    budget: run_options.Budget = None,
    settings: run_options.Settings = None,
    episodes: run_options.Episodes = None,
    shard: Shard = None,
    shell: Annotated[
        bool, typer.Option("--shell", help="One command a line, for xargs, job arrays or make.")
    ] = False,
    data: Data = None,
    results: Results = Path("results"),
    work: Work = None,
    device: Annotated[
        str | None, typer.Option(help="Put into the commands: auto | cpu | cuda | mps")
    ] = None,
) -> None:
    """Prints the jobs whose records are missing, the longest first; nothing is run.

    A job is one training and all its tasks. Each line of `--shell` does one job, in any order, on
    any machine that sees the same folders.
    """
    from benchmark.sweep import plan as plans
    from benchmark.sweep.scheduling import longest_first, shard_of
    from benchmark.sweep.scheduling import shard as part

    grids = run_options.grids_of(models, task, suite, settings, seeds, budget, folds, episodes)
    place = shard_of(shard) if shard else None
    made = plans.make(grids, results, strict=suite is None)
    jobs = part(made.planned, *place) if place else longest_first(made.planned)
    folders = _typed(context, {"data": data, "results": results, "work": work, "device": device})
    todo = [each for each in jobs if each.missing]
    ready = [each for each in todo if each.waits is None]
    searches = [
        each for number, each in enumerate(made.searches)
        if place is None or number % place[1] == place[0] - 1
    ]  # fmt: skip
    for search in searches:
        words = ["oneshot", "tune", search.model, "--track", search.track]
        typer.echo(_shell([*words, "--budget", search.budget, *folders]))
    for each in ready:
        typer.echo(_shell([*command(each), *folders]) if shell else _line(each))
    _remarks(made, len(todo) - len(ready), searches=bool(searches))
    if suite is None and made.refused:
        raise typer.Exit(2)


def command(each: PlannedRun) -> list[str]:
    """The words that do what is missing of a job."""
    return replace(each.job, tasks=each.missing).words()


def _line(each: PlannedRun) -> str:
    return f"{each.name}  {each.job.which}  {' '.join(each.missing)}"


def _remarks(made: Plan, waiting: int, searches: bool) -> None:
    """What is no job, on stderr, so that a pipe carries jobs alone."""
    from benchmark.sweep.remarks import defaults_of

    for line in defaults_of(each for each in made.planned if each.missing):
        typer.echo(line, err=True)
    for each in made.planned:
        for task, reason in each.left_out.items():
            typer.echo(f"left out  {each.name}  {task}  {each.job.which}: {reason}", err=True)
    for refusal in made.refused:
        typer.echo(str(refusal), err=True)
    if waiting:
        told = "these searches" if searches else "searches"
        typer.echo(
            f"{waiting} more jobs follow {told} on validation; when they are made, type the same "
            "command again.",
            err=True,
        )
    if any(refusal.broken for refusal in made.refused):
        raise typer.Exit(2)


def _typed(context: typer.Context, values: dict[str, object]) -> list[str]:
    """Folders and device as they were typed, for the commands; what was not typed stays out."""
    words: list[str] = []
    for name, value in values.items():
        source = context.get_parameter_source(name)
        if value is not None and source is not None and source.name == "COMMANDLINE":
            words += [f"--{name}", str(value)]
    return words


def _shell(words: list[str]) -> str:
    """The words as one line that a shell reads back.

    Raises:
        OneshotError: a word holds a line break, which would tear the line apart, or another control
            character, which a terminal would obey.
    """
    for word in words:
        if any(category(character)[0] == "C" for character in word):
            raise OneshotError(
                f"{word!r} holds a line break or another control character: it cannot stand in a "
                "line."
            )
    return shlex.join(words)
