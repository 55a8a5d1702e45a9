"""Numbers of open-set identification with their intervals, alone and compared.

FPIR(T), the false-positive identification rate, is the share of queries of unknown classes whose
highest score reaches the threshold T; TPIR(T) = 1 - FNIR(T) the share of queries of known classes
that reach it with the right class first (ISO/IEC 19795-1:2021; Grother and Ngan: Face Recognition
Vendor Test, NIST Interagency Report 8009, 2014, section 3). AUROC is that of known against unknown
queries inside an episode, a mean over episodes (Liu et al. 2020, section 5), ties counting half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.protocols.identification.outcome import Identified
from benchmark.records.schema import Record
from benchmark.report.aggregate import GroupsOf, Result, TaskColumn, default_groups
from benchmark.report.compare_pairs import Answered
from benchmark.statistics.intervals import (
    Interval,
    new_classes,
    new_classes_shared,
    these_images,
)
from benchmark.statistics.units import deletable

AUROC, ACCURACY = "AUROC", "Accuracy (known)"
TPIR = {10: "TPIR at FPIR 1 %", 100: "TPIR at FPIR 10 %"}
NAMES = (AUROC, ACCURACY, *TPIR.values())


@dataclass(frozen=True)
class Measure:
    """One metric: over episodes, and over groups or classes where the task knows them."""

    episodes: Interval
    classes: Interval | None


@dataclass(frozen=True)
class Identification:
    """All metrics by their names; a TPIR is missing with too few unknown queries."""

    measures: dict[str, Measure]


def counts_of(
    outcomes: Sequence[Identified], episodes: int
) -> dict[str, tuple[NDArray[np.int64], int]]:
    """Per metric int64 [seeds, episodes], and out of how many."""
    first = outcomes[0]

    def stacked(lists: list[Any]) -> NDArray[np.int64]:
        return np.array([each[:episodes] for each in lists], dtype=np.int64)

    found = {
        AUROC: (stacked([o.ordered for o in outcomes]), 2 * first.known * first.unknown),
        ACCURACY: (stacked([o.correct for o in outcomes]), first.known),
    }
    for limit, name in TPIR.items():
        rates = [[r for r in o.rates if r.per_thousand == limit] for o in outcomes]
        if all(rates):
            found[name] = stacked([r[0].identified for r in rates]), first.known
    return found


def summarise(column: TaskColumn, good: list[Record], groups_of: GroupsOf) -> Result | None:
    """The metrics of records that ended well, one a seed."""
    outcomes = [r.outcome for r in good if isinstance(r.outcome, Identified)]
    if not outcomes:
        return None
    episodes = min(outcome.answered for outcome in outcomes)
    groups, classes = _units(column.task.name, episodes, column.current, groups_of)
    measures = {}
    for name, (counts, of) in counts_of(outcomes, episodes).items():
        new = None
        if groups is not None:
            new = new_classes(counts, of, groups)
        elif classes is not None:
            new = new_classes_shared(counts, of, classes)
        measures[name] = Measure(these_images(counts, of), new)
    ordered, of = counts_of(outcomes, episodes)[AUROC]
    return Result(
        column=column,
        seeds=tuple(record.seed for record in good),
        seed_accuracy=tuple(float(value) for value in ordered.mean(axis=1) / of),
        accuracy=measures[AUROC].episodes,
        new_classes=measures[AUROC].classes,
        episodes=episodes,
        summary=Identification(measures),
    )


def compare(
    one: Sequence[Record],
    two: Sequence[Record],
    luck: tuple[bool, bool],
    same: bool,
    current: bool,
) -> Answered | None:
    """The paired metrics of two models on their common episodes."""
    from benchmark.report.compare import of_units
    from benchmark.report.comparison import LEVEL, Beside

    sides = [[r.outcome for r in side if isinstance(r.outcome, Identified)] for side in (one, two)]
    if not all(sides):
        return None
    lengths = [outcome.answered for side in sides for outcome in side]
    episodes = min(lengths)
    groups, classes = _units(one[0].task.name, episodes, current, default_groups())
    counts = [counts_of(side, episodes) for side in sides]
    measures = []
    for name, (a, of) in counts[0].items():
        if name not in counts[1]:
            continue
        b = counts[1][name][0]
        images, new = of_units(a, b, of, groups, classes, luck, same)
        means = float(a.mean() / of), float(b.mean() / of)
        measures.append(Beside(name, *means, images, new))
    seeds = [tuple(record.seed for record in side) for side in (one, two)]
    ordered = [found[AUROC] for found in counts]
    alone = [these_images(found, of, LEVEL) for found, of in ordered]
    values = [tuple(float(v) for v in found.mean(axis=1) / of) for found, of in ordered]
    return Answered(
        tuple(measures), (alone[0], alone[1]), (values[0], values[1]), (seeds[0], seeds[1]),
        episodes, max(lengths),
    )  # fmt: skip


def _units(
    task: str, episodes: int, current: bool, groups_of: GroupsOf
) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """The group of each episode, or else its classes, unknown ones included; None for neither."""
    from benchmark.report.measured import suite_classes

    if not current:
        return None, None
    groups = groups_of(task, episodes)
    classes = suite_classes(task, episodes) if groups is None else None
    return groups, classes if classes is not None and deletable(classes) else None
