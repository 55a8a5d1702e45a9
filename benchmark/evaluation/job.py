"""A run: what is run (`RunSpec`), where (`RunContext`), and who follows it (`Callback`)."""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

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
from benchmark.registry import ModelSpec, isolates, recipe_of, resolve
from benchmark.settings import as_text, as_typed
from benchmark.settings import parse as parse_settings
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.loading import LoadedTask, bind, data_name
from benchmark.tasks.spec import VALIDATION, Task, Track
from benchmark.tasks.tracks import of_fold
from benchmark.tasks.tracks import track as find_track

if TYPE_CHECKING:
    from benchmark.evaluation.random_state import RandomState

Existing = Literal["skip", "redo", "fail"]
BUDGETS = ("quick", "standard", "full")
RunText = dict[str, Any]  # see `RunSpec.text`
MOST_MODELS = 64  # kept between a plan and its runs
MOST_BYTES = 512 << 20  # of their parameters
MOST_RECIPES = 1000


def default_work() -> Path:
    """Where checkpoints and trained weights are kept: ONESHOT_WORK, or in the user's cache."""
    from platformdirs import user_cache_path

    chosen = os.environ.get("ONESHOT_WORK")
    return (
        Path(chosen) if chosen else user_cache_path("oneshot-benchmark", appauthor=False) / "work"
    )


class Callback(Protocol):
    """Follows a run; every call must return quickly."""

    def training(self, progress: Progress) -> None:
        """The model is learning."""

    def answering(self, task: str, done: int, total: int) -> None:
        """The model is answering episodes of a task."""

    def finished(self, record: Record, path: Path | None) -> None:
        """A record is there, written to `path`."""

    def refused(self, task: str, reason: str) -> None:
        """The model does not answer this task."""


class NullCallback:
    """Ignores all events."""

    def training(self, progress: Progress) -> None:
        """Ignores it."""

    def answering(self, task: str, done: int, total: int) -> None:
        """Ignores it."""

    def finished(self, record: Record, path: Path | None) -> None:
        """Ignores it."""

    def refused(self, task: str, reason: str) -> None:
        """Ignores it."""


@dataclass(frozen=True)
class RunSpec:
    """What is run: one training, or one untrained model, and its tasks, all of one track.

    Attributes:
        spec: the model with its settings, not built yet.
        track: with its fold.
        seed: of the training.
        budget: of the training.
        tasks: names.
        typed: settings as the user gave them, "key=value".
        episodes: only the first n of each task of episodes; None for all.
        name: of the model, as it was typed; empty for one that is given as a class or an object.
    """

    spec: ModelSpec
    track: Track
    seed: int
    budget: str
    tasks: tuple[str, ...]
    typed: tuple[str, ...] = ()
    episodes: int | None = None
    name: str = ""

    @classmethod
    def parse(
        cls,
        model: str,
        tasks: Sequence[str],
        seed: int = 0,
        fold: int = 0,
        budget: str = "quick",
        settings: Mapping[str, Any] | None = None,
        episodes: int | None = None,
    ) -> Self:
        """The run from plain text: the inverse of `text`.

        It has the same recipe, hence the same records, in every process and on every machine.

        Raises:
            OneshotError: a name or a file that is not there, or a setting that does not exist.
        """
        track = of_fold(find_track(find_task(tasks[0]).track), fold)
        text = as_text(settings or {})
        spec = resolve(model, text, isolates())
        return cls(spec, track, seed, budget, tuple(tasks), as_typed(text), episodes, model)

    def text(self) -> RunText:
        """Arguments of `parse` that give this run; they go through JSON, pickle and a shell."""
        return {
            "model": self.name or self.spec.typed,
            "tasks": self.tasks,
            "seed": self.seed,
            "fold": self.track.fold,
            "budget": self.budget,
            "settings": parse_settings(self.typed),
            "episodes": self.episodes,
        }

    def words(self) -> list[str]:
        """The command of this run and no other, without the folders."""
        words = ["oneshot", "run", self.name or self.spec.typed]
        for task in self.tasks:
            words += ["--task", task]
        words += ["--seeds", str(self.seed)]
        if any(find_task(task).folds > 1 for task in self.tasks):
            words += ["--folds", str(self.track.fold)]
        words += ["--budget", self.budget]
        if self.episodes is not None:
            words += ["--episodes", str(self.episodes)]
        for setting in self.typed:
            words += ["--set", setting]
        return words

    @property
    def which(self) -> str:
        """Which of the trainings of its model and track it is, in words."""
        fold = f", fold {self.track.fold}" if self.track.folds > 1 else ""
        return f"seed {self.seed}{fold}"


def build(run: RunSpec) -> tuple[Any, dict[str, Any]]:
    """A fresh untrained model of the run, and its whole recipe."""
    track = run.track
    model = run.spec.build(run.seed, info_of(track), run.budget)
    if hasattr(model, "fit"):
        refuse_training(run.spec.key, track)
    return model, recipe_of(model, run.spec, run.budget)


@dataclass(frozen=True)
class _Built:
    identity: tuple[Any, ...]
    model: Any
    recipe: dict[str, Any]
    random_state: RandomState


class ModelPool:
    """Models that were built for a plan and wait for their run, so that each is built once.

    A model is taken together with the state that its constructor left the global random generators
    in: what a run draws from them does not depend on when its model was built. Users' models live
    in processes of their own and are not kept.
    """

    def __init__(self) -> None:
        self._built: list[_Built] = []
        self._recipes: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def recipe(self, run: RunSpec) -> dict[str, Any]:
        """The recipe of the run's model; see `RunContext.recipe`."""
        identity = _identity(run)
        return (
            next((kept for key, kept in self._recipes if key == identity), None)
            or (self.peek(run)[1])
        )

    def peek(self, run: RunSpec) -> tuple[Any, dict[str, Any]]:
        """See `RunContext.model`."""
        from benchmark.evaluation.random_state import RandomState

        identity = _identity(run)
        kept = next((each for each in self._built if each.identity == identity), None)
        if kept is None:
            model, recipe = self._build(run, identity)
            if run.spec.foreign:
                return model, recipe
            kept = _Built(identity, model, recipe, RandomState.now())
            self._built.append(kept)
            while len(self._built) > MOST_MODELS or sum(map(_size, self._built)) > MOST_BYTES:
                del self._built[0]
        return kept.model, kept.recipe

    def take(self, run: RunSpec) -> tuple[Any, dict[str, Any]]:
        """See `RunContext.take_model`."""
        identity = _identity(run)
        for number, kept in enumerate(self._built):
            if kept.identity == identity:
                del self._built[number]
                kept.random_state.restore()
                return kept.model, kept.recipe
        return self._build(run, identity)

    def _build(self, run: RunSpec, identity: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
        model, recipe = build(run)
        self._recipes = [*self._recipes[1 - MOST_RECIPES :], (identity, recipe)]
        return model, recipe


def _size(built: _Built) -> int:
    """Bytes of the parameters of a model; lazy ones have none yet."""
    if not callable(getattr(built.model, "parameters", None)):
        return 0
    parameters = [each for each in built.model.parameters() if hasattr(each, "element_size")]
    sizes = [
        each.numel() * each.element_size()
        for each in parameters
        if type(each).__name__ != "UninitializedParameter"
    ]
    return sum(sizes)


def _identity(run: RunSpec) -> tuple[Any, ...]:
    """What the untrained model of a run follows from."""
    spec = run.spec
    factory = getattr(spec.factory, "func", spec.factory), getattr(spec.factory, "args", ())
    settings = sorted(
        (name, value if isinstance(value, str) else json.dumps(value, default=repr))
        for name, value in spec.settings.items()
    )
    return (
        spec.key, spec.home, spec.code, spec.isolated, factory, settings, run.track, run.seed,
        run.budget,
    )  # fmt: skip


@dataclass(frozen=True)
class RunContext:
    """Where runs find data and leave results, how, and who follows them.

    Loaded data sets and tasks, and models that are built but not yet used, are shared between runs
    and between contexts that `dataclasses.replace` derives from one another.

    Attributes:
        data: data directory, None for the default.
        results: results folder, None to write no records.
        work: folder for checkpoints and trained weights, None to keep none.
        device: where models compute.
        commit_weights: whether the weights that answer a test are written beside its record.
        wait: for another process that has the same run or training; else `Busy` is raised.
        mark: called with each part of a training, see `TrainingRun`.
        embeddings: folder of the embedding cache, None for none.
        existing: what to do where a record exists. "redo" also trains again.
        callback: follows the run.
    """

    data: Path | None = None
    results: Path | None = None
    work: Path | None = None
    device: str = "cpu"
    commit_weights: bool = False
    wait: bool = True
    mark: Callable[[str], None] = unmarked
    embeddings: Path | None = None
    existing: Existing = "skip"
    callback: Callback = field(default_factory=NullCallback)
    _data: dict[str, DataSet] = field(default_factory=dict, repr=False)
    _tasks: dict[tuple[str, int], LoadedTask] = field(default_factory=dict, repr=False)
    _models: ModelPool = field(default_factory=ModelPool, repr=False)

    def portable(self) -> Self:
        """The context for another process, which leaves runs that others are at to them."""
        return replace(
            self, wait=False, mark=unmarked, callback=NullCallback(), _data={}, _tasks={},
            _models=ModelPool(),
        )  # fmt: skip

    def recipe(self, run: RunSpec) -> dict[str, Any]:
        """The whole recipe of the run's model."""
        return self._models.recipe(run)

    def model(self, run: RunSpec) -> tuple[Any, dict[str, Any]]:
        """The run's untrained model, to look at, and its whole recipe; the run itself will use it.

        Raises:
            OneshotError: the model cannot be built, or not on this track.
        """
        return self._models.peek(run)

    def take_model(self, run: RunSpec) -> tuple[Any, dict[str, Any]]:
        """The run's untrained model, for this use alone, and its whole recipe."""
        return self._models.take(run)

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


def path_of(job: RunSpec, task: str, recipe: dict[str, Any], results: Path) -> Path:
    """Where the job's record for this task lies."""
    asked = find_task(task).on(job.track)
    key, recipe8 = job.spec.key, recipe_hash(recipe)
    return store.job_path(results, task, asked.version, key, recipe8, job.seed, asked.fold)


def lock_of(job: RunSpec, recipe: dict[str, Any], results: Path) -> Path:
    """The lock of the job's records: who holds it alone writes them."""
    track = job.track
    mark = digest([job.spec.key, recipe, track.name, track.fold, job.seed])
    return results / LOCKS / f"{file_name(job.spec.key)}-{mark[:16]}.lock"


def note_reading(job: RunSpec, recipe: dict[str, Any], task: Task, results: Path) -> None:
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
