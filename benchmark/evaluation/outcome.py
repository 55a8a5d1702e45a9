"""Any model asked any task: the answers as the record holds them, whatever the protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.evaluation import pairs, platt
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.episodes import Observer, answer, asked_of
from benchmark.evaluation.platt import Platt
from benchmark.evaluation.retrieval import Found, retrieve
from benchmark.evaluation.verification import score_trials
from benchmark.records.packed import Integers
from benchmark.records.schema import Counts, LogOdds, Outcome, Ranks, TrialLabels
from benchmark.tasks.loading import LoadedTask, Questions, pins
from benchmark.tasks.spec import Task
from benchmark.tasks.trials import Trials


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
    model: Any,
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
    if loaded.task.protocol == "verification":
        trials = score_trials(
            model, loaded, device=device, report=report, bank=bank, shots=shots
        )  # fmt: skip
        if scaling is None and loaded.task.split == "validation":
            scaling = platt.fit(trials.scores, trials.asked.labels.same)
        if scaling is None or not scaling.calibrated:
            scaling = platt.standardised(trials.scores, scaling.doubt if scaling else None)
        odds = LogOdds(
            thousandths=Integers(scaling.thousandths(trials.scores).tolist()),
            calibrated=scaling.calibrated,
            labels=None if loaded.task.pin in pins() else _labels(trials.asked),
            order=Integers(platt.order(trials.scores).tolist()),
            doubt=scaling.doubt,
        )
        seconds = trials.embedding_seconds, trials.scoring_seconds
        return Answered(odds, trials.asked, *seconds, scaling)
    if loaded.task.protocol == "retrieval":
        search = retrieve(model, loaded, device=device, report=report, bank=bank)
        seconds = search.embedding_seconds, search.scoring_seconds
        return Answered(_ranks(search.found), search.asked, *seconds)
    answers = answer(
        model, loaded, seed=seed, device=device, episodes=episodes, report=report, bank=bank,
        shots=shots, observe=observe,
    )  # fmt: skip
    counts = Counts(of=answers.of, correct=Integers(answers.correct.tolist()))
    asked = loaded.episodes.first(len(answers.correct))
    return Answered(counts, asked, answers.embedding_seconds, answers.scoring_seconds)


def not_answered(model: Any, task: Task) -> str | None:
    """Why the model does not take the task, or None.

    A head that is fixed to one shape answers only the shape it was trained for; a verification or a
    retrieval needs a similarity of two items.
    """
    if task.protocol != "episodes":
        return pairs.refusal(model)
    fixed = getattr(model, "trained_for", None)
    if fixed is None or tuple(fixed) == (task.n_way, task.n_shot):
        return None
    return f"its head is trained for {fixed[0]}-way {fixed[1]}-shot only"


def least_of(model: Any, task: Task, episodes: int | None) -> int:
    """How many answers make a record of the task whole, where the first `episodes` are wanted.

    A shorter record is no answer to who wants more; a longer one is. Trials and queries are
    asked all or in a share that the model's way fixes: any record of them is whole.
    """
    return asked_of(model, task.episodes, episodes) if task.protocol == "episodes" else 0


def _labels(asked: Trials) -> TrialLabels:
    """What no pin tells of the trials."""
    told = asked.labels
    left, right = told.subjects.T.tolist()
    return TrialLabels(
        kinds=list(told.kind_names), of_kind=Integers(list(asked.of_kind)), left=left, right=right
    )


def _ranks(found: Found) -> Ranks:
    alike = len(np.unique(found.matches)) == 1
    return Ranks(
        first=found.first.tolist(),
        hits=found.hits.tolist(),
        precision=np.rint(1e6 * found.precision).astype(np.int64).tolist(),
        matches=int(found.matches[0]) if alike else found.matches.tolist(),
    )
