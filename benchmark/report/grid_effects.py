"""Main effects of backbone, distance and loss on a track's main task, with two intervals.

Over cells they cover interactions of the parts and the luck of each cell in training, over groups
other groups of classes (alphabets) with these cells; see `benchmark.statistics.effects`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from benchmark.report.aggregate import TaskColumn
from benchmark.report.grid import FACTORS, Cell, cells, impossible, measured
from benchmark.report.leaderboard import Ranking, Section
from benchmark.report.measured import Measured
from benchmark.report.primary_task import main_position
from benchmark.statistics.effects import Effect, MainEffects, main_effects
from benchmark.statistics.units import MIN_GROUPS

MIN_LEVELS, MIN_FACTORS = 2, 2


@dataclass(frozen=True)
class GridEffects:
    """The effects of one ranking's grid.

    Attributes:
        section, ranking, column: where the cells stand.
        factors: names of those that vary, in the order of `FACTORS`.
        cells: number of cells, `possible` of all combinations of their levels that the suite takes.
        over_cells: None where the cells do not tell the effects apart, for `reason`.
        over_groups: beside it where the task knows groups of classes.
    """

    section: Section
    ranking: Ranking
    column: TaskColumn
    factors: tuple[str, ...]
    cells: int
    possible: int
    over_cells: MainEffects | None
    over_groups: MainEffects | None
    reason: str = ""

    @property
    def effects(self) -> list[tuple[Effect, Effect | None]]:
        """Each effect over cells and over groups; by factor the largest first, equal ones by name.

        Two losses can be identical. The last bits of their effects depend on the processor's
        linear algebra and must not decide the order.
        """
        if self.over_cells is None:
            return []
        groups = self.over_groups
        ordered = sorted(
            self.over_cells.effects,
            key=lambda e: (self.factors.index(e.factor), -round(e.effect, 9), e.level),
        )
        return [(e, None if groups is None else groups.of(e.factor)[e.level]) for e in ordered]


def grid_effects(section: Section, of: Measured) -> tuple[GridEffects, ...]:
    """Of each ranking whose cells vary in two factors at least."""
    found = (_of_ranking(section, ranking, of) for ranking in section.rankings)
    return tuple(each for each in found if each is not None)


def _of_ranking(section: Section, ranking: Ranking, of: Measured) -> GridEffects | None:
    position = main_position(section, ranking)
    if position is None:
        return None
    there = measured(cells(ranking, position))
    levels = {
        factor: [parts[n] for parts in there]
        for n, factor in enumerate(FACTORS)
        if len({parts[n] for parts in there}) >= MIN_LEVELS
    }
    if len(levels) < MIN_FACTORS:
        return None
    column = ranking.columns[position]
    everything = set(itertools.product(*({p[n] for p in there} for n in range(len(FACTORS)))))
    possible = len({p for p in everything if not impossible(*p[1:])} | set(there))
    values = np.array([cell.result.accuracy.mean for cell in there.values()
                       if cell.result.accuracy is not None])  # fmt: skip
    head = section, ranking, column, tuple(levels), len(there), possible
    try:
        over_cells = main_effects(values, levels)
    except ValueError as error:
        return GridEffects(*head, None, None, str(error))
    grouped = _groups(list(there.values()), column, of)
    over_groups = None if grouped is None else main_effects(grouped, levels)
    return GridEffects(*head, over_cells, over_groups)


def _groups(there: list[Cell], column: TaskColumn, of: Measured) -> np.ndarray | None:
    """Float [cells, groups]; None where the cells have no groups in common."""
    units = [of.units(cell.row, column) for cell in there]
    known = [each for each in units if each is not None]
    if len(known) < len(units) or len({len(each) for each in known}) > 1:
        return None
    return np.stack(known) if len(known[0]) >= MIN_GROUPS else None
