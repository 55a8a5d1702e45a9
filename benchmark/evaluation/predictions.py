"""A model's answers question by question, to be looked at: nothing is trained or recorded.

Records keep counts; whoever wants to see which query was missed has the model answer again.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation import contamination, platt
from benchmark.evaluation.embedding_store import EmbeddingStore, embedding_store_of
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.job import (
    RunContext,
    RunSpec,
    build,
    default_work,
    note_reading,
    path_of,
)
from benchmark.evaluation.outcome import not_answered
from benchmark.evaluation.training import kept
from benchmark.evaluation.verification import score_trials
from benchmark.models.distances._unit import unit
from benchmark.models.model import resolved
from benchmark.tasks.episodes import Episodes
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import VALIDATION
from benchmark.tasks.trials import Trials


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model that is ready to answer, with its whole recipe; make one with `load_predictor`."""

    job: RunSpec
    model: object
    recipe: dict[str, Any]
    context: RunContext
    bank: EmbeddingStore

    def classes(self, loaded: LoadedTask, episode: int) -> NDArray[np.int64]:
        """int64 [q]: the position of the class that each query of the episode is taken for.

        Raises:
            ModelFailed: if an answer is not finite or has the wrong shape.
        """
        assert isinstance(loaded.episodes, Episodes)
        found: list[Tensor] = []
        answer(
            self.model,
            replace(loaded, episodes=loaded.episodes.only(episode)),
            seed=self.job.seed,
            device=self.context.device,
            bank=self.bank,
            shots=self.recipe.get("shots"),
            observe=lambda scores, _: found.append(scores[0].argmax(dim=1)),
            start=episode,
        )
        classes: NDArray[np.int64] = found[0].cpu().numpy()
        return classes

    def log_odds(self, loaded: LoadedTask, trials: Trials) -> NDArray[np.float64] | None:
        """float64 [t]: log-odds of "same" of some of the task's trials, as a record has them.

        None where the track has no validation trials, or none that calibrate them.

        Raises:
            ModelFailed: if an answer is not finite or has the wrong shape.
        """
        track = self.job.track
        if not track.validation.names and not track.validation.classes:
            return None
        name = loaded.task.name.removesuffix(VALIDATION) + VALIDATION
        checked = score_trials(self.model, self.context.task(name, track), **self._asking())
        scaling = platt.fit(checked.scores, checked.asked.labels.same)
        if not scaling.calibrated:
            return None
        asked = score_trials(self.model, replace(loaded, episodes=trials), **self._asking())
        return scaling.thousandths(asked.scores) / 1000

    def embeddings(self, loaded: LoadedTask, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64 [n, e] of `items` (int64 [n], distinct), as distances see them.

        Under the cosine they are brought to length one.
        """
        vectors = self.bank.vectors(loaded.data, loaded.task.split, items)
        if resolved(self.model).geometry == "cosine":
            vectors = unit(vectors)
        return vectors.double().cpu().numpy()

    def _asking(self) -> dict[str, Any]:
        return {
            "device": self.context.device,
            "bank": self.bank,
            "shots": self.recipe.get("shots"),
        }


def load_predictor(
    job: RunSpec, context: RunContext, loaded: LoadedTask, embeds: bool = False
) -> Predictor:
    """The job's model with its trained weights, allowed to answer the task.

    Looking at answers to a test is a reading of it, and noted like one where there are results.

    Args:
        job: what is looked at; its tasks are only told in errors.
        context: data, weights, device, and the results where readings are noted.
        loaded: the task that is asked.
        embeds: whether its embeddings are wanted.

    Raises:
        Refused: the model does not take the task, gives no embeddings, or has seen its classes.
        OneshotError: a model that trains has no finished weights in the work folder.
    """
    model, recipe = build(job)
    if embeds and resolved(model).embedder is None:
        raise Refused(
            f"{job.spec.key} gives no embeddings: it sees whole episodes or pairs.",
            "Type: oneshot list models --json",
        )
    reason = not_answered(model, loaded.task)
    test = loaded.task.split == "test"
    if reason is None and test:
        reason = contamination.refusal(model, job.track, loaded, context)
    if reason is not None:
        raise Refused(f"{job.spec.key} cannot be asked {loaded.task.name}: {reason}.")
    if resolved(model).trainable is not None:
        model = _trained(job, context, model, recipe, final=test)
    resolved(model).ready(context.device)
    if test and context.results is not None and context.results.is_dir():
        note_reading(job, recipe, loaded.task, context.results)
    return Predictor(job, model, recipe, context, embedding_store_of(model, recipe, context.device))


def _trained(
    job: RunSpec, context: RunContext, model: object, recipe: dict[str, Any], final: bool
) -> Any:  # fmt: skip
    """The model with the weights that validation chose, or those of the final fit."""
    found = None
    if context.work is not None:
        digest = context.data_set(job.track.data).digest
        found = kept(job, model, recipe, context.work, digest, final)
    if found is None:
        raise OneshotError(
            f"{job.spec.key} trains, and {context.work} holds no finished weights of it on "
            f"{job.track.name} with seed {job.seed} and budget {job.budget}.",
            f"Type: {_command(job, context, recipe)}, or say with --work where they are.",
        )
    return found.model


def _command(job: RunSpec, context: RunContext, recipe: dict[str, Any]) -> str:
    """What to type to train the job's model, with everything that was typed to look at it."""
    task = job.tasks[0].removesuffix(VALIDATION)
    words = ["oneshot", "run", job.spec.typed, "--task", task]
    words += ["--seeds", str(job.seed), "--budget", job.budget]
    words += [word for setting in job.typed for word in ("--set", setting)]
    folders = {"--data": (context.data, None), "--work": (context.work, default_work()),
               "--results": (context.results, Path("results"))}  # fmt: skip
    for option, (folder, usual) in folders.items():
        words += [option, str(folder)] if folder is not None and folder != usual else []
    if context.results is not None and path_of(job, task, recipe, context.results).is_file():
        words += ["--existing", "redo"]  # else it would be left out
    return shlex.join(words)
