"""From what is wanted to jobs: one training each, the tasks of its track, what is refused and why.

The same plan comes out every time: models in the order of the suite, then tracks, then seeds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import Job, build, path_of
from benchmark.evaluation.outcome import not_answered
from benchmark.records.canonical import recipe_hash
from benchmark.registry import resolve
from benchmark.sweep.suite import Wanted
from benchmark.sweep.tuning import Search, followed
from benchmark.tasks import task as find_task
from benchmark.tasks import track as find_track
from benchmark.tasks.tracks import of_fold


@dataclass(frozen=True)
class Planned:
    """A job with the recipe that its model has, and the tasks whose records are missing."""

    job: Job
    recipe: dict[str, Any]
    missing: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model's key and the hash of its recipe."""
        return f"{self.job.spec.key}--{recipe_hash(self.recipe)}"


@dataclass(frozen=True)
class Refusal:
    """A model that a track's data or its own parts rule out."""

    model: str
    track: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What there is to do.

    Attributes:
        planned: the jobs, those that are done included.
        refused: what cannot be done, with reasons.
        searches: searches on validation that must come first, since jobs follow them.
    """

    planned: tuple[Planned, ...]
    refused: tuple[Refusal, ...]
    searches: tuple[Search, ...]

    @property
    def records(self) -> int:
        """Records in all, those that are there included."""
        return sum(len(each.job.tasks) for each in self.planned)

    @property
    def missing(self) -> int:
        """Records that are not there yet."""
        return sum(len(each.missing) for each in self.planned)


def make(wanted: Iterable[Wanted], results: Path, strict: bool = False) -> Plan:
    """The plan for these models.

    Args:
        wanted: the models; the same job wanted twice is planned once.
        results: where records and searches lie.
        strict: raise what is refused instead of listing it.

    Raises:
        OneshotError: unknown names, settings that do not exist.
    """
    planned: dict[tuple[str, str, int, int], Planned] = {}
    refused: dict[tuple[str, str], Refusal] = {}
    searches: dict[str, Search] = {}
    for each in wanted:
        by_track: dict[str, list[str]] = {}
        for name in each.tasks:
            by_track.setdefault(find_task(name).track, []).append(name)
        for track, tasks in by_track.items():
            settings = dict(each.settings)
            try:
                if each.tune is not None:
                    search = Search(each.tune, track, each.budget)
                    chosen = followed(search, each.model, each.settings, results)
                    if chosen is None and search.name not in searches:
                        search.jobs()  # refuses now what could not be searched later
                        searches[search.name] = search
                    settings = {**(chosen or {}), **settings}
                jobs = _jobs(each, track, tasks, settings)
                model, recipe = build(jobs[0])  # they differ by their seeds alone
                # What it does not answer is no missing record; the run says why it is left out.
                answered = [task for task in tasks if not_answered(model, find_task(task)) is None]
                for job in jobs:
                    missing = tuple(
                        task
                        for task in job.tasks
                        if task in answered and not path_of(job, task, recipe, results).is_file()
                    )
                    mark = (
                        job.spec.key, f"{track}/{recipe_hash(recipe)}", job.seed, job.track.fold
                    )  # fmt: skip
                    planned[mark] = _merged(planned.get(mark), Planned(job, recipe, missing))
            except Refused as refusal:
                if strict:
                    raise
                refused[each.model, track] = Refusal(each.model, track, str(refusal))
    return Plan(tuple(planned.values()), tuple(refused.values()), tuple(searches.values()))


def refuse_existing(plan: Plan, results: Path) -> None:
    """Stops before anything is run if a record is already there.

    Raises:
        OneshotError: naming the first.
    """
    for each in plan.planned:
        for task in each.job.tasks:
            if task not in each.missing:
                path = path_of(each.job, task, each.recipe, results)
                raise OneshotError(
                    f"{path} is already there.", "Choose --existing skip or --existing redo."
                )


def _jobs(wanted: Wanted, track: str, tasks: list[str], settings: dict[str, Any]) -> list[Job]:
    typed = tuple(f"{key}={value}" for key, value in settings.items())
    spec = resolve(wanted.model, settings)
    where = find_track(track)
    # A training for each fold; tasks that are asked once are asked on the first.
    of_all = tuple(task for task in tasks if find_task(task).folds > 1)
    asked = [tuple(tasks), *[of_all] * (where.folds - 1)]
    return [
        Job(spec, of_fold(where, fold), seed, wanted.budget, some, typed)
        for seed in wanted.seeds
        for fold, some in enumerate(asked)
        if some
    ]


def _merged(before: Planned | None, now: Planned) -> Planned:
    """One job for tasks of one training that several blocks want."""
    if before is None:
        return now
    tasks = tuple(dict.fromkeys((*before.job.tasks, *now.job.tasks)))
    job = Job(now.job.spec, now.job.track, now.job.seed, now.job.budget, tasks, now.job.typed)
    missing = tuple(dict.fromkeys((*before.missing, *now.missing)))
    return Planned(job, now.recipe, missing)
