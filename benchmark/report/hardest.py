"""The questions that the models of the committed records answer worst: from records alone.

A record of a verification tells of each trial whether it was answered rightly. One of episodes
keeps the number of right answers in each episode and no single queries, so there an episode is the
smallest thing that can be called hard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.records.schema import LogOdds, Outcome, Record
from benchmark.report.comparable import check
from benchmark.report.outcomes import decisions
from benchmark.tasks.spec import Task


@dataclass(frozen=True, eq=False)
class Hardest:
    """Questions from the hardest on.

    Of trials that were missed equally often, the one comes first whose wrong answer the models were
    surer of, by their calibrated log-odds; of other equally hard questions the earlier.

    Attributes:
        questions: int64 [k], numbers of episodes or trials.
        right: float64 [k] in [0, 1], each question's share of right answers, a mean over models,
            each of them a mean over its seeds.
        models: how many recipes of models have answered all questions of the task.
        shorter: how many were left out because they have answered only the first so many.
    """

    questions: NDArray[np.int64]
    right: NDArray[np.float64]
    models: int
    shorter: int


def hardest(records: Iterable[Record], task: Task, digest: str, count: int) -> Hardest:
    """The `count` hardest questions of the task's current version.

    Args:
        records: any records.
        task: whose questions.
        digest: of all its questions, as they are drawn here.
        count: how many, at least 1.

    Raises:
        OneshotError: for a count below 1, if no record has answered all questions, or if records
            were measured on other questions.
    """
    if count < 1:
        raise OneshotError(f"--hardest {count} asks for no question.", "Type: --hardest 12")
    found = [
        record
        for record in records
        if (record.task.name, record.task.version) == (task.name, task.version)
        and record.outcome is not None
    ]
    whole = [record for record in found if record.task.episodes == task.episodes]
    if not whole:
        raise OneshotError(
            f"No record here has answered all {task.episodes:,} questions of {task.name}.",
            f"Type: oneshot run pixels-cosine --task {task.name}, or --results DIR",
        )
    check(whole)
    if whole[0].task.episode_digest != digest:
        raise OneshotError(
            f"The records of {task.name} were measured on other questions than those drawn here.",
            "Type: oneshot data verify, or --results DIR",
        )
    share = _over_models(whole, lambda outcome: _share(task.name, outcome))
    sure = _over_models(whole, lambda outcome: _margin(task.name, outcome))
    order = np.lexsort((sure, share))[:count]  # stable: the earlier of equal ones first
    models = {_model(record) for record in whole}
    shorter = {_model(record) for record in found} - models
    return Hardest(order, share[order], len(models), len(shorter))


def _over_models(
    records: list[Record], measure: Callable[[Outcome], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """float64 [questions]: the mean over models of their means over seeds."""
    seeds: dict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
    for record in records:
        assert record.outcome is not None
        seeds[_model(record)].append(measure(record.outcome))
    mean: NDArray[np.float64] = np.mean([np.mean(rows, axis=0) for rows in seeds.values()], axis=0)
    return mean


def _share(task: str, outcome: Outcome) -> NDArray[np.float64]:
    right, of = decisions(task, outcome)
    return right / of


def _margin(task: str, outcome: Outcome) -> NDArray[np.float64]:
    """How far each trial's log-odds lie on the right side of 0; 0 for what has none."""
    right, _ = decisions(task, outcome)
    if not isinstance(outcome, LogOdds) or not outcome.calibrated:
        return np.zeros(len(right))
    return np.where(right == 1, 1.0, -1.0) * np.abs(outcome.thousandths)


def _model(record: Record) -> tuple[str, str]:
    return record.model.key, record.model.recipe8
