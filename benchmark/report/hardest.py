"""The questions that the models of the committed records answer worst: from records alone.

A record of a verification tells of each trial whether it was answered rightly. One of episodes
keeps the number of right answers in each episode and no single queries, so there an episode is the
smallest thing that can be called hard.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.records.schema import Record
from benchmark.report.answers import decisions
from benchmark.report.comparable import check
from benchmark.tasks.spec import Task


@dataclass(frozen=True, eq=False)
class Hardest:
    """Questions from the hardest on; of equally hard ones the earlier comes first.

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
    seeds: dict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
    for record in whole:
        assert record.outcome is not None
        right, of = decisions(task.name, record.outcome)
        seeds[record.model.key, record.model.recipe8].append(right / of)
    share = np.mean([np.mean(rows, axis=0) for rows in seeds.values()], axis=0)
    order = np.argsort(share, kind="stable")[:count]
    short = {(r.model.key, r.model.recipe8) for r in found} - set(seeds)
    return Hardest(order, share[order], len(seeds), len(short))
