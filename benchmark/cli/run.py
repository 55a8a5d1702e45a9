"""`oneshot run`: models x tasks x seeds, or a whole suite; one record each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.cli.options import Data, Device, Work, default_work
from benchmark.errors import DataMissing, OneshotError, Refused, UnknownName

if TYPE_CHECKING:
    from benchmark.evaluation.job import Surroundings
    from benchmark.sweep.plan import Plan
    from benchmark.sweep.suite import Wanted


def run(
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL...]",
            help="Catalogue key, package.module:Name, or path/to/file.py:Name.",
        ),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option("--task", "-t", help="Task, or a pattern over the ranked ones: 'omniglot-*'."),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(help="Instead of models and tasks: a suite's name, or a file SUITE.toml."),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(help="Training seeds: 0, 0-2 or 0,3,5.  [default: 0]")
    ] = None,
    budget: Annotated[
        str | None, typer.Option(help="quick | standard | full  [default: quick]")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe."),
    ] = None,
    existing: Annotated[
        str, typer.Option(help="What to do where a record is there: skip | redo | fail")
    ] = "skip",
    data: Data = None,
    results: Annotated[Path, typer.Option(help="Where records are written.")] = Path("results"),
    work: Work = None,
    device: Device = "auto",
    dry_run: Annotated[
        bool, typer.Option(help="Show the jobs, the hours and what is refused; do nothing.")
    ] = False,
    tensorboard: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write the progress for TensorBoard.")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Show where the time of the trainings goes.")
    ] = False,
) -> None:
    """Trains and evaluates models; writes one record per model, task and seed.

    Whatever is interrupted can be started again: finished records stay, trainings resume.
    """
    from benchmark.cli.watch import Watch
    from benchmark.evaluation.api import find_device
    from benchmark.evaluation.clock import Clock
    from benchmark.evaluation.job import Surroundings
    from benchmark.evaluation.run import run as run_job
    from benchmark.sweep import plan as plans

    if existing not in ("skip", "redo", "fail"):
        raise UnknownName("choice for --existing", existing, ["skip", "redo", "fail"])
    wanted = (
        wanted_by_suite(suite, models, task, settings, seeds, budget)
        if suite
        else wanted_by_name(models, task, settings, seeds or "0", budget or "quick")
    )
    place = Surroundings(data, results, work or default_work(), find_device(device))
    clock = Clock(place.device) if profile else None
    plan = plans.make(wanted, results, strict=suite is None)
    if existing == "fail":
        plans.refuse_existing(plan, results)
    if dry_run:
        show(plan, place)
        return
    tracks = [each.job.track for each in plan.planned]
    for track in {track.name: track for track in tracks}.values():
        place.require(track)
    if plan.searches:
        from benchmark.cli.tune import make_searches

        make_searches(list(plan.searches), place)
        plan = plans.make(wanted, results)
    with Watch(len(plan.planned), tensorboard) as watch:
        try:
            for each in plan.planned:
                watch.start(each.job.spec.key, each.job.track.name, each.job.which)
                if clock is not None:
                    clock.start()
                    place.mark = clock.mark
                for _ in run_job(each.job, place, existing, watch):  # type: ignore[arg-type]
                    pass
                if clock is not None:
                    watch.profile(clock.lines())
        except KeyboardInterrupt:
            raise OneshotError(
                f"Interrupted; {watch.records} new records are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    for refusal in plan.refused:
        typer.echo(f"refused  {refusal.model} on {refusal.track}: {refusal.reason}")
    if watch.left_out and len(watch.left_out) == plan.records:
        raise Refused("Nothing could be asked; the reasons stand above.")
    close(watch.records, watch.failed, place)


def wanted_by_name(
    models: list[str] | None,
    tasks: list[str] | None,
    settings: list[str] | None,
    seeds: str,
    budget: str,
) -> list[Wanted]:
    """What models and tasks typed one by one mean.

    Raises:
        OneshotError: nothing to run, or an unknown name.
    """
    from benchmark.evaluation.job import check_budget
    from benchmark.sweep.suite import Wanted, seeds_of, tasks_of

    if not models or not tasks:
        missing = "model" if not models else "task"
        raise OneshotError(
            f"There is no {missing} to run.",
            "Type: oneshot run MODEL --task TASK, or oneshot run --suite quick",
        )
    names = tuple(tasks_of(tasks))
    numbers, chosen, typed = tuple(seeds_of(seeds)), check_budget(budget), settings_of(settings)
    return [Wanted(name, names, numbers, chosen, typed) for name in dict.fromkeys(models)]


def wanted_by_suite(
    suite: str,
    models: list[str] | None,
    tasks: list[str] | None,
    settings: list[str] | None,
    seeds: str | None,
    budget: str | None,
) -> list[Wanted]:
    """What a suite means; seeds and budget may be typed to replace its own.

    Raises:
        OneshotError: models, tasks or settings beside a suite, or an unknown name.
    """
    from dataclasses import replace

    from benchmark.evaluation.job import check_budget
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
    return [replace(each, **changes) for each in load(suite).wanted]  # type: ignore[arg-type]


def settings_of(pairs: list[str] | None) -> dict[str, str]:
    """Settings from KEY=VALUE words.

    Raises:
        OneshotError: for a word without "=".
    """
    settings = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise OneshotError(
                f"--set {pair} is not KEY=VALUE.", "Type for example --set margin=0.5"
            )
        settings[key.strip().replace("-", "_")] = value
    return settings


def close(records: int, failed: int, place: Surroundings) -> None:
    """The last lines: how many records there are now, and what to type next."""
    made = f"{records} new record{'' if records == 1 else 's'} in {place.results}"
    typer.echo(f"{made}{f', {failed} of them failures' if failed else ''}.")
    typer.echo(f"Tables and figures: oneshot leaderboard --results {place.results}")


def show(plan: Plan, place: Surroundings) -> None:
    """Prints every record the jobs would write, what is refused, and the hours to come."""
    from benchmark.sweep.estimate import Estimator, hours

    for each in plan.planned:
        for name in each.job.tasks:
            state = "missing" if name in each.missing else "present"
            typer.echo(f"{state}  {each.name}  {name}  {each.job.which}")
    for search in plan.searches:
        typer.echo(f"search   {search.model} on {search.track}, budget {search.budget}")
    for refusal in plan.refused:
        typer.echo(f"refused  {refusal.model} on {refusal.track}: {refusal.reason}")
    typer.echo(f"{plan.missing} of {plan.records} records are missing.")
    if not plan.missing:
        return
    try:
        seconds = Estimator(place).plan(plan)
    except DataMissing as missing:
        typer.echo(f"How long they take cannot be estimated. {missing}")
    else:
        typer.echo(f"About {hours(seconds)} on this machine ({place.device}), one after the other.")
