"""Main effects of parts (backbone, distance, loss) and their interactions from the cells of a grid.

Cells outside a crossed block compare levels in unlike company, so the block is found first
(`crossed_block`): the levels of which every combination was measured. In it an effect is the mean
of a level's cells minus the mean of all, and what the factors do not explain is their interactions
plus the variance between training seeds. The second is known where cells have several seeds, and
an F test of the first against it tells whether the factors act independently at all.

`main_effects` fits the linear model without interactions by least squares, levels of each factor
summing to zero (Searle 1971, Linear Models, chapter 7); it takes incomplete grids too, as long as
the cells tie the levels together, which is checked.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc, stdtrit

MOST_INTERSECTIONS = 20_000


@dataclass(frozen=True)
class Effect:
    """What a level adds to the mean of its factor's levels, with its interval; in accuracy."""

    factor: str
    level: str
    effect: float
    low: float
    high: float
    half_width: float
    cells: int


@dataclass(frozen=True)
class FactorTest:
    """Whether a factor's levels differ at all: F test, every other factor held (type III).

    Attributes:
        factor: its name.
        f: the statistic, with `between` and `within` degrees of freedom.
        p: of levels all alike, where cells scatter by interactions and training seeds.
        share: of the cells' variance that only this factor explains, in [0, 1].
    """

    factor: str
    f: float
    between: int
    within: int
    p: float
    share: float


@dataclass(frozen=True)
class Interactions:
    """What the factors do not explain, by interactions and by training seeds.

    Attributes:
        f, p: test that the interactions are zero, against the variance between seeds, with
            `between` and `within` degrees of freedom.
        share: of the cells' variance that interactions explain, in [0, 1].
        seeds: share of the cells' variance by training seeds.
    """

    f: float
    between: int
    within: int
    p: float
    share: float
    seeds: float


@dataclass(frozen=True)
class MainEffects:
    """All effects of a grid.

    Attributes:
        mean: fitted mean of all levels alike.
        effects: by factor, in the order given, and level, in order of appearance.
        over: what the intervals cover: "cells", interactions of the parts and the training seeds of
            each cell, or "groups", other groups of classes with these cells.
        degrees_of_freedom: of the t quantile.
        missing: combinations that could exist and have no cell.
        tests: one a factor, over cells; none over groups or where no cell is to spare.
        rest: share of the cells' variance that no factor explains: interactions and seeds.
        interactions: those two told apart; None without a variance between seeds.
    """

    mean: float
    effects: tuple[Effect, ...]
    over: str
    degrees_of_freedom: float
    missing: tuple[tuple[str, ...], ...]
    tests: tuple[FactorTest, ...] = ()
    rest: float = math.nan
    interactions: Interactions | None = None

    def of(self, factor: str) -> dict[str, Effect]:
        """The effects of one factor by level."""
        return {effect.level: effect for effect in self.effects if effect.factor == factor}


def main_effects(
    values: NDArray[Any],
    factors: Mapping[str, Sequence[str]],
    impossible: Collection[tuple[str, ...]] = (),
    level: float = 0.95,
    between_seeds: tuple[float, int] | None = None,
) -> MainEffects:
    """Fits the model.

    Args:
        values: float [cells] for intervals over cells, or [cells, groups] for intervals over groups
            of classes, on which all cells pair; in both cases means over seeds.
        factors: per factor the level of each cell.
        impossible: combinations that cannot exist, in the factors' order; they count as no hole.
        level: nominal coverage in (0, 1).
        between_seeds: variance of a cell's mean by its training seeds, pooled over cells, and its
            degrees of freedom; tells interactions from it. For values over cells.

    Raises:
        ValueError: where factors do not fit the values, a value is missing, an impossible cell has
            a value, or effects cannot be told apart, naming the factors.
    """
    y = np.asarray(values, dtype=np.float64)
    if y.ndim not in (1, 2) or any(len(levels) != len(y) for levels in factors.values()):
        raise ValueError(f"values of shape {y.shape} do not fit the factors")
    if np.isnan(y).any():
        raise ValueError("a value is missing: leave the whole cell out instead")
    names = {factor: list(dict.fromkeys(levels)) for factor, levels in factors.items()}
    there = set(zip(*factors.values(), strict=True))
    if there & set(impossible):
        raise ValueError(f"an impossible cell has a value: {sorted(there & set(impossible))[0]}")
    design, contrasts, owner = _design(factors, names)
    inverse = np.linalg.pinv(design)
    fitted = contrasts @ inverse  # (1 + levels, cells): each effect as weights of the cells
    found = fitted @ y
    interactions = None
    if y.ndim == 2:
        freedom, over = y.shape[1] - 1, "groups"
        errors = found.std(axis=1, ddof=1) / math.sqrt(y.shape[1]) if freedom else found[:, 0]
        found = found.mean(axis=1)
        tests: tuple[FactorTest, ...] = ()
        unexplained = math.nan
    else:
        freedom, over = len(y) - design.shape[1], "cells"
        rest = float(np.square(y - design @ (inverse @ y)).sum())
        tests, unexplained = _tests(y, design, owner, rest)
        if between_seeds is not None and not math.isnan(unexplained):
            interactions = _interactions(y, rest, freedom, *between_seeds)
        errors = np.sqrt(rest / max(freedom, 1) * np.square(fitted).sum(axis=1))
    quantile = float(stdtrit(freedom, (1 + level) / 2)) if freedom else math.nan
    labels = [(factor, name) for factor in names for name in names[factor]]
    effects = []
    for (factor, name), value, error in zip(labels, found[1:], errors[1:], strict=True):
        half = quantile * float(error)
        cells = list(factors[factor]).count(name)
        effect = float(value)
        effects.append(Effect(factor, name, effect, effect - half, effect + half, half, cells))
    holes = [c for c in itertools.product(*names.values()) if c not in there | set(impossible)]
    return MainEffects(
        float(found[0]), tuple(effects), over, float(freedom), tuple(holes), tests, unexplained,
        interactions,
    )  # fmt: skip


def _interactions(
    y: NDArray[np.float64], rest: float, freedom: int, variance: float, within: int
) -> Interactions | None:
    """The rest [sum of squares] against the seeds' variance of a cell's mean."""
    if within < 1 or variance <= 0:
        return None
    f = rest / freedom / variance
    total = float(np.square(y - y.mean()).sum())
    by_seeds = min(freedom * variance, rest)
    return Interactions(
        f, freedom, within, float(fdtrc(freedom, within, f)),
        (rest - by_seeds) / total, by_seeds / total,
    )  # fmt: skip


def crossed_block(cells: Collection[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The largest set of levels of which every combination is among the cells.

    Args:
        cells: combinations of one level of each factor.

    Returns:
        The levels of each factor, in order of appearance; at least two factors have two or more.
        () where no two factors are crossed. Of blocks with equally many cells the one with more
        crossed factors, then with more levels of the earlier factors.
    """
    order = list(dict.fromkeys(cells))
    if not order:
        return ()
    factors = len(order[0])
    names = [list(dict.fromkeys(cell[n] for cell in order)) for n in range(factors)]
    blocks = {
        block
        for block in _blocks(frozenset(order), factors)
        if sum(len(levels) > 1 for levels in block) > 1
    }
    if not blocks:
        return ()

    def size(block: tuple[frozenset[str], ...]) -> tuple[Any, ...]:
        sizes = [len(levels) for levels in block]
        first = [[-names[n].index(level) for level in sorted(block[n], key=names[n].index)]
                 for n in range(factors)]  # fmt: skip
        return math.prod(sizes), sum(count > 1 for count in sizes), sizes, first

    best = max(blocks, key=size)
    return tuple(tuple(n for n in names[f] if n in best[f]) for f in range(factors))


def _blocks(cells: frozenset[tuple[str, ...]], factors: int) -> set[tuple[frozenset[str], ...]]:
    """All blocks that no further level of the first factor and no cell could enlarge.

    The rests of cells that go with a level are intersected until nothing new appears; each such
    intersection goes with the levels that have all of it.
    """
    if factors == 1:
        levels = frozenset(cell[0] for cell in cells)
        return {(levels,)} if levels else set()
    of_level: dict[str, frozenset[tuple[str, ...]]] = {}
    for cell in cells:
        of_level[cell[0]] = of_level.get(cell[0], frozenset()) | {cell[1:]}
    shared: set[frozenset[tuple[str, ...]]] = set()
    for rests in of_level.values():
        shared |= {rests} | {rests & other for other in shared}
        if len(shared) > MOST_INTERSECTIONS:
            raise ValueError("the grid has too many holes for a search of its crossed blocks")
    found = set()
    for rests in shared:
        for block in _blocks(rests, factors - 1) if rests else ():
            inside = frozenset(itertools.product(*block))
            levels = frozenset(level for level, mine in of_level.items() if inside <= mine)
            found.add((levels, *block))
    return found


def _tests(
    y: NDArray[np.float64], design: NDArray[np.float64], owner: list[str], rest: float
) -> tuple[tuple[FactorTest, ...], float]:
    """The tests of all factors, and the share of the variance that is left over."""
    within, total = len(y) - design.shape[1], float(np.square(y - y.mean()).sum())
    if within < 1 or total <= 0.0:
        return (), math.nan
    tests = []
    for factor in dict.fromkeys(owner[1:]):  # the first column is the mean's
        others = design[:, [name != factor for name in owner]]
        between = owner.count(factor)
        without = float(np.square(y - others @ (np.linalg.pinv(others) @ y)).sum())
        f = (without - rest) / between / (rest / within) if rest > 0.0 else math.inf
        p = float(fdtrc(between, within, f))
        tests.append(FactorTest(factor, f, between, within, p, (without - rest) / total))
    return tuple(tests), rest / total


def _design(
    factors: Mapping[str, Sequence[str]], names: Mapping[str, list[str]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Matrix [cells, parameters], effects in it [1 + levels, parameters], parameters' factors."""
    cells = len(next(iter(factors.values())))
    columns: list[NDArray[np.float64]] = [np.ones((cells, 1))]
    blocks: list[NDArray[np.float64]] = [np.ones((1, 1))]
    for factor, levels in factors.items():
        count = len(names[factor])
        code = np.vstack([np.eye(count - 1), -np.ones((1, count - 1))])
        columns.append(code[[names[factor].index(name) for name in levels]])
        blocks.append(code)
    design = np.hstack(columns)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        confounded = []
        for number, factor in enumerate(factors, start=1):
            others = np.hstack(columns[:number] + columns[number + 1 :])
            gain = np.linalg.matrix_rank(design) - np.linalg.matrix_rank(others)
            if gain < columns[number].shape[1]:
                confounded.append(factor)
        raise ValueError(
            f"the cells cannot tell the effects of {' and '.join(confounded)} apart: "
            "measure combinations that share levels"
        )
    contrasts = np.zeros((sum(len(block) for block in blocks), design.shape[1]))
    row = column = 0
    for block in blocks:
        contrasts[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    owner = ["", *(factor for factor in factors for _ in range(len(names[factor]) - 1))]
    return design, contrasts, owner
