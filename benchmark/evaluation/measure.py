"""Measuring one job: its model asked, what it answered as a record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.datasets.store import data_directory
from benchmark.errors import ModelFailed
from benchmark.evaluation import weights as files
from benchmark.evaluation.calibration import Binned, Kept
from benchmark.evaluation.embedding_cache import embedding_cache_of
from benchmark.evaluation.embedding_store import EmbeddingStore, embedding_store_of
from benchmark.evaluation.episodes import Observer
from benchmark.evaluation.integrity import Probe
from benchmark.evaluation.integrity_verdict import probed
from benchmark.evaluation.isolation.client import IsolatedModel, note_opened
from benchmark.evaluation.job import RunContext, RunSpec, note_reading
from benchmark.evaluation.locks import FOLDER as LOCKS
from benchmark.evaluation.memory import ran_out
from benchmark.evaluation.outcome import Answered, ask
from benchmark.evaluation.platt import Platt
from benchmark.evaluation.provenance import provenance, stated
from benchmark.evaluation.record_refs import model_ref, task_ref
from benchmark.evaluation.weight_store import Trained
from benchmark.protocols import TrainingResult
from benchmark.protocols.catalogue import BY_NAME
from benchmark.records import readings
from benchmark.records.schema import MOST, Cost, CurvePoint, Provenance, Record, Validation
from benchmark.records.store import RECORDS
from benchmark.sources import opened_files
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import VALIDATION


@dataclass(frozen=True)
class ActiveRun:
    """A run in progress: its spec and context, and the model that was built for it."""

    job: RunSpec
    model: Any
    recipe: dict[str, Any]
    context: RunContext
    bank: EmbeddingStore  # outlives the single task: nothing is embedded twice
    files: Mapping[str, str]  # digests of what decides the answers outside the suite


def started(job: RunSpec, context: RunContext) -> ActiveRun:
    """The job with a fresh model on its device."""
    files = job.spec.files  # before the model can change any of them
    model, recipe = context.take_model(job)
    if hasattr(model, "to"):
        model.to(context.device)
    kept = embedding_cache_of(model, job.spec.key, recipe, context.device, context.embeddings)
    bank = embedding_store_of(model, recipe, context.device, kept)
    return ActiveRun(job, model, recipe, context, bank, files)


def answer_with(weights: bytes, job: RunSpec, context: RunContext) -> Record:
    """The record of the job's only task from weights that were trained before; nothing is written.

    They answer the validation twin as well. Weights of a final fit have seen it: calibrations are
    others then, and so are the log-odds of a verification.

    Args:
        weights: see `benchmark.evaluation.weights`.
        job: with one task.
        context: data and device.
    """
    running = started(job, context)
    files.put(running.model, weights)
    (name,) = job.tasks
    task = context.task(name, job.track)
    before = Trained(TrainingResult(0, 0.0, [], 0), files.digest(weights))
    return record_of(running, task, validated_by(running, task), [before])


@dataclass(frozen=True)
class Validated:
    """The answers to a task's validation twin, and what the test takes from them."""

    validation: Validation
    scaling: Platt | None = None
    temperature: float | None = None


def validated_by(running: ActiveRun, task: LoadedTask) -> Validated | ModelFailed | None:
    """The answers to the task's validation twin, why there are none, or None without a split."""
    split = running.job.track.validation
    if not split.names and not split.classes:
        return None
    twin = running.context.task(task.task.name + VALIDATION, running.job.track)
    protocol = BY_NAME[twin.task.protocol]
    episodes = protocol.validation_episodes(running.model)
    kept = Kept()
    try:
        answers = _answer(running, twin, kept if protocol.calibrates else None, episodes)
    except ModelFailed as failure:
        return failure
    told = Validation(
        task=twin.task.name, episode_digest=answers.asked.digest(), outcome=answers.outcome
    )  # fmt: skip
    return Validated(told, answers.scaling, kept.temperature())


def record_of(
    running: ActiveRun,
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
        return failed_record(running, task, str(failure))


def _measure(
    running: ActiveRun, task: LoadedTask, validated: Validated | None, trained: list[Trained]
) -> Record:
    """The task's questions, once; `trained` is the chosen training, then the final fit if any."""
    model = running.model
    if task.task.split == "test" and running.context.results is not None:
        note_reading(running.job, running.recipe, task.task, running.context.results)
    temperature = validated.temperature if validated else None
    confidences = None if temperature is None else Binned(temperature)
    scaling = validated.scaling if validated else None
    if hasattr(model, "eval"):
        model.eval()
    probe = Probe(model, task, running.bank, running.job.seed, running.recipe.get("shots"))
    observe = probe.observing(confidences, running.job.episodes)
    answers = _answer(running, task, observe, running.job.episodes, scaling)
    integrity = probed(probe)
    results = [each.result for each in trained]
    told = _provenance(running, task, trained[-1].weights if trained else None)
    elsewhere = {result.device for result in results if result.device} - {told.device}
    parameters = None
    if hasattr(model, "parameters"):
        parameters = sum(p.numel() for p in model.parameters())
    return Record(
        schema=1,
        task=task_ref(task, answers.asked),
        model=model_ref(running.job, running.model, running.recipe, refit=len(trained) > 1),
        seed=running.job.seed,
        fold=task.task.fold,
        validation=validated.validation if validated else None,
        outcome=answers.outcome,
        calibration=confidences.counts() if confidences else None,
        integrity=integrity,
        curve=[
            CurvePoint(items=items, loss_millionths=min(loss, MOST), correct_per_10000=correct)
            for items, loss, correct in (results[0].curve if results else [])
        ],
        cost=Cost(
            training_items=sum(result.items for result in results),
            training_milliseconds=round(1000 * sum(result.seconds for result in results)),
            embedding_milliseconds=round(1000 * answers.embedding_seconds),
            scoring_milliseconds=round(1000 * answers.scoring_seconds),
            parameters=parameters,
            training_device=min(elsewhere, default=None),
        ),
        provenance=told,
    )


def _answer(
    running: ActiveRun,
    task: LoadedTask,
    observe: Observer | None = None,
    episodes: int | None = None,
    scaling: Platt | None = None,
) -> Answered:
    if hasattr(running.model, "eval"):
        running.model.eval()

    def report(done: int, total: int) -> None:
        running.context.callback.answering(task.task.name, done, total)

    try:
        return ask(
            running.model,
            task,
            seed=running.job.seed,
            device=running.context.device,
            episodes=episodes,
            report=report,
            bank=running.bank,
            shots=running.recipe.get("shots"),
            scaling=scaling,
            observe=observe,
        )
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        raise ModelFailed(
            f"Memory ran out on {running.context.device} while {task.task.name} was answered.",
            "Run it on a device with more memory.",
        ) from error


def failed_record(running: ActiveRun, task: LoadedTask, reason: str) -> Record:
    """A record that says why there is no answer."""
    return Record(
        schema=1,
        task=task_ref(task, task.episodes),
        model=model_ref(running.job, running.model, running.recipe, refit=False),
        seed=running.job.seed,
        fold=task.task.fold,
        status="failed",
        reason=reason,
        provenance=_provenance(running, task, None),
    )


def _provenance(running: ActiveRun, task: LoadedTask, weights: str | None) -> Provenance:
    context, homes = running.context, running.job.spec.homes
    folders = [context.work, context.embeddings, data_directory(context.data)]
    if context.results is not None:
        folders += [context.results / name for name in (RECORDS, readings.FOLDER, LOCKS)]
    if isinstance(running.model, IsolatedModel):
        note_opened(running.model.client)
    files = {**opened_files(homes, folders), **running.files}
    typed = running.job.typed
    return provenance(context.device, weights, typed, files, stated(task.task))
