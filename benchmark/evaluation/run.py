"""One job: a model with its recipe, a track, a seed -> one record for each of its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmark.errors import ModelFailed
from benchmark.evaluation import seen
from benchmark.evaluation.bank import Bank, bank_of
from benchmark.evaluation.calibration import Binned, Kept
from benchmark.evaluation.episodes import PREFIX, Observer, way_of
from benchmark.evaluation.job import (
    Existing,
    Job,
    Silent,
    Surroundings,
    Watcher,
    build,
    note_reading,
    path_of,
)
from benchmark.evaluation.outcome import Answered, ask, not_answered
from benchmark.evaluation.platt import Platt
from benchmark.evaluation.provenance import provenance
from benchmark.evaluation.training import CHOOSING_EPISODES, Trained, training_of
from benchmark.records import store
from benchmark.records.schema import (
    Cost,
    CurvePoint,
    ModelRef,
    Provenance,
    Record,
    TaskRef,
    Validation,
)
from benchmark.registry import Pool
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import LoadedTask, Questions
from benchmark.tasks.spec import VALIDATION


@dataclass(frozen=True)
class Running:
    """A job at work: the model that was built for it, its whole recipe, and its surroundings."""

    job: Job
    model: Any
    recipe: dict[str, Any]
    place: Surroundings
    watcher: Watcher
    bank: Bank  # outlives the single task: nothing is embedded twice


def run(
    job: Job, place: Surroundings, existing: Existing = "skip", watcher: Watcher | None = None
) -> Iterator[Record]:
    """Does the job and yields each record when it is written.

    The test split is read once, after everything has been chosen: questions on the validation split
    are answered first, by the weights that validation chose; a final fit, which sees that split
    too, comes after that. A model that fails leaves records that say so; that is a result too.

    Raises:
        OneshotError: if data are missing or a folder cannot be written; finished records stay.
    """
    place.check()
    running = _running(job, place, watcher or Silent())
    wanted = [name for name in job.tasks if _answers(running, name)]
    if existing == "skip" and place.results is not None:
        results, recipe = place.results, running.recipe
        wanted = [name for name in wanted if not path_of(job, name, recipe, results).is_file()]
    if not wanted:
        return
    loaded = [place.task(name, job.track) for name in wanted]
    loaded = [task for task in loaded if _unseen(running, task)]
    if not loaded:
        return
    try:
        training = training_of(
            running.model, running.recipe, job, place, running.watcher, again=existing == "redo"
        )
        trained = [training.choose(running.model)] if training else []
        tests = [task for task in loaded if task.task.split == "test"]
        validated = {task.task.name: _validated(running, task) for task in tests}
        for task in loaded:
            if task not in tests:
                yield _write(running, _record(running, task, None, trained))
        if tests and training and job.spec.asking.final_fit:
            running = _running(job, place, running.watcher)
            trained.append(training.refit(running.model, trained[0]))
    except ModelFailed as failure:
        for task in loaded:
            yield _write(running, _failed(running, task, str(failure)))
        return
    for task in tests:
        yield _write(running, _record(running, task, validated[task.task.name], trained))


def _running(job: Job, place: Surroundings, watcher: Watcher) -> Running:
    """The job with a fresh model on its device."""
    model, recipe = build(job)
    if hasattr(model, "to"):
        model.to(place.device)
    return Running(job, model, recipe, place, watcher, bank_of(model, recipe, place.device))


def _answers(running: Running, task: str) -> bool:
    """Whether the model takes the task."""
    reason = not_answered(running.model, find_task(task))
    if reason is not None:
        running.watcher.refused(task, reason)
    return reason is None


def _unseen(running: Running, task: LoadedTask) -> bool:
    """Whether the test's classes are new to the model; a validation split chooses, not judges."""
    if task.task.split != "test":
        return True
    reason = seen.refusal(running.model, running.job.track, task, running.place)
    if reason is not None:
        running.watcher.refused(task.task.name, reason)
    return reason is None


@dataclass(frozen=True)
class Validated:
    """The answers to a task's validation twin, and what the test takes from them."""

    validation: Validation
    scaling: Platt | None = None
    temperature: float | None = None


def _validated(running: Running, task: LoadedTask) -> Validated | ModelFailed | None:
    """The answers to the task's validation twin, why there are none, or None without a split."""
    split = running.job.track.validation
    if not split.names and not split.classes:
        return None
    twin = running.place.task(task.task.name + VALIDATION, running.job.track)
    episodes = None
    if twin.task.protocol == "episodes":
        # Where each episode costs a pass of its own, the episodes that choose must do.
        way = way_of(running.model)
        episodes = CHOOSING_EPISODES[way] if way in PREFIX else None
    kept = Kept()
    try:
        answers = _answer(running, twin, kept, episodes)
    except ModelFailed as failure:
        return failure
    told = Validation(
        task=twin.task.name, episode_digest=answers.asked.digest(), outcome=answers.outcome
    )  # fmt: skip
    return Validated(told, answers.scaling, kept.temperature())


def _record(
    running: Running,
    task: LoadedTask,
    validated: Validated | ModelFailed | None,
    trained: list[Trained],
) -> Record:
    """What the model answers, or why it failed, there or on the validation twin."""
    try:
        if isinstance(validated, ModelFailed):
            raise validated
        return _measure(running, task, validated, trained)
    except ModelFailed as failure:
        return _failed(running, task, str(failure))


def _measure(
    running: Running, task: LoadedTask, validated: Validated | None, trained: list[Trained]
) -> Record:
    """The task's questions, once; `trained` is the chosen training, then the final fit if any."""
    model = running.model
    if task.task.split == "test" and running.place.results is not None:
        note_reading(running.job, running.recipe, task.task, running.place.results)
    temperature = validated.temperature if validated else None
    confidences = None if temperature is None else Binned(temperature)
    scaling = validated.scaling if validated else None
    answers = _answer(running, task, confidences, scaling=scaling)
    results = [each.result for each in trained]
    parameters = None
    if hasattr(model, "parameters"):
        parameters = sum(p.numel() for p in model.parameters())
    return Record(
        schema=1,
        task=_task_ref(task, answers.asked),
        model=_model_ref(running, refit=len(trained) > 1),
        seed=running.job.seed,
        fold=task.task.fold,
        validation=validated.validation if validated else None,
        outcome=answers.outcome,
        calibration=confidences.counts() if confidences else None,
        curve=[
            CurvePoint(items=items, loss_millionths=loss, correct_per_10000=correct)
            for items, loss, correct in (results[0].curve if results else [])
        ],
        cost=Cost(
            training_items=sum(result.items for result in results),
            training_milliseconds=round(1000 * sum(result.seconds for result in results)),
            embedding_milliseconds=round(1000 * answers.embedding_seconds),
            scoring_milliseconds=round(1000 * answers.scoring_seconds),
            parameters=parameters,
        ),
        provenance=_provenance(running, trained[-1].weights if trained else None),
    )


def _answer(
    running: Running,
    task: LoadedTask,
    observe: Observer | None = None,
    episodes: int | None = None,
    scaling: Platt | None = None,
) -> Answered:
    if hasattr(running.model, "eval"):
        running.model.eval()

    def report(done: int, total: int) -> None:
        running.watcher.answering(task.task.name, done, total)

    return ask(
        running.model,
        task,
        seed=running.job.seed,
        device=running.place.device,
        episodes=episodes,
        report=report,
        bank=running.bank,
        shots=running.recipe.get("shots"),
        scaling=scaling,
        observe=observe,
    )


def _failed(running: Running, task: LoadedTask, reason: str) -> Record:
    return Record(
        schema=1,
        task=_task_ref(task, task.episodes),
        model=_model_ref(running, refit=False),
        seed=running.job.seed,
        fold=task.task.fold,
        status="failed",
        reason=reason,
        provenance=_provenance(running, None),
    )


def _write(running: Running, record: Record) -> Record:
    results = running.place.results
    path = store.write(results, record) if results is not None else None
    running.watcher.finished(record, path)
    return record


def _provenance(running: Running, weights: str | None) -> Provenance:
    return provenance(running.place.device, weights, running.job.typed)


def _task_ref(task: LoadedTask, asked: Questions) -> TaskRef:
    return TaskRef(
        name=task.task.name,
        version=task.task.version,
        data_digest=task.data.digest,
        episode_digest=asked.digest(),
        episodes=len(asked),
    )


def _model_ref(running: Running, refit: bool) -> ModelRef:
    model, job = running.model, running.job
    declared = getattr(model, "seen", None)
    if declared is None and job.spec.pool is not None:
        declared = ()  # a catalogue entry says so itself when it has seen anything
    told = None if declared is None else seen.names(declared)
    if told is not None and hasattr(model, "fit"):
        told.append(f"{job.track.name}/train")
        if refit:
            told.append(f"{job.track.name}/validation")
    return ModelRef(key=job.spec.key, recipe=running.recipe, pool=_pool(running), seen=told)


def _pool(running: Running) -> Pool:
    """Where the model is ranked; what it declares of itself decides, for settings change it."""
    declared: Pool | None = getattr(running.model, "pool", None)  # such as weights from elsewhere
    if declared is not None:
        return declared
    if getattr(running.model, "transductive", False):
        return "transductive"
    return running.job.spec.pool or "inductive"
