"""Any model asked any task: the answers as the record holds them, whatever the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import Observer
from benchmark.evaluation.platt import Platt
from benchmark.protocols.catalogue import BY_NAME
from benchmark.records.schema import Outcome
from benchmark.tasks.loading import LoadedTask, Questions
from benchmark.tasks.spec import Task


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model answered.

    Attributes:
        outcome: for the record.
        asked: the questions that were answered.
        embedding_seconds, scoring_seconds: wall-clock time of the two halves.
        scaling: from scores to log-odds, for a verification; else None.
    """

    outcome: Outcome
    asked: Questions
    embedding_seconds: float
    scoring_seconds: float
    scaling: Platt | None = None


def ask(
    model: object,
    loaded: LoadedTask,
    *,
    seed: int,
    device: str,
    episodes: int | None = None,
    report: Callable[[int, int], None] | None = None,
    bank: EmbeddingStore | None = None,
    shots: str | None = None,
    scaling: Platt | None = None,
    observe: Observer | None = None,
) -> Answered:
    """Answers the task's pinned questions.

    Args:
        model: any model of `benchmark.protocols`, on `device`, in evaluation mode.
        loaded: the task.
        seed: keys the generator given to episode classifiers.
        device: where the model computes.
        episodes: the first so many episodes only, where the protocol is episodes.
        report: called with (questions done, questions in all).
        bank: embeddings of this very model from earlier tasks.
        shots: what stands for several supports or references, see `InferenceConfig`.
        scaling: from a verification's scores to log-odds, fitted on validation trials. Without one
            it is fitted on a validation task itself; a test's scores are then only standardised.
        observe: sees the scores of episodes, block after block.

    Raises:
        ModelFailed: if an answer is not finite or has the wrong shape.
        Refused: a model without a similarity is asked about pairs.
    """
    answered: Answered = BY_NAME[loaded.task.protocol].answer(
        model, loaded, seed=seed, device=device, episodes=episodes, report=report, bank=bank,
        shots=shots, scaling=scaling, observe=observe,
    )  # fmt: skip
    return answered


def not_answered(model: object, task: Task) -> str | None:
    """Why the model does not take the task, or None.

    A head that is fixed to one shape answers only the shape it was trained for; a verification or a
    retrieval needs a similarity of two items.
    """
    return BY_NAME[task.protocol].refusal(model, task)


def least_of(model: object, task: Task, episodes: int | None) -> int:
    """How many answers make a record of the task whole, where the first `episodes` are wanted.

    A shorter record is no answer to who wants more; a longer one is. Trials and queries are
    asked all or in a share that the model's way fixes: any record of them is whole.
    """
    return BY_NAME[task.protocol].least_answers(model, task, episodes)
