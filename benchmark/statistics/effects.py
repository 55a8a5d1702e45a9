"""Main effects of parts (backbone, distance, loss) from the cells of a grid, holes included.

A linear model without interactions, levels of each factor summing to zero, by least squares on the
cells that exist (Searle 1971, Linear Models, chapter 7). In a full crossed block an effect is the
mean of a level's cells minus the mean of all. Where some combinations cannot exist (a loss on
pairs with a distance that has no threshold), plain means compare unlike sets of cells; the model
does not, as long as what is left still ties the levels together, which is checked.
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
        p: of levels all alike, where cells scatter by interactions and luck.
        share: of the cells' variance that only this factor explains, in [0, 1].
    """

    factor: str
    f: float
    between: int
    within: int
    p: float
    share: float


@dataclass(frozen=True)
class MainEffects:
    """All effects of a grid.

    Attributes:
        mean: fitted mean of all levels alike.
        effects: by factor, in the order given, and level, in order of appearance.
        over: what the intervals cover: "cells", interactions of the parts and the luck of each
            cell, or "groups", other groups of classes with these cells.
        degrees_of_freedom: of the t quantile.
        missing: combinations that could exist and have no cell.
        tests: one a factor, over cells; none over groups or where no cell is to spare.
        rest: share of the cells' variance that no factor explains: interactions and luck.
    """

    mean: float
    effects: tuple[Effect, ...]
    over: str
    degrees_of_freedom: float
    missing: tuple[tuple[str, ...], ...]
    tests: tuple[FactorTest, ...] = ()
    rest: float = math.nan

    def of(self, factor: str) -> dict[str, Effect]:
        """The effects of one factor by level."""
        return {effect.level: effect for effect in self.effects if effect.factor == factor}


def main_effects(
    values: NDArray[Any],
    factors: Mapping[str, Sequence[str]],
    impossible: Collection[tuple[str, ...]] = (),
    level: float = 0.95,
) -> MainEffects:
    """Fits the model.

    Args:
        values: float [cells] for intervals over cells, or [cells, groups] for intervals over groups
            of classes, on which all cells pair; in both cases means over seeds.
        factors: per factor the level of each cell.
        impossible: combinations that cannot exist, in the factors' order; they count as no hole.
        level: nominal coverage in (0, 1).

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
        float(found[0]), tuple(effects), over, float(freedom), tuple(holes), tests, unexplained
    )


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
