"""Effects of backbone, distance and loss on a track's main task, from their crossed block alone.

Two levels whose cells answer alike wherever both were measured are one level (two losses that are
the same formula under the batches used). Of the rest the largest block counts of which every
combination was measured: cells outside it would compare levels in unlike company. Intervals over
cells cover interactions of the parts and the training seeds of each cell, over groups other groups
of classes (alphabets) with these cells; see `benchmark.statistics.effects`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.report.aggregate import TaskColumn
from benchmark.report.grid import FACTORS, Cell, Parts, cells, measured
from benchmark.report.leaderboard import Ranking, Section
from benchmark.report.measured import Measured
from benchmark.report.primary_task import main_position
from benchmark.statistics.effects import Effect, MainEffects, crossed_block, main_effects
from benchmark.statistics.units import MIN_GROUPS

MIN_LEVELS = 2


@dataclass(frozen=True)
class GridEffects:
    """The effects of one ranking's grid.

    Attributes:
        section, ranking, column: where the cells stand.
        factors: names of those that vary in the block, in the order of `FACTORS`.
        cells: number of cells in the block, `measured` of all that have a number.
        over_cells: None where no two factors are crossed, for `reason`.
        over_groups: beside it where the task knows groups of classes.
        without: the same over cells without the level of the largest effect; None where that
            leaves no two crossed factors with a test. `left_out` is that level.
        constant: levels that the whole block shares, such as its only backbone.
    """

    section: Section
    ranking: Ranking
    column: TaskColumn
    factors: tuple[str, ...]
    cells: int
    measured: int
    over_cells: MainEffects | None
    over_groups: MainEffects | None
    reason: str = ""
    without: MainEffects | None = None
    left_out: str = ""
    constant: tuple[str, ...] = ()

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


def p_values_of(found: GridEffects) -> list[float]:
    """The p values of a table of effects, in the order in which it shows them."""
    return [
        p
        for effects in (found.over_cells, found.without)
        if effects is not None and effects.tests
        for p in (
            *(test.p for test in effects.tests),
            *([] if effects.interactions is None else [effects.interactions.p]),
        )
    ]


def _of_ranking(section: Section, ranking: Ranking, of: Measured) -> GridEffects | None:
    position = main_position(section, ranking)
    if position is None:
        return None
    there = measured(cells(ranking, position))
    if sum(len({parts[n] for parts in there}) >= MIN_LEVELS for n in range(len(FACTORS))) < 2:
        return None
    column = ranking.columns[position]
    merged = _merged(there, column, of)
    head = section, ranking, column
    try:
        block = crossed_block(list(merged))
    except ValueError as error:
        return GridEffects(*head, (), 0, len(there), None, None, str(error))
    if not block:
        reason = "no two factors were crossed with two levels each"
        return GridEffects(*head, (), 0, len(there), None, None, reason)
    inside: dict[Parts, Cell] = {}
    for backbone, distance, loss in itertools.product(*block):
        inside[backbone, distance, loss] = merged[backbone, distance, loss]
    over_cells = _over_cells(inside, column, of)
    grouped = _groups(list(inside.values()), column, of)
    over_groups = None if grouped is None else main_effects(grouped, _levels(inside))
    largest = max(over_cells.effects, key=lambda e: (round(abs(e.effect), 9), e.level))
    fewer = {
        parts: cell
        for parts, cell in inside.items()
        if parts[FACTORS.index(largest.factor)] != largest.level
    }
    without = _over_cells(fewer, column, of) if len(_levels(fewer)) > 1 else None
    return GridEffects(
        *head, tuple(_levels(inside)), len(inside), len(there), over_cells, over_groups,
        without=without if without is not None and without.tests else None,
        left_out=largest.level,
        constant=tuple(levels[0] for levels in block if len(levels) == 1),
    )  # fmt: skip


def _levels(there: Mapping[Parts, Cell]) -> dict[str, list[str]]:
    """Per factor that varies the level of each cell."""
    return {
        factor: [parts[n] for parts in there]
        for n, factor in enumerate(FACTORS)
        if len({parts[n] for parts in there}) >= MIN_LEVELS
    }


def _over_cells(there: Mapping[Parts, Cell], column: TaskColumn, of: Measured) -> MainEffects:
    values, variances, freedom = [], [], 0
    for cell in there.values():
        assert cell.result.accuracy is not None
        values.append(cell.result.accuracy.mean)
        seeds = cell.result.seed_accuracy
        if len(seeds) > 1:
            # Pooled by degrees of freedom; of the cell's mean, not of one seed.
            variances.append((len(seeds) - 1) * float(np.var(seeds, ddof=1)) / len(seeds))
            freedom += len(seeds) - 1
    known = len(variances) == len(values)
    return main_effects(
        np.array(values),
        _levels(there),
        between_seeds=(sum(variances) / freedom, freedom) if known else None,
    )


def _merged(there: Mapping[Parts, Cell], column: TaskColumn, of: Measured) -> dict[Parts, Cell]:
    """The cells, levels that answer alike wherever both were measured under one name."""
    found = dict(there)
    for n in range(len(FACTORS)):
        levels = list(dict.fromkeys(parts[n] for parts in found))
        for one, two in itertools.combinations(levels, 2):
            pairs = [
                (cell, found[_with(parts, n, two)])
                for parts, cell in found.items()
                if parts[n] == one and _with(parts, n, two) in found
            ]
            if not pairs or not all(_same_answers(a, b, column, of) for a, b in pairs):
                continue
            name = f"{one} = {two}"
            found = {
                _with(parts, n, name) if parts[n] in (one, two) else parts: cell
                for parts, cell in found.items()
            }
            levels = [name if level in (one, two) else level for level in levels]
            return _merged(found, column, of)
    return found


def _with(parts: Parts, position: int, level: str) -> Parts:
    changed = list(parts)
    changed[position] = level
    return changed[0], changed[1], changed[2]


def _same_answers(one: Cell, two: Cell, column: TaskColumn, of: Measured) -> bool:
    """Whether seed for seed both gave the same counts on every episode."""
    a, b = of.answered(one.row, column), of.answered(two.row, column)
    return a is not None and b is not None and np.array_equal(a.correct, b.correct)


def _groups(there: list[Cell], column: TaskColumn, of: Measured) -> np.ndarray | None:
    """Float [cells, groups]; None where the cells have no groups in common."""
    units = [of.units(cell.row, column) for cell in there]
    known = [each for each in units if each is not None]
    if len(known) < len(units) or len({len(each) for each in known}) > 1:
        return None
    return np.stack(known) if len(known[0]) >= MIN_GROUPS else None
