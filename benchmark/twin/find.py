"""From what a person calls a trained model to its weights.

    siamese-conv4-cosine-nt-xent             a key of the catalogue; track, seed, settings beside it
    siamese-conv4-cosine-nt-xent--1a2b3c4d   a model of the results folder, with its whole recipe
    path/to/file.py:Name                     a class in a file
    torchscript:PATH, onnx:PATH, checkpoint:PATH       see `baselines.adapters`

Weights are where `oneshot run` keeps them, under the identity of their training; else those that
are committed beside the records.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.datasets import catalogue as datasets
from benchmark.datasets.catalogue import KNOWN
from benchmark.errors import DataMissing, OneshotError, UnknownName
from benchmark.evaluation import training, weights
from benchmark.evaluation.job import BUDGETS, RunSpec, build, check_budget, path_of
from benchmark.models.model import resolved
from benchmark.records import store
from benchmark.records.canonical import recipe_hash
from benchmark.registry import resolve
from benchmark.settings import as_typed
from benchmark.tasks import own
from benchmark.tasks import task as find_task
from benchmark.tasks.spec import VALIDATION, Track
from benchmark.tasks.tracks import TRACKS
from benchmark.tasks.tracks import track as find_track

RECORDED = r".+--[0-9a-f]{8}"  # KEY--RECIPE8
USUAL = "glyphs"  # the track of a model that names none and has learned on none


@dataclass(frozen=True)
class Asked:
    """What was asked for beside the name; None leaves it open."""

    track: str | None = None
    seed: int = 0
    budget: str | None = None
    settings: Mapping[str, Any] | None = None
    data: Path | None = None
    results: Path = Path("results")
    work: Path | None = None
    trust_code: bool = False  # build what a record names outside the catalogue


@dataclass(frozen=True, eq=False)
class Found:
    """A model with its weights.

    Attributes:
        job: what it was built from.
        model: on the processor, its weights as they were kept.
        recipe: its whole recipe.
        weights: SHA-256 of the kept weights; None for a model that does not learn.
        folder: where the training is kept; None for a model that does not learn, or for weights
            from beside a record.
        chosen: the model that validation chose, where a final fit came after it; else `model`.
        notes: what the user should know, one line each.
    """

    job: RunSpec
    model: object
    recipe: dict[str, Any]
    weights: str | None = None
    folder: Path | None = None
    chosen: Any = None
    notes: tuple[str, ...] = ()


def find(name: str, asked: Asked, work: Path) -> Found:
    """The model that `name` means, with its trained weights.

    Args:
        name: see the head of this file.
        asked: what is known beside it.
        work: folder of checkpoints and weights.

    Raises:
        UnknownName: nothing has that name.
        OneshotError: its weights are not there, with the command that trains it; or several
            trainings fit, with what tells them apart.
    """
    jobs, recorded = _jobs(name, asked, work)
    found: dict[str, Found] = {}
    for job in jobs:
        model, recipe = build(job)
        if resolved(model).trainable is None:
            if len(jobs) > 1:
                raise _several(name, jobs)
            return Found(job, model, recipe, chosen=model)
        each = _trained(job, model, recipe, work) or _committed(job, model, recipe, asked.results)
        if each is not None:
            found[f"{each.job.track.name} {each.weights}"] = each
    if not found:
        raise _untrained(name, jobs, asked, work)
    if len(found) > 1:
        raise _several(name, [each.job for each in found.values()])
    (one,) = found.values()
    kept = recorded.get(one.job.track.name)
    if kept is not None and kept != one.weights:
        note = "These weights are another training of the recipe than the one of the record."
        return replace(one, notes=(note,))
    return one


def _jobs(name: str, asked: Asked, work: Path) -> tuple[list[RunSpec], dict[str, str | None]]:
    """What could be meant, and the weights of records by track where `name` names records."""
    if re.fullmatch(RECORDED, name):
        return _recorded(name, asked)
    spec = resolve(name, asked.settings)
    typed = as_typed(asked.settings or {})
    budgets = BUDGETS if asked.budget is None else (check_budget(asked.budget),)
    plain = RunSpec(spec, find_track(asked.track or USUAL), asked.seed, budgets[0], (), typed)
    if not _learns(plain):
        return [plain], {}
    tracks = [find_track(asked.track)] if asked.track else list(_worked_on(work))
    tracks = tracks or [find_track(USUAL)]
    return [
        RunSpec(spec, track, asked.seed, budget, (), typed)
        for track in tracks
        for budget in budgets
    ], {}


def _recorded(name: str, asked: Asked) -> tuple[list[RunSpec], dict[str, str | None]]:
    """The jobs of the records of KEY--RECIPE8 with this seed, one a track.

    Raises:
        OneshotError: there is no such record, or settings are laid over its recipe.
    """
    from benchmark.evaluation.recompute import job_of

    if asked.settings or asked.budget:
        raise OneshotError(
            f"{name} names a whole recipe, which takes no settings and no budget.",
            "Leave them out, or give the key alone.",
        )
    key, _, recipe8 = name.rpartition("--")
    folders = store.folder_names(key, recipe8)
    paths = [path for path in store.paths(asked.results) if path.parent.name in folders]
    records = [store.read_placed(asked.results, path) for path in paths]
    records = [record for record in records if record.model.key == key]
    seeds = sorted({record.seed for record in records})
    if not records:
        raise OneshotError(
            f"There is no record of {name} in {asked.results}.",
            "Give the results folder with --results DIR, or the key alone with its settings.",
        )
    if asked.seed not in seeds:
        raise OneshotError(
            f"{name} has no record of seed {asked.seed}.",
            f"Type: --seed with one of {', '.join(map(str, seeds))}",
        )
    jobs: dict[str, RunSpec] = {}
    digests: dict[str, str | None] = {}
    for record in records:  # of a track with folds the first
        if record.seed != asked.seed or record.status != "ok":
            continue
        job = job_of(record, asked.trust_code)
        if asked.track in (None, job.track.name) and job.track.name not in jobs:
            jobs[job.track.name], digests[job.track.name] = job, record.provenance.weights
    if not jobs:
        raise OneshotError(f"{name} has no record of seed {asked.seed} on '{asked.track}'.")
    return list(jobs.values()), digests


def _learns(job: RunSpec) -> bool:
    """Whether the model trains; a factory that is no class is asked by building it."""
    factory = getattr(job.spec.factory, "func", job.spec.factory)
    return hasattr(factory if isinstance(factory, type) else build(job)[0], "fit")


def _worked_on(work: Path) -> Iterator[Track]:
    """The tracks of images of which some training is kept."""
    for name in [*(track.name for track in TRACKS), *own.names()]:
        if any(_trainings(work, name)) and find_track(name).family in ("character", "photograph"):
            yield find_track(name)


def _trained(job: RunSpec, model: object, recipe: dict[str, Any], work: Path) -> Found | None:
    """The job's finished training, put into its model; None where it is not kept.

    With a final fit it is the final one; its weights alone have seen the validation classes, so
    what is calibrated is the model that was chosen before.
    """
    track = job.track
    try:
        digest = KNOWN[track.data].digest if track.data in KNOWN else None
        digest = digest or datasets.load(track.data, own.DIRECTORY.get()).digest
    except (DataMissing, UnknownName):
        return None
    kept = training.kept(job, model, recipe, work, digest, final=True)
    if kept is None:
        return None
    return Found(job, kept.model, recipe, kept.weights, kept.folder, kept.chosen)


def _committed(job: RunSpec, model: object, recipe: dict[str, Any], results: Path) -> Found | None:
    """The weights that are committed beside a record of the job, put into its model."""
    folders = store.folder_names(job.spec.key, recipe_hash(recipe))
    for path in store.paths(results):
        if path.parent.name not in folders or not path.stem.startswith(f"seed-{job.seed}"):
            continue
        record = store.read_placed(results, path)
        if (record.seed, record.model.key) != (job.seed, job.spec.key):
            continue
        if find_task(record.task.name).track != job.track.name:
            continue
        data = weights.committed(results, record.provenance.weights)
        if data is None:
            continue
        weights.put(model, data)
        note = "These weights have learned from the validation classes too, which calibrate them."
        notes = (note,) if job.spec.inference.final_fit else ()
        return Found(job, model, recipe, record.provenance.weights, None, model, notes)
    return None


def _untrained(name: str, jobs: list[RunSpec], asked: Asked, work: Path) -> OneshotError:
    """That there are no weights, and the command that makes them."""
    job = jobs[0]
    tracks = " or ".join(dict.fromkeys(job.track.name for job in jobs))
    others = sum(1 for track in {j.track.name for j in jobs} for _ in _trainings(work, track))
    more = ""
    if others:
        kept = "1 training is" if others == 1 else f"{others} trainings are"
        more = f"; {kept} kept there, of another model, recipe, seed or version of the suite"
    # The validation twin trains without reading the test; a final fit comes before a test alone.
    task = job.track.chooses + ("" if job.spec.inference.final_fit else VALIDATION)
    typed = job.spec.key if re.fullmatch(RECORDED, name) else name
    words = [f"oneshot run {shlex.quote(typed)} --task {task}"]
    words += [f"--seeds {asked.seed}"] if asked.seed else []
    words += [f"--budget {job.budget}"] if job.budget != BUDGETS[0] else []
    words += [f"--set {shlex.quote(setting)}" for setting in job.typed]
    words += [f"--work {shlex.quote(str(asked.work))}"] if asked.work else []
    if asked.results != Asked.results:
        words += [f"--results {shlex.quote(str(asked.results))}"]
    if path_of(job, task, build(job)[1], asked.results).is_file():
        words += ["--existing redo"]  # else it would be left out
    return OneshotError(
        f"There are no trained weights of {name}, seed {asked.seed}, track {tracks}, in "
        f"{work}{more}.",
        f"Train them: {' '.join(words)}",
    )


def _trainings(work: Path, track: str) -> Iterator[Path]:
    yield from (work / store.slug(track)).glob("*/training.json")


def _several(name: str, jobs: list[RunSpec]) -> OneshotError:
    """That more than one training fits, and what to say."""
    tracks = list(dict.fromkeys(job.track.name for job in jobs))
    if len(tracks) > 1:
        told = f"on the tracks {', '.join(tracks)}", f"--track {tracks[0]}"
    else:
        budgets = list(dict.fromkeys(job.budget for job in jobs))
        told = f"with the budgets {', '.join(budgets)}", f"--budget {budgets[0]}"
    return OneshotError(f"{name} could mean several, {told[0]}.", f"Say which: {told[1]}")
