"""Ranks of matches with their intervals over queries' classes."""

from __future__ import annotations

from benchmark.protocols.retrieval.outcome import Ranks
from benchmark.records.schema import Record
from benchmark.report import outcomes
from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
from benchmark.statistics.retrieval import MEAN_AVERAGE_PRECISION
from benchmark.statistics.retrieval import summarise as summarise_searches


def summarise(column: TaskColumn, good: list[Record], groups_of: GroupsOf) -> Result | None:
    """Measures of records that ended well, one a seed."""
    name = column.task.name
    searches = [
        outcomes.search(name, r.outcome, r.seed) for r in good if isinstance(r.outcome, Ranks)
    ]
    if not searches:
        return None
    told = summarise_searches(searches)
    return Result(
        column=column,
        seeds=tuple(search.seed for search in searches),
        seed_accuracy=told.per_seed,
        accuracy=told.measures[MEAN_AVERAGE_PRECISION],
        episodes=min(len(search.first) for search in searches),
        summary=told,
    )
