"""What the tables of effects and ranks and their figures show, computed once for both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.records.schema import Record
from benchmark.report.across_data_sets import AcrossDataSets, across_data_sets
from benchmark.report.aggregate import GroupsOf
from benchmark.report.baseline_comparison import Differences, differences
from benchmark.report.grid_effects import GridEffects, grid_effects
from benchmark.report.leaderboard import Leaderboard
from benchmark.report.measured import Measured
from benchmark.report.primary_task import main_sections


@dataclass(frozen=True)
class Analysis:
    """All of it, in the order of the tables; each part is empty where the records do not suffice.

    Attributes:
        measured: the counts behind the rows.
        differences: each ranking's models against its reference, and their ranks.
        effects: main effects of the parts of Siamese networks.
        across: ranks over data sets.
    """

    measured: Measured
    differences: tuple[Differences, ...]
    effects: tuple[GridEffects, ...]
    across: tuple[AcrossDataSets, ...]


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
    return Analysis(
        measured,
        tuple(each for section in sections for each in differences(section, measured)),
        tuple(each for section in sections for each in grid_effects(section, measured)),
        across_data_sets(sections, measured),
    )
