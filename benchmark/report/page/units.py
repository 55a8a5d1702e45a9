"""What the page compares two models by: correct answers summed over parts of the episodes.

All counts of all episodes would make a page of many megabytes. Their sums over blocks of episodes
(the choice of images varies) and over groups of classes (new classes vary) are enough for a paired
interval, because pairing happens unit by unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.report.aggregate import GroupsOf, TaskColumn
from benchmark.statistics.units import MIN_GROUPS

BLOCKS = 50


@dataclass(frozen=True)
class Units:
    """The first so many episodes of a task, each in one unit.

    Attributes:
        position: int64 [episodes], the unit of each episode.
        sizes: number of episodes in each unit.
    """

    position: NDArray[np.int64]
    sizes: tuple[int, ...]

    def sums(self, correct: Sequence[int]) -> list[int]:
        """Correct answers per unit; `correct` may go on behind the last episode."""
        counts = np.asarray(correct[: len(self.position)], dtype=np.float64)
        summed = np.bincount(self.position, weights=counts, minlength=len(self.sizes))
        return [round(value) for value in summed.tolist()]


def blocks(episodes: int) -> Units:
    """Consecutive episodes in 50 blocks, or each alone where there are fewer.

    Episodes are drawn independently of each other, so blocks are independent too.
    """
    count = min(BLOCKS, episodes)
    return _units(np.arange(episodes, dtype=np.int64) * count // episodes)


def groups(column: TaskColumn, episodes: int, groups_of: GroupsOf) -> Units | None:
    """Episodes by their group of classes; None where there are no groups or fewer than three."""
    found = groups_of(column.task.name, episodes) if column.current else None
    if found is None:
        return None
    names, position = np.unique(np.asarray(found), return_inverse=True)
    return None if len(names) < MIN_GROUPS else _units(position.astype(np.int64))


def _units(position: NDArray[np.int64]) -> Units:
    return Units(position, tuple(np.bincount(position).tolist()))
