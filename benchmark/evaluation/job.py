"""A job and its surroundings: what one training is asked, where it works, who watches."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from benchmark.datasets import catalogue as datasets
from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.locks import FOLDER as LOCKS
from benchmark.files import inside
from benchmark.protocols import Progress, TrackInfo, unmarked
from benchmark.records import readings, store
from benchmark.records.canonical import digest, recipe_hash
from benchmark.records.schema import Record
from benchmark.records.store import file_name
from benchmark.registry import ModelSpec, recipe_of
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import LoadedTask, bind, data_name
from benchmark.tasks.spec import VALIDATION, Task, Track

Existing = Literal["skip", "redo", "fail"]
BUDGETS = ("quick", "standard", "full")


def default_work() -> Path:
    """Where checkpoints and trained weights are kept: ONESHOT_WORK, or in the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("ONESHOT_WORK")
    return (
        Path(chosen) if chosen else user_cache_path("oneshot-benchmark", appauthor=False) / "work"
    )


class Callback(Protocol):
    """Whoever wants to see a job at work; every call must return quickly."""

    def training(self, progress: Progress) -> None:
        """The model is learning."""

    def answering(self, task: str, done: int, total: int) -> None:
        """The model is answering episodes of a task."""

    def finished(self, record: Record, path: Path | None) -> None:
        """A record is there, written to `path`."""

    def refused(self, task: str, reason: str) -> None:
        """The model does not answer this task."""


class NullCallback:
    """A watcher that looks away."""

    def training(self, progress: Progress) -> None:
        """Ignores it."""

    def answering(self, task: str, done: int, total: int) -> None:
        """Ignores it."""

    def finished(self, record: Record, path: Path | None) -> None:
        """Ignores it."""

    def refused(self, task: str, reason: str) -> None:
        """Ignores it."""


@dataclass(frozen=True)
class Job:
    """What one training, or one untrained model, is asked: tasks of one track."""

    spec: ModelSpec
    track: Track
    seed: int
    budget: str
    tasks: tuple[str, ...]
    typed: tuple[str, ...] = ()  # settings as the user gave them, "key=value"
    episodes: int | None = None  # only the first so many of each task of episodes; None for all

    @property
    def which(self) -> str:
        """Which of the trainings of its model and track it is, in words."""
        fold = f", fold {self.track.fold}" if self.track.folds > 1 else ""
        return f"seed {self.seed}{fold}"


@dataclass
class RunContext:
    """Where jobs find data and leave results; loaded data and tasks are shared between jobs.

    Attributes:
        data: data directory, None for the default.
        results: results folder, None to write no records.
        work: folder for checkpoints and trained weights, None to keep none.
        device: where models compute.
        commit_weights: whether the weights that answer a test are written beside its record.
        wait: for another process that is at the same job or training; else `Busy` is raised.
        mark: told where the time of trainings goes, see `TrainingRun`.
        embeddings: folder where embeddings are kept and found again, None to keep none.
    """

    data: Path | None = None
    results: Path | None = None
    work: Path | None = None
    device: str = "cpu"
    commit_weights: bool = False
    wait: bool = True
    mark: Callable[[str], None] = unmarked
    embeddings: Path | None = None
    _data: dict[str, DataSet] = field(default_factory=dict)
    _tasks: dict[tuple[str, int], LoadedTask] = field(default_factory=dict)

    def check(self) -> None:
        """Makes sure that the results folder can be written before hours are spent.

        Raises:
            OneshotError: if it cannot.
        """
        if self.results is None:
            return
        try:
            inside(self.results, self.results / store.RECORDS).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.results / store.RECORDS):
                pass
        except OSError as error:
            raise OneshotError(
                f"Cannot write to the results folder {self.results}: {error.strerror}.",
                "Choose another with --results DIR.",
            ) from error

    def require(self, track: Track) -> None:
        """Makes sure that the track's data sets are there before hours are spent.

        Raises:
            OneshotError: if one is not, or is not sound.
        """
        for name in (track.data, track.test_data):
            if name is not None:
                self.data_set(name)

    def data_set(self, name: str) -> DataSet:
        """The data set of this name, loaded once."""
        if name not in self._data:
            self._data[name] = datasets.load(name, self.data)
        return self._data[name]

    def task(self, name: str, track: Track) -> LoadedTask:
        """The task of this name on the track's fold with its episodes, drawn once."""
        mark = name, track.fold
        if mark not in self._tasks:
            task = find_task(name)
            self._tasks[mark] = bind(task, track, self.data_set(data_name(track, task.split)))
        return self._tasks[mark]


def build(job: Job) -> tuple[Any, dict[str, Any]]:
    """The job's untrained model and its whole recipe."""
    track = job.track
    model = job.spec.build(job.seed, info_of(track), job.budget)
    if hasattr(model, "fit"):
        refuse_training(job.spec.key, track)
    return model, recipe_of(model, job.spec, job.budget)


def info_of(track: Track) -> TrackInfo:
    """What a recipe may depend on of a track."""
    return TrackInfo(
        track.name, track.family, track.channels, track.side, track.labelled, track.aligned,
        track.size,
    )  # fmt: skip


def refuse_training(key: str, track: Track) -> None:
    """Refuses a model that is trained on a track without classes to train it on or to choose by.

    Raises:
        Refused: naming what the track lacks.
    """
    splits = {"training": track.train, "validation": track.validation}
    lacking = [name for name, part in splits.items() if not part.names and not part.classes]
    if lacking:
        raise Refused(
            f"{key} is trained, and the data set '{track.data}' has no {' and no '.join(lacking)} "
            "classes.",
            "Choose a model that is not trained, such as pixels-cosine or one of pretrained "
            "weights (oneshot list models), or add the data again without --test-only and with "
            "--fractions above 0.",
        )


def chooser_of(model: Any, track: Track) -> str:
    """The task on validation that decides the model's training: the track's.

    A head that is fixed to one shape is asked that shape of the same family instead, and a method
    that trains with several shots is asked as many, where the validation split has the items.
    """
    family, _, shape = track.chooses.rpartition("-")
    fixed = getattr(model, "trained_for", None)
    if fixed is not None:
        return f"{family}-{fixed[0]}w{fixed[1]}s{VALIDATION}"
    shots = int(getattr(getattr(model, "recipe", None), "support", 1))
    if shots > 1 and re.fullmatch(r"\d+w\d+s", shape):
        several = f"{family}-{shape.partition('w')[0]}w{shots}s"
        with contextlib.suppress(OneshotError):  # too few items of a class
            return find_task(several).name + VALIDATION
    return track.chooses + VALIDATION


def path_of(job: Job, task: str, recipe: dict[str, Any], results: Path) -> Path:
    """Where the job's record for this task lies."""
    asked = find_task(task).on(job.track)
    key, recipe8 = job.spec.key, recipe_hash(recipe)
    return store.job_path(results, task, asked.version, key, recipe8, job.seed, asked.fold)


def lock_of(job: Job, recipe: dict[str, Any], results: Path) -> Path:
    """The lock of the job's records: who holds it alone writes them."""
    track = job.track
    mark = digest([job.spec.key, recipe, track.name, track.fold, job.seed])
    return results / LOCKS / f"{file_name(job.spec.key)}-{mark[:16]}.lock"


def note_reading(job: Job, recipe: dict[str, Any], task: Task, results: Path) -> None:
    """Counts that the job's model looks at a test."""
    readings.note(
        results, job.track.name, job.spec.key, task.name, task.version, recipe_hash(recipe),
        job.seed,
    )  # fmt: skip


def check_budget(budget: str) -> str:
    """The budget's name.

    Raises:
        OneshotError: if there is none of this name.
    """
    if budget not in BUDGETS:
        raise OneshotError(f"There is no budget '{budget}'.", f"Choose {', '.join(BUDGETS)}.")
    return budget
