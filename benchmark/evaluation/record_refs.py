"""What a record says of the question that was asked and of the model that answered it."""

from __future__ import annotations

from typing import Any

from benchmark.evaluation import contamination
from benchmark.evaluation.job import RunSpec
from benchmark.models.model import resolved
from benchmark.records.schema import ModelRef, TaskRef
from benchmark.registry import Pool
from benchmark.tasks.loading import LoadedTask, Questions


def task_ref(task: LoadedTask, asked: Questions) -> TaskRef:
    """The task and how many of its questions were asked."""
    return TaskRef(
        name=task.task.name,
        version=task.task.version,
        data_digest=task.data.digest,
        episode_digest=asked.digest(),
        episodes=len(asked),
    )


def model_ref(job: RunSpec, model: object, recipe: dict[str, Any], refit: bool) -> ModelRef:
    """The model, its pool, and what it has seen; `refit` says that validation taught it too."""
    declared = resolved(model).seen
    if declared is None and job.spec.pool is not None:
        declared = ()  # a catalogue entry says so itself when it has seen anything
    told = None if declared is None else contamination.names(declared)
    if told is not None and resolved(model).trainable is not None:
        told.append(f"{job.track.name}/train")
        if refit:
            told.append(f"{job.track.name}/validation")
    return ModelRef(key=job.spec.key, recipe=recipe, pool=_pool(job, model), seen=told)


def _pool(job: RunSpec, model: object) -> Pool:
    """Where the model is ranked; what it declares of itself decides, for settings change it."""
    declared: Pool | None = resolved(model).pool  # such as weights from elsewhere
    if declared is not None:
        return declared
    if resolved(model).transductive:
        return "transductive"
    return job.spec.pool or "inductive"
