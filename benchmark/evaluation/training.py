"""One training serves every task of its track: trained weights are kept under their identity."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.datasets.data_set import DataSet
from benchmark.errors import ModelFailed, OneshotError
from benchmark.evaluation import weights as files
from benchmark.evaluation.allocation import kept_memory
from benchmark.evaluation.contamination import encode, learned
from benchmark.evaluation.episodes import way_of
from benchmark.evaluation.inference_config import NAMES as ASKED
from benchmark.evaluation.job import RunContext, RunSpec, build, chooser_of
from benchmark.evaluation.locks import held
from benchmark.evaluation.memory import free, ran_out
from benchmark.evaluation.model_selection import validator
from benchmark.evaluation.provenance import device_name, training_code
from benchmark.evaluation.weight_store import TOLD, WEIGHTS, Trained, load, save
from benchmark.models.model import resolved
from benchmark.protocols import Progress, TrainingData, TrainingResult, TrainingRun, unmarked
from benchmark.protocols.catalogue import PROTOCOLS, protocol_of
from benchmark.records.canonical import digest
from benchmark.records.store import clear_unfinished, slug
from benchmark.registry import budget_items
from benchmark.tasks.loading import LoadedTask, split_of
from benchmark.tasks.spec import VALIDATION, Track

LOCK = ".lock"  # in a training's folder


def training_key(
    track: Track,
    data_digest: str,
    recipe: dict[str, Any],
    seed: int,
    chooser: tuple[str, int],
    answering: tuple[str, ...] = (),
    code: str = "",
) -> str:
    """Identity of a training; anything that could change its weights is in it.

    `chooser` names the task whose validation twin decides, and how many of its episodes do. How the
    trained model is asked, and what in its recipe concerns `answering` alone, is not in it: one
    training serves all ways of asking and all heads on the same embeddings. `code` is the digest of
    the code that it runs, see `provenance.training_code`.
    """
    split = {"train": asdict(track.train), "validation": asdict(track.validation)}
    return digest(
        {
            "data": data_digest,
            "split": json.loads(json.dumps(split)),
            "chooses": list(chooser),
            "recipe": {
                name: value for name, value in recipe.items() if name not in (*ASKED, *answering)
            },
            "seed": seed,
            "code": code,
            "kept": "float16",
        }
    )


def key_of(
    model: object,
    track: Track,
    data_digest: str,
    recipe: dict[str, Any],
    seed: int,
    chooser: str,
    code: str,
) -> str:
    """The `training_key` of a built model; `chooser` names the validation twin that decides."""
    answering = resolved(model).answering
    decides = chooser.removesuffix(VALIDATION)
    protocol = protocol_of(decides) or PROTOCOLS[0]
    questions = protocol.selection_questions(way_of(model), track.family)
    return training_key(track, data_digest, recipe, seed, (decides, questions), answering, code)


def refit_key(chosen: str, items: int) -> str:
    """Identity of the final fit for so many items after the training with the key `chosen`."""
    return digest([chosen, "final fit", items])


def folder_of(work: Path, track: Track, key: str) -> Path:
    """Where the weights and the checkpoints of a training lie."""
    return work / slug(track.name) / key[:16]


@dataclass(frozen=True)
class Training:
    """A training that can be done or loaded: what a model learns from and where it is kept.

    Attributes:
        track: whose training and validation splits may be seen.
        chooser: the validation twin that decides; its first episodes are used.
        whole: the track's data set.
        recipe: everything the weights depend on but the seed.
        seed: the training's seed.
        code: see `training_key`.
        device: where models compute.
        work: folder under which checkpoints and weights are kept, or None to keep none.
        again: train anew even if finished weights are there; an unfinished training is resumed.
        report: called with the progress.
        wait: for another process that is at the same training, or leave it to that one.
        mark: see `TrainingRun`.
    """

    track: Track
    chooser: LoadedTask
    whole: DataSet
    recipe: dict[str, Any]
    seed: int
    code: str
    device: str
    work: Path | None
    again: bool
    report: Callable[[Progress], None]
    wait: bool = True
    mark: Callable[[str], None] = unmarked

    def choose(self, model: object) -> Trained:
        """Trains the model in place and keeps the weights that validate best.

        Raises:
            OneshotError: from the model, or if the folder cannot be written.
        """
        data = TrainingData(
            train=split_of(self.track, ("train",), self.whole),
            validation=split_of(self.track, ("validation",), self.whole),
            validate=validator(
                self.chooser, way_of(model), self.track.family, self.seed, self.device
            ),
        )
        return self._fit(model, data, self._key(model))

    def refit(self, model: object, chosen: Trained) -> Trained:
        """Trains a fresh model in place on training and validation classes together.

        Args:
            model: built like the one that `choose` trained.
            chosen: the outcome of `choose`, which says for how many items.

        Raises:
            OneshotError: from the model, or if the folder cannot be written.
        """
        items = chosen.result.best_items
        data = TrainingData(
            train=split_of(self.track, ("train", "validation"), self.whole),
            validation=None,
            validate=None,
            final_items=items,
        )
        return self._fit(model, data, refit_key(self._key(model), items))

    def _folder(self, key: str) -> Path | None:
        return None if self.work is None else folder_of(self.work, self.track, key)

    def _key(self, model: object) -> str:
        chooser = self.chooser.task.name
        return key_of(
            model, self.track, self.whole.digest, self.recipe, self.seed, chooser, self.code
        )

    def _fit(self, model: object, data: TrainingData, key: str) -> Trained:
        folder = self._folder(key)
        if folder is None:
            return self._train(model, data, key, None)
        _prepare(folder)
        kept = None if self.again else load(model, folder, key)
        if kept is not None:
            return kept
        with held(folder / LOCK, self.wait, f"the training in {folder}"):
            for name in (WEIGHTS, TOLD):
                clear_unfinished(folder / name)
            # Whoever had the lock before may have trained it meanwhile.
            kept = None if self.again else load(model, folder, key, tidy=True)
            return kept or self._train(model, data, key, folder)

    def _train(self, model: object, data: TrainingData, key: str, folder: Path | None) -> Trained:
        try:
            with kept_memory():
                run = TrainingRun(
                    self.seed, self.device, folder, self.report, key, self.mark, *self._budget()
                )
                result = resolved(model).fit(data, run)
        except (MemoryError, RuntimeError) as error:
            if not ran_out(error):
                raise
            free()
            reason = str(error).splitlines()[0] if str(error) else "no more memory"
            raise ModelFailed(
                f"The training ran out of memory on {self.device}: {reason.rstrip('.')}.",
                "Try a smaller batch or network, such as --set classes=16.",
            ) from error
        if not isinstance(result, TrainingResult):
            raise OneshotError(f"fit gave {type(result).__name__}; expected a TrainingResult.")
        result = replace(result, device=device_name(self.device))
        if resolved(model).weights is None:
            return Trained(result, None)
        files.round_to_half(model)
        content = files.to_bytes(model, self._seen())
        if folder is not None:
            save(content, folder, key, result)
        return Trained(result, files.digest(content))

    def _budget(self) -> tuple[str, int | None]:
        """The budget's name and its items: the recipe's own, or those of the name on such data."""
        budget, items = str(self.recipe.get("budget", "quick")), self.recipe.get("items")
        if type(items) is not int:
            items = next(iter(budget_items(budget, self.whole.family)), None)
        return budget, items

    def commit(self, model: object, results: Path) -> None:
        """Writes the weights of a trained model beside the records, for whoever has no time.

        Raises:
            OneshotError: if they cannot be written.
        """
        if resolved(model).weights is not None:
            files.commit(results, files.to_bytes(model, self._seen()))

    def _seen(self) -> str:
        """What trained weights know; the validation split chose them, if it did not teach them."""
        return encode(learned(self.track, self.whole, ("train", "validation")))


def training_of(
    model: object,
    recipe: dict[str, Any],
    job: RunSpec,
    context: RunContext,
) -> Training | None:
    """The training of the job's model, built with this recipe; None for one that does not learn."""
    if resolved(model).trainable is None:
        return None
    return Training(
        track=job.track,
        chooser=context.task(chooser_of(model, job.track), job.track),
        whole=context.data_set(job.track.data),
        recipe=recipe,
        seed=job.seed,
        code=training_code(model, recipe, job.spec),
        device=context.device,
        work=context.work,
        again=context.existing == "redo",
        report=context.callback.training,
        wait=context.wait,
        mark=context.mark,
    )


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OneshotError(
            f"Cannot make the folder for checkpoints {folder}: {error.strerror}.",
            "Choose another with --work DIR.",
        ) from error


@dataclass(frozen=True, eq=False)
class Kept:
    """A finished training, put into its models.

    Attributes:
        model: with the weights that answer a test.
        chosen: with those that validation chose: `model` itself where no final fit came after.
        weights: SHA-256 of those of `model`.
        folder: where these lie.
    """

    model: object
    chosen: Any
    weights: str | None
    folder: Path


def kept(
    job: RunSpec, model: object, recipe: dict[str, Any], work: Path, data_digest: str, final: bool
) -> Kept | None:
    """Loads the job's finished weights without training; None where they are not there.

    Args:
        job: whose training it is.
        model: built from it, with `recipe`; takes the weights that validation chose.
        recipe: the whole recipe.
        work: folder of checkpoints and weights.
        data_digest: of the track's data set, which need not be there itself.
        final: whether those of the final fit are wanted, where the job has one.
    """
    code = training_code(model, recipe, job.spec)
    chooser = chooser_of(model, job.track)
    key = key_of(model, job.track, data_digest, recipe, job.seed, chooser, code)
    folder = folder_of(work, job.track, key)
    trained = load(model, folder, key)
    if trained is None:
        return None
    if not (final and job.spec.inference.final_fit):
        return Kept(model, model, trained.weights, folder)
    key = refit_key(key, trained.result.best_items)
    folder, refit = folder_of(work, job.track, key), build(job)[0]
    again = load(refit, folder, key)
    return None if again is None else Kept(refit, model, again.weights, folder)
