"""Rates of verification with their intervals over subjects."""

from __future__ import annotations

from benchmark.protocols.verification.outcome import LogOdds
from benchmark.records.schema import Record
from benchmark.report import outcomes
from benchmark.report.aggregate import GroupsOf, Result, TaskColumn
from benchmark.statistics.verification import summarise as summarise_networks
from benchmark.statistics.verification_scores import OVERALL


def summarise(column: TaskColumn, good: list[Record], groups_of: GroupsOf) -> Result | None:
    """Rates of records that ended well, one a seed and fold."""
    name = column.task.name
    networks = [
        outcomes.network(name, r.outcome, r.seed, r.fold)
        for r in good
        if isinstance(r.outcome, LogOdds) and column.current
    ]
    verified = [network for network in networks if network is not None and network.has_both]
    if not verified:
        return None
    found = summarise_networks(verified, name)
    return Result(
        column=column,
        seeds=tuple(sorted({network.seed for network in verified})),
        seed_accuracy=found.seed_eer,
        accuracy=found.eer[OVERALL],
        episodes=min(len(network.same) for network in verified),
        summary=found,
    )
