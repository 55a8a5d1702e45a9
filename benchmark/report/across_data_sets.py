"""Ranks over data sets, for Friedman's test and Nemenyi's critical difference (Demsar 2006).

A data set counts once, by the main task of one of its tracks: tasks on the same images are no
independent witnesses. Models are told by their keys, because recipes differ between data sets; of
several recipes of a key the best on validation stands for it. Pools, budgets and numbers of views
are never mixed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.measured import Measured
from benchmark.report.primary_task import main_position
from benchmark.statistics.ranks import (
    MIN_DATA_SETS,
    Friedman,
    RankIntervals,
    friedman,
    rank_intervals,
)
from benchmark.statistics.units import of_episodes

MIN_MODELS = 3
SEED = 20_260_103  # of the drawn groups
Terms = tuple[str, str | None, int]  # pool, budget, views


@dataclass(frozen=True)
class Entry:
    """A model's row on the main task of a track."""

    row: Row
    result: Result

    @property
    def column(self) -> TaskColumn:
        """The task version."""
        return self.result.column


@dataclass(frozen=True, eq=False)
class AcrossDataSets:
    """Ranks of the models of one pool, budget and number of views over data sets.

    Attributes:
        ranking: a ranking with the same terms, for its title.
        columns: the task that stands for each data set.
        models: keys, in the order of the scores.
        scores: float [data sets, models], accuracies in [0, 1].
        test: Friedman and Nemenyi.
        intervals: of the mean ranks, over groups of classes inside the data sets.
    """

    ranking: Ranking
    columns: tuple[TaskColumn, ...]
    models: tuple[str, ...]
    scores: np.ndarray
    test: Friedman
    intervals: RankIntervals


def across_data_sets(sections: Sequence[Section], measured: Measured) -> tuple[AcrossDataSets, ...]:
    """Of each kind of ranking that has three models on six data sets or more."""
    tables: dict[Terms, list[tuple[Ranking, dict[str, Entry]]]] = defaultdict(list)
    for section in sections:
        for ranking in section.rankings:
            position = main_position(section, ranking)
            if position is not None:
                terms = ranking.pool, ranking.budget, ranking.views
                tables[terms].append((ranking, _entries(ranking, position)))
    found = (_of_terms(several, measured) for several in tables.values())
    return tuple(each for each in found if each is not None)


def _entries(ranking: Ranking, position: int) -> dict[str, Entry]:
    """By key the model with all its seeds on the task, of several recipes the best validated."""
    found: dict[str, Entry] = {}
    for row in ranking.rows:
        entry = Entry(row, row.results[position])
        if entry.result.state != "ok":
            continue
        before = found.get(row.key)
        if before is None or (entry.result.validation or 0) > (before.result.validation or 0):
            found[row.key] = entry
    return found


def _of_terms(
    tables: list[tuple[Ranking, dict[str, Entry]]], measured: Measured
) -> AcrossDataSets | None:
    by_data: dict[str, dict[str, Entry]] = {}
    for ranking, entries in tables:
        task = ranking.columns[0].task
        data = task.data or task.track
        # The track with most models stands for its data set, of equal ones the first.
        if len(entries) > len(by_data.get(data, {})):
            by_data[data] = entries
    ordered = sorted(by_data.values(), key=len, reverse=True)
    for count in range(len(ordered), MIN_DATA_SETS - 1, -1):
        common = set.intersection(*(set(entries) for entries in ordered[:count]))
        if len(common) >= MIN_MODELS:
            return _ranked(tables[0][0], ordered[:count], sorted(common), measured)
    return None


def _ranked(
    ranking: Ranking, data_sets: list[dict[str, Entry]], models: list[str], measured: Measured
) -> AcrossDataSets:
    data_sets = sorted(
        data_sets, key=lambda e: (e[models[0]].column.task.position, e[models[0]].column.name)
    )
    scores = np.array(
        [[float(np.mean(entries[key].result.seed_accuracy)) for key in models]
         for entries in data_sets]
    )  # fmt: skip
    units = [np.stack(_units([entries[key] for key in models], measured)) for entries in data_sets]
    return AcrossDataSets(
        ranking,
        tuple(entries[models[0]].column for entries in data_sets),
        tuple(models),
        scores,
        friedman(scores),
        rank_intervals(units, np.random.default_rng(SEED)),
    )


def _units(entries: list[Entry], measured: Measured) -> list[np.ndarray]:
    """Accuracies of the groups or classes that all models answered; else of common episodes."""
    found = [measured.units(entry.row, entry.column) for entry in entries]
    known = [units for units in found if units is not None]
    if len(known) == len(entries) and len({len(units) for units in known}) == 1:
        return known
    answered = [measured.answered(entry.row, entry.column) for entry in entries]
    episodes = min(each.correct.shape[1] for each in answered if each is not None)
    return [
        of_episodes(each.correct[:, :episodes], each.of).mean(axis=0)
        for each in answered
        if each is not None
    ]
