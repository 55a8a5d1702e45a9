"""`oneshot run`: models x tasks x seeds, one record each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchmark.errors import OneshotError, UnknownName

if TYPE_CHECKING:
    from benchmark.evaluation.job import Job, Surroundings


def run(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Catalogue key, package.module:Name, or path/to/file.py:Name.",
        ),
    ],
    task: Annotated[
        list[str],
        typer.Option("--task", "-t", help="Task, or a pattern over the ranked ones: 'omniglot-*'."),
    ],
    seeds: Annotated[str, typer.Option(help="Training seeds: 0, 0-2 or 0,3,5.")] = "0",
    budget: Annotated[str, typer.Option(help="quick | standard | full")] = "quick",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting of the recipe."),
    ] = None,
    existing: Annotated[
        str, typer.Option(help="What to do where a record is there: skip | redo | fail")
    ] = "skip",
    data: Annotated[
        Path | None, typer.Option(help="Data directory.", envvar="ONESHOT_DATA")
    ] = None,
    results: Annotated[Path, typer.Option(help="Where records are written.")] = Path("results"),
    work: Annotated[
        Path | None,
        typer.Option(
            help="Checkpoints and trained weights; default: the user's cache.",
            envvar="ONESHOT_WORK",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto | cpu | cuda | mps")] = "auto",
    dry_run: Annotated[bool, typer.Option(help="Show the jobs and do none.")] = False,
) -> None:
    """Trains and evaluates models; writes one record per model, task and seed.

    Whatever is interrupted can be started again: finished records stay, trainings resume.
    """
    from benchmark.cli.watch import Watch
    from benchmark.evaluation.api import check_budget, find_device
    from benchmark.evaluation.job import Surroundings
    from benchmark.evaluation.run import run as run_job

    if existing not in ("skip", "redo", "fail"):
        raise UnknownName("choice for --existing", existing, ["skip", "redo", "fail"])
    jobs = plan(
        models, tasks_of(task), seeds_of(seeds), check_budget(budget), settings_of(settings)
    )
    place = Surroundings(data, results, work or default_work(), find_device(device))
    if existing == "fail":
        refuse_existing(jobs, results)
    if dry_run:
        show(jobs, results)
        return
    for track in {job.track.name: job.track for job in jobs}.values():
        place.require(track)
    with Watch(len(jobs)) as watch:
        try:
            for job in jobs:
                watch.start(job.spec.key, job.track.name, job.seed)
                for _ in run_job(job, place, existing, watch):  # type: ignore[arg-type]
                    pass
        except KeyboardInterrupt:
            raise OneshotError(
                f"Interrupted; {watch.records} new records are kept.",
                "Type the same command again to go on where it stopped.",
            ) from None
    close(watch.records, watch.failed, place)


def close(records: int, failed: int, place: Surroundings) -> None:
    """The last lines: how many records there are now, and what to type next."""
    made = f"{records} new record{'' if records == 1 else 's'} in {place.results}"
    typer.echo(f"{made}{f', {failed} of them failures' if failed else ''}.")
    typer.echo(f"Tables and figures: oneshot leaderboard --results {place.results}")


def plan(
    models: list[str],
    tasks: list[str],
    seeds: list[int],
    budget: str,
    settings: dict[str, str],
) -> list[Job]:
    """The jobs in order: models, then tracks, then seeds; one training serves a track's tasks."""
    from benchmark.evaluation.job import Job
    from benchmark.registry import resolve
    from benchmark.tasks import task as find_task
    from benchmark.tasks import track as find_track

    by_track: dict[str, list[str]] = {}
    for name in tasks:
        by_track.setdefault(find_task(name).track, []).append(name)
    typed = tuple(f"{key}={value}" for key, value in settings.items())
    specs = [resolve(name, settings) for name in dict.fromkeys(models)]
    return [
        Job(spec, find_track(track), seed, budget, tuple(names), typed)
        for spec in specs
        for track, names in by_track.items()
        for seed in seeds
    ]


def tasks_of(patterns: list[str]) -> list[str]:
    """Task names that the patterns mean, in catalogue order; a plain name may be any NwKs.

    Raises:
        UnknownName: for a name or pattern that means no task.
    """
    from fnmatch import fnmatchcase

    from benchmark.tasks import RANKED
    from benchmark.tasks import task as find_task

    found: list[str] = []
    for pattern in patterns:
        if any(sign in pattern for sign in "*?["):
            matches = [name for name in RANKED if fnmatchcase(name, pattern)]
            if not matches:
                raise UnknownName("task like", pattern, list(RANKED), "Type: oneshot list tasks")
            found += matches
        else:
            found.append(find_task(pattern).name)
    return list(dict.fromkeys(found))


def seeds_of(text: str) -> list[int]:
    """Seeds from "0", "0-2" or "0,3,5-7".

    Raises:
        OneshotError: for anything else.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise OneshotError(
                f"--seeds {text} is no list of seeds.", "Type for example 0-2 or 0,3."
            )
        seeds += range(int(first), int(last or first) + 1)
    if not seeds or len(seeds) > 10_000:
        raise OneshotError(f"--seeds {text} names {len(seeds)} seeds; expected 1 to 10,000.")
    return list(dict.fromkeys(seeds))


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


def default_work() -> Path:
    """The user's cache directory for checkpoints and trained weights."""
    from platformdirs import user_cache_path

    return user_cache_path("oneshot-benchmark", appauthor=False) / "work"


def recipes(jobs: list[Job]) -> list[dict[str, Any]]:
    """The recipe of each job; jobs that differ by seed alone share one."""
    from benchmark.evaluation.job import build

    known: dict[tuple[int, str], dict[str, Any]] = {}
    for job in jobs:
        key = (id(job.spec), job.track.name)
        if key not in known:
            known[key] = build(job)[1]
    return [known[id(job.spec), job.track.name] for job in jobs]


def refuse_existing(jobs: list[Job], results: Path) -> None:
    """Stops before anything is run if a record is already there.

    Raises:
        OneshotError: naming the first.
    """
    from benchmark.evaluation.job import path_of

    for job, recipe in zip(jobs, recipes(jobs), strict=True):
        for name in job.tasks:
            path = path_of(job, name, recipe, results)
            if path.is_file():
                raise OneshotError(
                    f"{path} is already there.", "Choose --existing skip or --existing redo."
                )


def show(jobs: list[Job], results: Path) -> None:
    """Prints every record the jobs would write and whether it is there."""
    from benchmark.evaluation.job import path_of
    from benchmark.records.canonical import recipe_hash

    missing = 0
    for job, recipe in zip(jobs, recipes(jobs), strict=True):
        for name in job.tasks:
            there = path_of(job, name, recipe, results).is_file()
            missing += not there
            state = "present" if there else "missing"
            typer.echo(f"{state}  {job.spec.key}--{recipe_hash(recipe)}  {name}  seed {job.seed}")
    typer.echo(f"{missing} of {sum(len(job.tasks) for job in jobs)} records are missing.")
