"""The suite as a function: a model, a task, a record. The command line is a layer over this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.job import (
    Callback,
    Existing,
    NullCallback,
    RunContext,
    RunSpec,
    check_budget,
    path_of,
)
from benchmark.evaluation.run import run
from benchmark.evaluation.shots import trainings
from benchmark.records import store
from benchmark.records.schema import Record
from benchmark.registry import ModelSpec, foreign_source, isolates, resolve
from benchmark.settings import as_typed
from benchmark.tasks.catalogue import task as find_task
from benchmark.tasks.own import looking_in
from benchmark.tasks.tracks import of_fold
from benchmark.tasks.tracks import track as find_track


def evaluate(
    model: str | Any,
    task: str,
    *,
    seed: int = 0,
    fold: int = 0,
    budget: str = "quick",
    settings: Mapping[str, Any] | None = None,
    data: Path | None = None,
    results: Path | None = None,
    work: Path | None = None,
    device: str = "auto",
    existing: Existing = "redo",
    watcher: Callback | None = None,
    isolate: bool = True,
) -> Record:
    """Trains the model on the task's track if it trains, and answers the task's pinned questions.

    Args:
        model: a catalogue key, "package.module:Name", "path/to/file.py:Name", a model class, or a
            model object (which is used as it is).
        task: a task's name, such as "omniglot-within-20w1s".
        seed: the training's seed.
        fold: which fold of the track, for a task that is asked fold by fold.
        budget: "quick", "standard" or "full": how many items a training sees.
        settings: settings of the model, such as {"margin": 0.5}.
        data: data directory.
        results: results folder to write the record to; None writes nothing.
        work: folder for checkpoints; None keeps none.
        device: "auto", "cpu", "cuda" or "mps".
        existing: "redo", or "skip" to return the record that is there.
        watcher: a `Callback` that follows the run.
        isolate: run a user's model that is given by name in a process of its own, which never has
            labels of test items (`benchmark.evaluation.isolation`).

    Returns:
        The record; `record.outcome.correct` are the correct answers of each episode, for a
        verification `.thousandths` the log-odds of each trial, for a retrieval `.first` the rank of
        each query's first match.

    Raises:
        OneshotError: for unknown names, missing data, or a refused combination.
    """
    spec_of(model, settings, isolate)  # an unknown model comes before a missing data set
    with looking_in(data):  # names of own data sets are looked up there
        context = RunContext(data)
        track = of_fold(find_track(find_task(task).track), fold)
        ((chosen, _),) = trainings(
            partial(spec_of, model, isolate=isolate),
            settings or {},
            track,
            check_budget(budget),
            (task,),
            context,
            seed,
        )
        spec = spec_of(model, chosen, isolate)
        job = RunSpec(spec, track, seed, budget, (task,), as_typed(chosen))
        if existing not in ("redo", "skip"):
            raise OneshotError(f"existing='{existing}' is neither 'redo' nor 'skip'.")
        heard = _Heard(watcher or NullCallback())
        context = replace(
            context, results=results, work=work, device=find_device(device), existing=existing,
            callback=heard,
        )  # fmt: skip
        for record in run(job, context):
            return record
        if heard.reason:
            raise Refused(f"{spec.key} cannot be asked {task}: {heard.reason}.")
        if results is not None:
            path = path_of(job, task, context.recipe(job), results)
            if path.is_file():
                return store.read(path)
        raise OneshotError(f"{spec.key} gave no record of {task}.")


class _Heard(NullCallback):
    """Passes everything on and keeps the reason why a task was left out."""

    def __init__(self, listener: Callback) -> None:
        self.reason = ""
        self.training = listener.training  # type: ignore[method-assign]
        self.answering = listener.answering  # type: ignore[method-assign]
        self.finished = listener.finished  # type: ignore[method-assign]
        self._refused = listener.refused

    def refused(self, task: str, reason: str) -> None:
        """Keeps the reason."""
        self.reason = reason
        self._refused(task, reason)


def find_device(name: str) -> str:
    """The device that "auto" means here, or the named one.

    Raises:
        OneshotError: if the machine has no such device.
    """
    import torch

    # Float32 is what is published, not the 10 bits of mantissa that a GPU would use for it.
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise OneshotError(
            f"Device '{name}' cannot be used: {reason}.", "Try --device cpu."
        ) from error
    return name


def spec_of(
    model: str | Any, settings: Mapping[str, Any] | None = None, isolate: bool = False
) -> ModelSpec:
    """A model as a name, a class or an object, ready to be built; an object builds to itself.

    `isolate` puts a user's class that is given by name into a process of its own.

    Raises:
        UnknownName: nothing has that name.
        OneshotError: it cannot be loaded, or settings are laid over an object.
    """
    if isinstance(model, str):
        return resolve(model, settings, isolate and isolates())
    if isinstance(model, type):
        home = foreign_source(model.__module__)
        return ModelSpec(model.__name__, model, dict(settings or {}), home=home)
    if settings:
        raise OneshotError("settings cannot be laid over a model object.", "Give its class.")
    return ModelSpec(type(model).__name__, lambda: model)
