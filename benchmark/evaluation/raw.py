"""A trained model beside raw inputs, on validation: a training that does not beat them is said so.

Raw inputs need no training, so the comparison costs one pass over pixels. It is made on data of the
user's own, where no published number says what to expect, and reads no test item.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from benchmark.errors import ModelFailed, Refused
from benchmark.evaluation.job import RunContext, RunSpec, build
from benchmark.evaluation.outcome import ask
from benchmark.protocols.catalogue import BY_NAME
from benchmark.records.canonical import recipe_hash
from benchmark.records.schema import Outcome, Record
from benchmark.registry import resolve
from benchmark.report.outcomes import headline
from benchmark.tasks.spec import VALIDATION
from benchmark.tasks.tracks import classes_of

RAW = {"text": ("ngrams-cosine",)}
OTHERS = ("pixels-cosine", "pixels-euclidean")
NAMES = {"text": "n-grams", "vector": "raw vectors"}
EPISODES = 1_000
MOST_VALUES = 100_000_000  # float32 numbers of the validation split at once; else at SMALL pixels
SMALL = 32


@dataclass(frozen=True)
class Beside:
    """What a trained model and raw inputs reach on a validation split.

    Attributes:
        task: the task whose validation twin was answered.
        model: the key of the trained model.
        raw: what it is compared with, in words.
        measure: "accuracy", "EER" or "mAP@R".
        trained, untrained: of both, in [0, 1]; a mean over seeds and folds.
    """

    task: str
    model: str
    raw: str
    measure: str
    trained: float
    untrained: float

    @property
    def beaten(self) -> bool:
        """Whether the training was worth it, as far as validation says."""
        if self.measure == "EER":
            return self.trained < self.untrained
        return self.trained > self.untrained

    def __str__(self) -> str:
        numbers = f"{100 * self.trained:.1f} %"
        raw = f"{self.raw} {100 * self.untrained:.1f} %"
        where = f"{self.model} on the validation split of {self.task}"
        if self.beaten:
            return f"{where}: {self.measure} {numbers}, {raw}."
        return f"{where}: {self.measure} {numbers} does not beat {raw}."


def beside_raw(found: Iterable[tuple[RunSpec, Record]], context: RunContext) -> list[Beside]:
    """Each trained model beside the better of the raw inputs, a line for each recipe and task.

    Args:
        found: records of trainings with their jobs; only tracks of the user's own are compared.
        context: data and device.
    """
    untrained: dict[tuple[str, int], tuple[str, Outcome] | None] = {}
    groups: dict[tuple[str, str, str], list[tuple[float, float, str]]] = {}
    measures: dict[str, str] = {}
    for job, record in found:
        task = record.task.name
        if record.validation is None or record.outcome is None or job.track.size is None:
            continue
        where = task, job.track.fold
        if where not in untrained:
            untrained[where] = _best(job, task, context)
        best = untrained[where]
        if best is None:
            continue
        name, outcome = best
        twin = context.task(task + VALIDATION, job.track).task
        measures[task] = BY_NAME[twin.protocol].measure
        validated = record.validation.outcome.prefix(outcome.answered)
        trained = headline(twin.name, validated, record.fold)
        raw = headline(twin.name, outcome, record.fold)
        if trained is not None and raw is not None:
            key = job.spec.key, task, recipe_hash(record.model.recipe)
            groups.setdefault(key, []).append((trained, raw, name))
    return [
        Beside(
            task, model, each[0][2], measures[task],
            float(np.mean([trained for trained, *_ in each])),
            float(np.mean([raw for _, raw, _ in each])),
        )
        for (model, task, _), each in groups.items()
    ]  # fmt: skip


def _best(job: RunSpec, task: str, context: RunContext) -> tuple[str, Outcome] | None:
    """The raw inputs that answer the validation twin best, in words, with their outcome."""
    track = job.track
    twin = context.task(task + VALIDATION, track)
    asked = np.isin(twin.data.labels, classes_of(twin.data, track.validation)).sum()
    large = twin.data.kind == "image" and asked * twin.data.stored[0].size > MOST_VALUES
    found: list[tuple[float, str, Outcome]] = []
    for key in RAW.get(track.family, OTHERS):
        model, _ = build(replace(job, spec=resolve(key), tasks=()))
        if large:
            model.input_size = SMALL
        size = f" at {SMALL} pixels" if large else ""
        with contextlib.suppress(ModelFailed, Refused):  # such as vectors without a direction
            outcome = ask(
                model, twin, seed=job.seed, device=context.device, episodes=EPISODES
            ).outcome  # fmt: skip
            value = headline(twin.task.name, outcome, twin.task.fold)
            if value is not None:
                better = 1 - value if BY_NAME[twin.task.protocol].lower_is_better else value
                name = f"{NAMES.get(track.family, 'raw pixels')}{size} ({key})"
                found.append((better, name, outcome))
    return max(found, key=lambda each: each[0])[1:] if found else None
