"""Ranks of tables as intervals: which places a row can have by the paired class-level tests.

The definition is that of `benchmark.statistics.rank_intervals`. The unit is that of the tables'
comparisons: groups of classes where a task has them, else classes (or subjects), else episodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmark.records.schema import Record
from benchmark.report.aggregate import GroupsOf, TaskColumn
from benchmark.report.compare import same_networks
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.measured import Measured
from benchmark.report.seed_variance import has_seed_variance
from benchmark.statistics.paired import compare_units, seed_parts
from benchmark.statistics.rank_intervals import TaskEvidence, rank_intervals
from benchmark.statistics.retrieval import Retrieval
from benchmark.statistics.subjects import seed_variance, subject_variance
from benchmark.statistics.units import MIN_GROUPS, deletable, of_classes, of_episodes, of_groups
from benchmark.statistics.verification import Verification

MOST = 400  # rows that are compared with each other; their pairs grow with the square
Floats = NDArray[np.float64]


def with_rank_intervals(
    sections: Iterable[Section], records: Iterable[Record], groups_of: GroupsOf
) -> tuple[Section, ...]:
    """The sections with `rank_low` and `rank_high` of every ranked row."""
    measured = Measured(records, groups_of)
    return tuple(
        replace(section, rankings=tuple(_of_ranking(r, measured) for r in section.rankings))
        if section.kind == "ranked"
        else section
        for section in sections
    )


def _of_ranking(ranking: Ranking, measured: Measured) -> Ranking:
    rows = [row for row in ranking.rows if row.rank is not None]
    if len(rows) == 1:
        low, high = np.array([1]), np.array([1])
    elif not 1 < len(rows) <= MOST:
        return ranking
    else:
        tasks = [
            _evidence(rows, position, column, measured)
            for position, column in enumerate(ranking.columns)
        ]
        known = [task for task in tasks if task is not None]
        if len(known) < len(tasks):  # a task without any unit: nothing can be told apart
            low, high = np.ones(len(rows), int), np.full(len(rows), len(rows))
        else:
            low, high = rank_intervals(known)
    places = {id(row): (int(a), int(b)) for row, a, b in zip(rows, low, high, strict=True)}
    return replace(
        ranking,
        rows=tuple(
            replace(row, rank_low=places[id(row)][0], rank_high=places[id(row)][1])
            if id(row) in places
            else row
            for row in ranking.rows
        ),
    )


def _evidence(
    rows: list[Row], position: int, column: TaskColumn, measured: Measured
) -> TaskEvidence | None:
    """Every two rows on one task; None where it has no unit."""
    records = [measured.records(row, column) for row in rows]
    summaries = [row.results[position].summary for row in rows]
    rates = [s for s in summaries if isinstance(s, Verification) and s.replicates is not None]
    if len(rates) == len(rows):
        return _of_rates(rates, records)
    searches = [s.units for s in summaries if isinstance(s, Retrieval) and s.units is not None]
    units = searches if len(searches) == len(rows) else _units(rows, column, measured)
    if not units or len({each.shape[1] for each in units}) > 1 or units[0].shape[1] < MIN_GROUPS:
        return None
    return _of_units(units, records)


def _units(rows: list[Row], column: TaskColumn, measured: Measured) -> list[Floats]:
    """Float64 [seeds, units] of each row on the episodes that all have answered; [] without."""
    answered = [measured.answered(row, column) for row in rows]
    found = [each for each in answered if each is not None]
    if len(found) < len(rows):
        return []
    episodes = min(each.correct.shape[1] for each in found)
    accuracy = [of_episodes(each.correct[:, :episodes], each.of) for each in found]
    groups = measured.groups_of(column.task.name, episodes) if column.current else None
    if groups is not None:
        return [of_groups(each, groups) for each in accuracy]
    classes = measured.classes_of(column.task.name, episodes) if column.current else None
    if classes is not None and deletable(classes):
        return [of_classes(each, classes) for each in accuracy]
    return accuracy


def _of_units(units: list[Floats], records: list[list[Record]]) -> TaskEvidence:
    means = np.stack([each.mean(axis=0) for each in units])
    count = means.shape[1]
    covariance = np.cov(means)
    diagonal = np.diag(covariance)
    by_units = np.maximum(diagonal[:, None] + diagonal - 2 * covariance, 0.0) / count
    parts = np.array([seed_parts(each) for each in units])
    evidence = _by_rows(means.mean(axis=1), by_units, parts, units, records, count - 1)
    for one, two in _same_networks(records):
        variance = compare_units(units[one], units[two], "group", same_networks=True).variance
        if variance is not None:
            _pair(evidence, one, two, variance.luck[0], variance.units, variance.least)
    return evidence


def _of_rates(rates: list[Verification], records: list[list[Record]]) -> TaskEvidence | None:
    """Of equal error rates, of which less is better."""
    subjects = rates[0].fold_subjects
    if min(subjects) < MIN_GROUPS or any(rate.fold_subjects != subjects for rate in rates):
        return None
    values = [rate.values for rate in rates if rate.values is not None]
    drawn = [rate.replicates for rate in rates if rate.replicates is not None]
    over_seeds = [each.mean(axis=1) for each in drawn]
    by_units = np.array([
        [subject_variance(a - b, subjects) for b in over_seeds] for a in over_seeds
    ])  # fmt: skip
    parts = np.array([seed_variance(v, d, subjects) for v, d in zip(values, drawn, strict=True)])
    means = -np.array([each.mean() for each in values])
    freedom = sum(subjects) - len(subjects)
    evidence = _by_rows(means, by_units, parts, values, records, freedom)
    for one, two in _same_networks(records):
        raw, part = seed_variance(values[one] - values[two], drawn[one] - drawn[two], subjects)
        _pair(evidence, one, two, part, float(by_units[one, two]), raw)
    return evidence


def _by_rows(
    means: Floats,
    by_units: Floats,
    parts: Floats,
    units: list[Floats],
    records: list[list[Record]],
    freedom: int,
) -> TaskEvidence:
    """The matrices of rows whose seeds do not pair; `parts` are (raw, without residual)."""
    size = len(means)
    raw, part = parts[:, 0], parts[:, 1]
    seeds = np.array([len(each) for each in units])
    known = np.array([
        len(each) > 1 or not has_seed_variance(of) for each, of in zip(units, records, strict=True)
    ])  # fmt: skip
    across = np.ones((size, size))
    return TaskEvidence(
        means[:, None] - means, by_units,
        (part[:, None] * across, part * across),
        ((seeds[:, None] * across).astype(int), (seeds * across).astype(int)),
        raw[:, None] + raw, freedom, known[:, None] & known,
    )  # fmt: skip


def _pair(
    evidence: TaskEvidence, one: int, two: int, by_seeds: float, by_units: float, least: float
) -> None:
    """Replaces what two rows differ by where their seeds pair: all of it is the first one's."""
    for a, b in ((one, two), (two, one)):
        evidence.by_seeds[0][a, b], evidence.by_seeds[1][a, b] = by_seeds, 0.0
        evidence.by_units[a, b], evidence.least[a, b] = by_units, least


def _same_networks(records: list[list[Record]]) -> list[tuple[int, int]]:
    """Rows that answered with the very same trained weights, as pairs of positions."""
    return [
        (one, two)
        for two in range(len(records))
        for one in range(two)
        if same_networks(records[one], records[two])
    ]
