"""What is to be run, as it is typed: models and tasks, or a suite. `run` and `plan` share it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.errors import OneshotError

if TYPE_CHECKING:
    from benchmark.evaluation.job import RunContext
    from benchmark.sweep.suite import RunGrid

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MODEL...]",
        help="Catalogue key, package.module:Name, or path/to/file.py:Name. The last two are code, "
        "which runs with your rights.",
    ),
]
Task = Annotated[
    list[str] | None,
    typer.Option("--task", "-t", help="Task, or a pattern over the ranked ones: 'omniglot-*'."),
]
SuiteName = Annotated[
    str | None,
    typer.Option(help="Instead of models and tasks: a suite's name, or a file SUITE.toml."),
]
Seeds = Annotated[str | None, typer.Option(help="Training seeds: 0, 0-2 or 0,3,5.  [default: 0]")]
Folds = Annotated[
    str | None,
    typer.Option(help="Only these folds of a track that has some: 0-2.  [default: all]"),
]
Budget = Annotated[str | None, typer.Option(help="quick | standard | full  [default: quick]")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe."),
]

Episodes = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Only the first N of each task's pinned episodes. Default: all."
    ),
]


def grids_of(
    models: list[str] | None,
    tasks: list[str] | None,
    suite: str | None,
    settings: list[str] | None,
    seeds: str | None,
    budget: str | None,
    folds: str | None = None,
    episodes: int | None = None,
    context: RunContext | None = None,
) -> list[RunGrid]:
    """What was typed: models, tasks, seeds and the settings that each model has.

    Raises:
        OneshotError: nothing to run, an unknown name, or models beside a suite.
    """
    from dataclasses import replace

    from benchmark.sweep.applied import applied
    from benchmark.sweep.suite import seeds_of

    grids = (
        grids_by_suite(suite, models, tasks, settings, seeds, budget)
        if suite
        else grids_by_name(models, tasks, settings, seeds or "0", budget or "quick")
    )
    grids, notes = applied(grids, context)
    for note in notes:
        typer.echo(note, err=True)  # a pipe takes the jobs of `plan` alone
    if episodes is not None:
        grids = [replace(each, episodes=episodes) for each in grids]
    if folds is None:
        return grids
    try:
        chosen = tuple(seeds_of(folds))
    except OneshotError:
        raise OneshotError(
            f"'{folds}' is no list of folds.", "Type for example --folds 0-2"
        ) from None
    _check_folds(grids, chosen)
    return [replace(each, folds=chosen) for each in grids]


def _check_folds(grids: list[RunGrid], folds: tuple[int, ...]) -> None:
    from benchmark.tasks import task, track

    most = max((task(name).folds for each in grids for name in each.tasks), default=1)
    tracks = [track(task(name).track).folds for each in grids for name in each.tasks]
    most = max(most, *tracks, 1)
    if max(folds) >= most:
        raise OneshotError(
            f"There is no fold {max(folds)}.",
            f"The folds are 0 to {most - 1}; leave --folds out for all of them.",
        )


def grids_by_name(
    models: list[str] | None,
    tasks: list[str] | None,
    settings: list[str] | None,
    seeds: str,
    budget: str,
) -> list[RunGrid]:
    """What models and tasks typed one by one mean.

    Raises:
        OneshotError: nothing to run, or an unknown name.
    """
    from benchmark.evaluation.job import check_budget
    from benchmark.settings import parse
    from benchmark.sweep.suite import RunGrid, seeds_of, tasks_of

    if not models or not tasks:
        missing = "model" if not models else "task"
        raise OneshotError(
            f"There is no {missing} to run.",
            "Type: oneshot run MODEL --task TASK, or oneshot run --suite quick",
        )
    names = tuple(tasks_of(tasks))
    numbers, chosen, typed = tuple(seeds_of(seeds)), check_budget(budget), parse(settings or ())
    return [RunGrid(name, names, numbers, chosen, typed) for name in dict.fromkeys(models)]


def grids_by_suite(
    suite: str,
    models: list[str] | None,
    tasks: list[str] | None,
    settings: list[str] | None,
    seeds: str | None,
    budget: str | None,
) -> list[RunGrid]:
    """What a suite means; seeds and budget may be typed to replace its own.

    Raises:
        OneshotError: models, tasks or settings beside a suite, or an unknown name.
    """
    from dataclasses import replace

    from benchmark.evaluation.job import check_budget
    from benchmark.registry import in_command, outside
    from benchmark.report.escape import printable
    from benchmark.sweep.suite import load, seeds_of

    if models or tasks or settings:
        raise OneshotError(
            "A suite names its own models, tasks and settings.",
            "Leave them out, or write a suite of your own: --suite my_suite.toml",
        )
    changes: dict[str, object] = {}
    if seeds is not None:
        changes["seeds"] = tuple(seeds_of(seeds))
    if budget is not None:
        changes["budget"] = check_budget(budget)
    grids = load(suite).grids
    if suite.endswith(".toml"):
        code = [each for each in grids if in_command(each.model, each.settings) != each.model]
        for named in dict.fromkeys(outside(each.model, each.settings) for each in code):
            typer.echo(
                printable(f"The suite runs code from outside the catalogue: {named}"), err=True
            )
    return [replace(each, **changes) for each in grids]  # type: ignore[arg-type]
