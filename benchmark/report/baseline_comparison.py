"""Each ranking's models against one of them, on the track's main task, in pairs.

The reference is the model with the highest accuracy on the validation twin, so that the test that
tells the differences has not chosen it. Where no model has answered the twin, it is the one with
the highest accuracy on the test, and whoever shows the differences has to say that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.report.aggregate import TaskColumn
from benchmark.report.compare import of_units, same_networks
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.measured import Answered, Measured
from benchmark.report.primary_task import main_position
from benchmark.statistics.paired import Paired

BY_VALIDATION = "the model with the highest validation accuracy"
BY_ACCURACY = (
    "the model with the highest accuracy on the test; the intervals do not account for that choice"
)


@dataclass(frozen=True)
class Against:
    """A model minus the reference.

    Attributes:
        row: the model.
        images: over other episodes and training seeds.
        classes: over other groups of classes or classes; None where the task knows neither.
        p_holm: of the new classes where there are any, adjusted for all tests of the leaderboard
            (`analysis.analyse`).
    """

    row: Row
    images: Paired
    classes: Paired | None
    p_holm: float = float("nan")

    @property
    def p(self) -> float:
        """Two-sided, of no difference, by `decisive`; NaN where seed variance is unknown."""
        return self.decisive.p

    @property
    def decisive(self) -> Paired:
        """The analysis behind p: at the unit of new classes where there is one."""
        return self.classes or self.images


@dataclass(frozen=True)
class Differences:
    """A ranking's models against its reference.

    Attributes:
        section, ranking: the table.
        column: the main task.
        reference: the model that is subtracted, and `chosen_by` how it was found, in words.
        rows: the others, in the order of the table.
    """

    section: Section
    ranking: Ranking
    column: TaskColumn
    reference: Row
    chosen_by: str
    rows: tuple[Against, ...]


def differences(section: Section, measured: Measured) -> tuple[Differences, ...]:
    """Of each ranking of the section that has two models or more on the main task."""
    found = (_of_ranking(section, ranking, measured) for ranking in section.rankings)
    return tuple(each for each in found if each is not None)


def _of_ranking(section: Section, ranking: Ranking, measured: Measured) -> Differences | None:
    position = main_position(section, ranking)
    if position is None:
        return None
    column = ranking.columns[position]
    there: list[tuple[Row, Answered]] = []
    for row in ranking.rows:
        answered = measured.answered(row, column)
        if answered is not None:
            there.append((row, answered))
    if len(there) < 2:
        return None
    (reference, base), chosen_by = _choose(there, position)
    rows = [
        Against(row, *_paired(answered, base, column, measured))
        for row, answered in there
        if row is not reference
    ]
    return Differences(section, ranking, column, reference, chosen_by, tuple(rows))


def _choose(
    there: Sequence[tuple[Row, Answered]], position: int
) -> tuple[tuple[Row, Answered], str]:
    """The reference and how it was chosen."""
    twins = {r.validation.task for _, a in there for r in a.records if r.validation}
    asked = [each for each in there if each[0].results[position].validation is not None]
    if asked and len(twins) == 1:
        # By name first: the table's order knows the test, and ties must not.
        asked.sort(key=lambda each: (each[0].key, each[0].recipe8))
        return max(asked, key=lambda e: e[0].results[position].validation or 0.0), BY_VALIDATION
    return max(there, key=lambda each: each[1].correct.mean() / each[1].of), BY_ACCURACY


def _paired(
    one: Answered, base: Answered, column: TaskColumn, measured: Measured
) -> tuple[Paired, Paired | None]:
    episodes = min(one.correct.shape[1], base.correct.shape[1])
    groups = measured.groups_of(column.task.name, episodes) if column.current else None
    classes = None
    if column.current and groups is None:
        classes = measured.classes_of(column.task.name, episodes)
    return of_units(
        one.correct[:, :episodes], base.correct[:, :episodes], base.of, groups, classes,
        (one.luck, base.luck), same_networks(one.records, base.records),
    )  # fmt: skip
