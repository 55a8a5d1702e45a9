"""What the tables of effects and ranks and their figures show, computed once for both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from benchmark.records.schema import Record
from benchmark.report.across_data_sets import AcrossDataSets, across_data_sets
from benchmark.report.aggregate import GroupsOf
from benchmark.report.baseline_comparison import Differences, differences
from benchmark.report.grid_effects import GridEffects, grid_effects, p_values_of
from benchmark.report.leaderboard import Leaderboard
from benchmark.report.measured import Measured
from benchmark.report.primary_task import main_sections
from benchmark.statistics.holm import holm


@dataclass(frozen=True)
class Analysis:
    """All of it, in the order of the tables; each part is empty where the records do not suffice.

    Attributes:
        measured: the counts behind the rows.
        differences: each ranking's models against its reference, and their ranks.
        effects: main effects of the parts of Siamese networks.
        across: ranks over data sets.
        effects_holm: of each of `effects` the p values of `grid_effects.p_values_of`, and
            `across_holm` of each of `across` Friedman's p, adjusted by Holm. All p values here,
            those of `differences` included, are one family.
    """

    measured: Measured
    differences: tuple[Differences, ...]
    effects: tuple[GridEffects, ...]
    across: tuple[AcrossDataSets, ...]
    effects_holm: tuple[tuple[float, ...], ...]
    across_holm: tuple[float, ...]


def analyse(
    leaderboard: Leaderboard, records: Iterable[Record], groups_of: GroupsOf | None = None
) -> Analysis:
    """Computes everything from the records behind a leaderboard.

    Args:
        leaderboard: the tables.
        records: at least those in them.
        groups_of: see `benchmark.report.leaderboard.build`.
    """
    measured = Measured(records, groups_of)
    sections = main_sections(leaderboard)
    differing = [each for section in sections for each in differences(section, measured)]
    effects = tuple(each for section in sections for each in grid_effects(section, measured))
    across = across_data_sets(sections, measured)
    tests = [row.p for each in differing for row in each.rows]
    tests += [p for each in effects for p in p_values_of(each)]
    tests += [each.test.p for each in across]
    adjusted = iter(holm(np.array(tests, dtype=np.float64)).adjusted.tolist())
    differing = [
        replace(each, rows=tuple(replace(row, p_holm=next(adjusted)) for row in each.rows))
        for each in differing
    ]
    effects_holm = tuple(tuple(next(adjusted) for _ in p_values_of(each)) for each in effects)
    return Analysis(
        measured, tuple(differing), effects, across, effects_holm,
        tuple(next(adjusted) for _ in across),
    )  # fmt: skip
