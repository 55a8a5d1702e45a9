"""Accuracy over episodes with its intervals."""

from __future__ import annotations

import numpy as np

from benchmark.protocols.few_shot.outcome import Counts
from benchmark.records.schema import Record
from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
from benchmark.statistics.intervals import new_classes, these_images


def summarise(column: TaskColumn, good: list[Record], groups_of: GroupsOf) -> Result | None:
    """Accuracy of records that ended well, one a seed."""
    name = column.task.name
    counts = [r.outcome for r in good if isinstance(r.outcome, Counts)]
    if not counts:
        return None
    # Seeds may have answered prefixes of unequal length; they pair on the shortest.
    episodes = min(len(outcome.correct) for outcome in counts)
    correct = np.array([outcome.correct[:episodes] for outcome in counts])
    of = counts[0].of
    groups = groups_of(name, episodes) if column.current else None
    return Result(
        column=column,
        seeds=tuple(record.seed for record in good),
        seed_accuracy=tuple(float(value) for value in correct.mean(axis=1) / of),
        accuracy=these_images(correct, of),
        new_classes=None if groups is None else new_classes(correct, of, groups),
        episodes=episodes,
    )
