"""One job: a model with its recipe, a track, a seed -> one record for each of its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

from benchmark.errors import ModelFailed
from benchmark.evaluation import contamination
from benchmark.evaluation.job import (
    RunContext,
    RunSpec,
    lock_of,
    path_of,
)
from benchmark.evaluation.locks import held
from benchmark.evaluation.measure import ActiveRun, failed_record, record_of, started, validated_by
from benchmark.evaluation.outcome import not_answered
from benchmark.evaluation.presence import keep_outdated, presence
from benchmark.evaluation.training import training_of
from benchmark.files import set_aside
from benchmark.records import store
from benchmark.records.schema import Record
from benchmark.sources import watching
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import LoadedTask


def run(job: RunSpec, context: RunContext) -> Iterator[Record]:
    """Runs the job and yields each record when it is written.

    The test split is read once, after everything has been chosen: questions on the validation split
    are answered first, by the weights that validation chose; a final fit, which sees that split
    too, comes after that. A model that fails leaves records that say so; that is a result too.

    Raises:
        OneshotError: if data are missing or a folder cannot be written; finished records stay.
        Busy: another process is at the job or its training, and `context.wait` is false.
    """
    context.check()
    running = started(job, context)
    answered = [name for name in job.tasks if _answers(running, name)]
    if not _tasks_to_run(running, answered):
        return
    with _alone(running), watching(job.spec.homes):
        # Again, for whoever was at it before may have done some meanwhile.
        yield from _run(running, _tasks_to_run(running, answered, tidy=True))


def _tasks_to_run(running: ActiveRun, tasks: list[str], tidy: bool = False) -> list[str]:
    """Tasks whose records are to be made; with `tidy`, damaged records are set aside."""
    results, job = running.context.results, running.job
    if results is None or not tasks:
        return tasks
    wanted = []
    for name in tasks:
        if tidy:
            store.clear_unfinished(path_of(job, name, running.recipe, results))
        if running.context.existing != "skip":
            wanted.append(name)
            continue
        found = presence(
            job, running.model, name, running.recipe, results, running.context.data, running.files
        )
        if not found.present:
            wanted.append(name)
        if tidy and found.state == "damaged":
            set_aside(found.path, "it is no valid record of this job")
    return wanted


def _alone(running: ActiveRun) -> AbstractContextManager[None]:
    """The lock of the job's records; none where no records are written."""
    results, job = running.context.results, running.job
    if results is None:
        return nullcontext()
    path = lock_of(job, running.recipe, results)
    return held(path, running.context.wait, f"{job.spec.key} on {job.track.name}, {job.which}")


def _run(running: ActiveRun, wanted: list[str]) -> Iterator[Record]:
    job, context = running.job, running.context
    loaded = [context.task(name, job.track) for name in wanted]
    loaded = [task for task in loaded if _unseen(running, task)]
    if not loaded:
        return
    try:
        training = training_of(running.model, running.recipe, job, context)
        trained = [training.choose(running.model)] if training else []
        tests = [task for task in loaded if task.task.split == "test"]
        validated = {task.task.name: validated_by(running, task) for task in tests}
        for task in loaded:
            if task not in tests:
                yield _write(running, record_of(running, task, None, trained))
        if tests and training and job.spec.inference.final_fit:
            running = started(job, context)
            trained.append(training.refit(running.model, trained[0]))
        if tests and training and context.commit_weights and context.results is not None:
            training.commit(running.model, context.results)
    except ModelFailed as failure:
        for task in loaded:
            yield _write(running, failed_record(running, task, str(failure)))
        return
    for task in tests:
        record = record_of(running, task, validated[task.task.name], trained)
        yield _write(running, record)


def _answers(running: ActiveRun, task: str) -> bool:
    """Whether the model takes the task."""
    reason = not_answered(running.model, find_task(task))
    if reason is not None:
        running.context.callback.refused(task, reason)
    return reason is None


def _unseen(running: ActiveRun, task: LoadedTask) -> bool:
    """Whether the test's classes are new to the model; a validation split chooses, not judges."""
    if task.task.split != "test":
        return True
    reason = contamination.refusal(running.model, running.job.track, task, running.context)
    if reason is not None:
        running.context.callback.refused(task.task.name, reason)
    return reason is None


def _write(running: ActiveRun, record: Record) -> Record:
    results = running.context.results
    if results is not None and running.context.existing == "skip":
        keep_outdated(results, record)
    path = store.write(results, record) if results is not None else None
    running.context.callback.finished(record, path)
    return record
