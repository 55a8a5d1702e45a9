"""From grids of runs to a plan: one training each, the tasks of its track, refusals with reasons.

The same plan comes out every time: models in the order of the suite, then tracks, then seeds.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.errors import ModelBroken, OneshotError, Refused
from benchmark.evaluation.contamination import refusal_when_planned
from benchmark.evaluation.inference_config import NAMES as ASKED
from benchmark.evaluation.job import RunContext, RunSpec, RunText
from benchmark.evaluation.outcome import not_answered
from benchmark.evaluation.presence import Presence, presence
from benchmark.evaluation.shots import trainings
from benchmark.records.canonical import digest, recipe_hash
from benchmark.registry import isolates, resolve
from benchmark.sweep.cost import cost
from benchmark.sweep.suite import RunGrid
from benchmark.sweep.tuning import Search, followed
from benchmark.tasks import task as find_task
from benchmark.tasks import track as find_track
from benchmark.tasks.own import DIRECTORY
from benchmark.tasks.tracks import of_fold


@dataclass(frozen=True, eq=False)
class PlannedRun:
    """A job with the recipe that its model has, and the tasks whose records are missing.

    Attributes:
        job: the job.
        recipe: the model's whole recipe.
        found: what lies at the place of each record that the model can answer for.
        left_out: why it does not answer the other tasks.
        training: identity of what is trained; jobs that have it in common share the weights.
        learning: multiply-adds of the training.
        answers: multiply-adds of the answers to all tasks.
        waits: the search that must come first, since it decides the recipe; None for most.
    """

    job: RunSpec
    recipe: dict[str, Any]
    found: Mapping[str, Presence]
    training: str
    learning: float = 0.0
    answers: float = 0.0
    waits: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """Tasks that have no record, or none that still counts."""
        return tuple(
            task for task in self.job.tasks if task in self.found and not self.found[task].present
        )

    @property
    def order(self) -> RunText:
        """The run for another process."""
        return self.job.text()

    @property
    def model(self) -> str:
        """The model's key."""
        return self.job.spec.key

    @property
    def where(self) -> str:
        """The track."""
        return self.job.track.name

    @property
    def which(self) -> str:
        """Which of the trainings of its model and track it is."""
        return self.job.which

    @property
    def title(self) -> str:
        """The run in one line."""
        return f"{self.model} on {self.where}, {self.which}"

    @property
    def cost(self) -> float:
        """Multiply-adds of the training and of all answers."""
        return self.learning + self.answers

    @property
    def data_sets(self) -> tuple[str, ...]:
        """Names of the data sets that it needs."""
        return self.job.track.data_sets

    def run(self, context: RunContext) -> None:
        """Runs the job; records that are present are left."""
        from benchmark.evaluation.run import run

        for _ in run(self.job, context):
            pass

    @property
    def name(self) -> str:
        """The model's key and the hash of its recipe."""
        return f"{self.job.spec.key}--{recipe_hash(self.recipe)}"

    @property
    def mark(self) -> tuple[str, str, int, int]:
        """What tells the job from all others: the model, its recipe on its track, seed, fold."""
        track = self.job.track
        recipe = f"{track.name}/{recipe_hash(self.recipe)}"
        return self.job.spec.key, recipe, self.job.seed, track.fold


@dataclass(frozen=True)
class Refusal:
    """A model that a track's data or its own parts rule out, or that cannot be built (`broken`).

    Of the latter `trace` says where.
    """

    model: str
    track: str
    reason: str
    broken: bool = False
    trace: str = ""

    def __str__(self) -> str:
        mark = "FAILED" if self.broken else "refused"
        return f"{mark}  {self.model} on {self.track}: {self.reason}"


@dataclass(frozen=True)
class Plan:
    """What there is to do.

    Attributes:
        planned: the jobs, those that are done included.
        refused: what cannot be done, with reasons.
        searches: searches on validation that must come first, since jobs follow them.
    """

    planned: tuple[PlannedRun, ...]
    refused: tuple[Refusal, ...]
    searches: tuple[Search, ...]

    @property
    def records(self) -> int:
        """Records in all, those that are there included; tasks that are left out give none."""
        return sum(len(each.found) for each in self.planned)

    @property
    def missing(self) -> int:
        """Records that are not there yet."""
        return sum(len(each.missing) for each in self.planned)


def make(
    grids: Iterable[RunGrid],
    results: Path,
    strict: bool = False,
    again: bool = False,
    context: RunContext | None = None,
) -> Plan:
    """The plan for these models.

    Args:
        grids: the runs; the same run twice is planned once.
        results: where records and searches lie.
        strict: where everything is refused, raise the first refusal instead of listing it.
        again: measure what is present again.
        context: of the runs; their models are built in it.

    Raises:
        Refused: nothing is left to do, with `strict`.
        OneshotError: unknown names, settings that do not exist.
    """
    grids = list(grids)
    first: Refused | None = None
    planned: dict[tuple[str, str, int, int, str | None], PlannedRun] = {}
    refused: dict[tuple[str, str], Refusal] = {}
    searches: dict[str, Search] = {}
    context = RunContext(DIRECTORY.get()) if context is None else context
    for each in grids:
        by_track: dict[str, list[str]] = {}
        for name in each.tasks:
            by_track.setdefault(find_task(name).track, []).append(name)
        for track, tasks in by_track.items():
            settings, waits = dict(each.settings), None
            try:
                if each.tune is not None:
                    search = Search(each.tune, track, each.budget)
                    chosen = followed(search, each.model, each.settings, results)
                    if chosen is None:
                        waits = search.name
                        if search.name not in searches:
                            search.jobs()  # refuses now what could not be searched later
                            searches[search.name] = search
                    settings = {**(chosen or {}), **settings}
                spec_for = partial(resolve, each.model, isolate=isolates())
                for own, some in trainings(
                    spec_for,
                    settings,
                    find_track(track),
                    each.budget,
                    tasks,
                    context,
                    min(each.seeds, default=0),
                ):
                    for found in _planned(each, track, some, own, results, waits, context):
                        mark = *found.mark, waits
                        planned[mark] = _merged(planned.get(mark), found)
            except Refused as refusal:
                first = first or refusal
                refused[each.model, track] = Refusal(each.model, track, str(refusal))
            except ModelBroken as error:
                if len(grids) == 1:
                    raise
                trace = "".join(traceback.format_exception(error))
                refused[each.model, track] = Refusal(each.model, track, str(error), True, trace)
    if strict and first is not None and not planned:
        raise first
    jobs = [_again(each) if again else each for each in planned.values()]
    return Plan(tuple(jobs), tuple(refused.values()), tuple(searches.values()))


def _again(each: PlannedRun) -> PlannedRun:
    """The same job with present records to be measured again."""
    found = {
        task: replace(there, state="again") if there.present else there
        for task, there in each.found.items()
    }
    return replace(each, found=found)


def refuse_existing(plan: Plan) -> None:
    """Stops before anything is run if a record is already there.

    Raises:
        OneshotError: naming the first.
    """
    for each in plan.planned:
        for task in each.job.tasks:
            if task in each.found and each.found[task].state not in ("missing", "damaged"):
                path = each.found[task].path
                raise OneshotError(
                    f"{path} is already there.", "Choose --existing skip or --existing redo."
                )


def _planned(
    grid: RunGrid,
    track: str,
    tasks: tuple[str, ...],
    settings: dict[str, Any],
    results: Path,
    waits: str | None,
    context: RunContext,
) -> Iterator[PlannedRun]:
    """The jobs of one model on one track: they differ by their seeds and folds alone."""
    runs = _runs(grid, track, tasks, settings)
    if not runs:
        return
    model, recipe = context.model(runs[0])
    files = runs[0].spec.files
    learns = hasattr(model, "fit")
    untrained = (*ASKED, *getattr(model, "answering", ())) if learns else ()
    shared = {name: value for name, value in recipe.items() if name not in untrained}
    # What it does not answer is no missing record; the run says why it is left out.
    where = runs[0].track
    reasons = {
        task: not_answered(model, find_task(task))
        or refusal_when_planned(model, where, task, context)
        for task in tasks
    }
    left_out = {task: reason for task, reason in reasons.items() if reason is not None}
    for job in runs:
        found = {
            task: presence(job, model, task, recipe, results, DIRECTORY.get(), files)
            for task in job.tasks
            if task not in left_out
        }
        who = "" if learns else job.spec.key
        training = digest([who, track, job.track.fold, shared, job.seed])
        learning, answers = cost(job, model, recipe)
        asked = sum(task not in left_out for task in job.tasks)
        yield PlannedRun(
            job, recipe, found, training, learning, max(1, asked) * answers, waits, left_out
        )


def _runs(
    grid: RunGrid, track: str, tasks: tuple[str, ...], settings: dict[str, Any]
) -> list[RunSpec]:
    where = find_track(track)
    # A training for each fold; tasks without folds are run on the first.
    of_all = tuple(task for task in tasks if find_task(task).folds > 1)
    by_fold = [tasks, *[of_all] * (where.folds - 1)]
    first = RunSpec.parse(
        grid.model, tasks, 0, 0, grid.budget, settings, grid.episodes
    )  # fmt: skip
    return [
        replace(first, track=of_fold(where, fold), tasks=some, seed=seed)
        for seed in grid.seeds
        for fold, some in enumerate(by_fold)
        if some and (grid.folds is None or fold in grid.folds)
    ]


def _merged(before: PlannedRun | None, now: PlannedRun) -> PlannedRun:
    """One job for tasks of one training that several blocks want."""
    if before is None:
        return now
    tasks = tuple(dict.fromkeys((*before.job.tasks, *now.job.tasks)))
    counts = [each.job.episodes for each in (before, now)]
    most = None if None in counts else max(filter(None, counts))
    return replace(
        now,
        job=replace(now.job, tasks=tasks, episodes=most),
        found={**before.found, **now.found},
        left_out={**before.left_out, **now.left_out},
        answers=now.answers / len(now.job.tasks) * len(tasks),
    )
