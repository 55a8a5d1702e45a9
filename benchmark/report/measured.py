"""The records' counts behind the rows of tables, as arrays, each read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.records.schema import Counts, Record
from benchmark.report.aggregate import GroupsOf, TaskColumn, default_groups
from benchmark.report.leaderboard import Row
from benchmark.report.seed_variance import has_seed_variance
from benchmark.statistics.units import deletable, of_classes, of_episodes, of_groups

ClassesOf = Callable[[str, int], NDArray[Any] | None]


@dataclass(frozen=True, eq=False)
class Answered:
    """What one recipe answered on one task.

    Attributes:
        correct: signed integers [seeds, episodes] of the narrowest type that holds `of`, on the
            shortest of the seeds' prefixes.
        of: queries in each episode.
        luck: whether another seed could give other answers.
        records: those behind it, by seed.
    """

    correct: NDArray[np.signedinteger[Any]]
    of: int
    luck: bool
    records: tuple[Record, ...]


class Measured:
    """Looks up what rows answered, and over which units of new classes.

    Args:
        records: at least those behind the rows.
        groups_of: (task name, number of episodes) -> integers [episodes], the group of each
            episode, or None; default the suite's own.
        classes_of: the same, integers [episodes, n], for tasks whose episodes share classes.
    """

    def __init__(
        self,
        records: Iterable[Record],
        groups_of: GroupsOf | None = None,
        classes_of: ClassesOf | None = None,
    ) -> None:
        self._found: dict[tuple[str, str, str, int], list[Record]] = defaultdict(list)
        for record in records:
            if record.status == "ok":
                model, task = record.model, record.task
                self._found[model.key, model.recipe8, task.name, task.version].append(record)
        self.groups_of = cache(groups_of or default_groups())
        self.classes_of = cache(classes_of or suite_classes)
        self._answered: dict[tuple[str, str, TaskColumn], Answered | None] = {}

    def records(self, row: Row, column: TaskColumn) -> list[Record]:
        """The row's records on the task that ended well, by seed."""
        found = self._found.get((row.key, row.recipe8, column.task.name, column.version), [])
        return sorted(found, key=lambda record: record.seed)

    def answered(self, row: Row, column: TaskColumn) -> Answered | None:
        """What the row answered; None where no seed ended well."""
        key = row.key, row.recipe8, column
        if key not in self._answered:
            self._answered[key] = _answered(self.records(row, column))
        return self._answered[key]

    def units(self, row: Row, column: TaskColumn) -> NDArray[np.float64] | None:
        """Accuracy of each group of classes, or the pseudo-value of each class; means over seeds.

        Returns:
            float64 [units]; None without an answer, and where the task knows neither groups nor
            classes of its episodes.
        """
        found = self.answered(row, column)
        if found is None or not column.current:
            return None
        accuracy, episodes = of_episodes(found.correct, found.of), found.correct.shape[1]
        groups = self.groups_of(column.task.name, episodes)
        if groups is not None:
            return _mean(of_groups(accuracy, groups))
        classes = self.classes_of(column.task.name, episodes)
        if classes is None or not deletable(classes):
            return None
        return _mean(of_classes(accuracy, classes))


def suite_classes(task: str, episodes: int) -> NDArray[Any] | None:
    """The suite's own classes of a task's first so many episodes; None where it knows none."""
    from benchmark.tasks.classes import episode_classes

    try:
        return episode_classes(task, episodes)
    except OneshotError:
        return None


def _answered(records: list[Record]) -> Answered | None:
    outcomes = [r.outcome for r in records if isinstance(r.outcome, Counts)]
    if not outcomes:
        return None
    episodes = min(len(outcome.correct) for outcome in outcomes)
    of = outcomes[0].of
    # Signed, so that differences cannot wrap; of thousands of recipes int64 would take gigabytes.
    narrow = np.min_scalar_type(-of)
    return Answered(
        np.stack([np.asarray(outcome.correct[:episodes], dtype=narrow) for outcome in outcomes]),
        of,
        has_seed_variance(records),
        tuple(records),
    )


def _mean(units: NDArray[np.float64]) -> NDArray[np.float64]:
    mean: NDArray[np.float64] = units.mean(axis=0)
    return mean
