"""Two models side by side, task by task, in pairs: from records alone.

Both answered the same pinned episodes, trials or queries, so what counts is the difference on each;
where one has fewer of them or the seeds of one have, the common prefix is used.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import OneshotError, Refused, UnknownName
from benchmark.protocols.catalogue import BY_OUTCOME
from benchmark.records.schema import Counts, Record
from benchmark.report.aggregate import GroupsOf, default_groups
from benchmark.report.comparable import check
from benchmark.report.comparison import LEVEL, Comparison, Side, detectable
from benchmark.report.measured import ClassesOf, suite_classes
from benchmark.report.seed_variance import has_seed_variance
from benchmark.report.selection import (
    Folder,
    TaskVersion,
    answered,
    choose,
    folders,
    records_of,
    terms,
)  # fmt: skip
from benchmark.report.task_info import describe
from benchmark.statistics import paired
from benchmark.statistics.holm import holm
from benchmark.statistics.intervals import these_images
from benchmark.statistics.paired import Paired
from benchmark.statistics.sign_flip import sign_flip
from benchmark.statistics.units import deletable, of_classes, of_episodes, of_groups

ACROSS = ("budgets", "pools", "views")
SEED = 20_260_101  # of the drawn sign flips: the same table every time
__all__ = ["ACROSS", "Comparison", "Side", "compare", "of_units", "same_networks"]


def compare(
    results: Path,
    a: str,
    b: str,
    pattern: str = "*",
    across: Collection[str] = (),
    groups_of: GroupsOf | None = None,
    classes_of: ClassesOf | None = None,
) -> tuple[Comparison, ...]:
    """Compares two models on every task version that both answered, in the catalogue's order.

    Args:
        results: results folder.
        a: KEY or KEY--RECIPE8 of the first model.
        b: of the second.
        pattern: glob of task names.
        across: which of "budgets", "pools" and "views" may differ.
        groups_of: group of each of a task's first so many episodes, or None; default the suite's.
        classes_of: classes of each such episode, or None; default the suite's.

    Raises:
        OneshotError: for unknown or ambiguous models, no common task, or records of different
            episodes, budgets, pools or views.
    """
    unknown = sorted(set(across) - set(ACROSS))
    if unknown:
        raise UnknownName("condition", unknown[0], list(ACROSS), f"There are: {', '.join(ACROSS)}.")
    found = folders(results)
    one, two = choose(found, a, pattern), choose(found, b, pattern)
    common = _latest(set(one) & set(two))
    if not common:
        raise OneshotError(
            f"{a} and {b} have no task in common that fits '{pattern}': {a} has {_names(one)}, "
            f"{b} has {_names(two)}.",
            "Type: oneshot run MODEL --task TASK",
        )
    if all(one[task].path == two[task].path for task in common):
        raise OneshotError(
            f"{a} and {b} are the same model with the same recipe.",
            "Name two models, or two recipes of one as KEY--RECIPE8.",
        )
    groups_of = groups_of or default_groups()
    rows = [
        _task(one[task], two[task], frozenset(across), groups_of, classes_of or suite_classes)
        for task in common
    ]
    there = [row for row in rows if row is not None]
    if not there:
        raise OneshotError(
            f"{a} and {b} answered no questions in common: on these tasks one of them has only "
            "failures, or there is no fold that both have, or nothing tells which trials are the "
            "same.",
            "Type: oneshot leaderboard, which names the failures.",
        )
    there.sort(key=lambda row: (row.task.position, row.task.name))
    return _adjusted(there)


def _adjusted(rows: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """The rows with Holm's p: one family of all tests shown, those of the other measures too."""
    tests = [p for row in rows for p in (row.p, *(each.decisive.p for each in row.also))]
    adjusted = iter(holm(np.array(tests)).adjusted.tolist())
    return tuple(
        replace(
            row,
            p_holm=next(adjusted),
            also=tuple(replace(each, p_holm=next(adjusted)) for each in row.also),
        )
        for row in rows
    )


def _latest(common: set[TaskVersion]) -> list[TaskVersion]:
    """Of each task the newest version that both have."""
    newest: dict[str, int] = {}
    for name, version in common:
        newest[name] = max(version, newest.get(name, version))
    return sorted(newest.items())


def _names(of: dict[TaskVersion, Folder]) -> str:
    return ", ".join(f"{name} v{version}" for name, version in sorted(of)) or "none that fits"


def _task(
    one: Folder,
    two: Folder,
    across: frozenset[str],
    groups_of: GroupsOf,
    classes_of: ClassesOf,
) -> Comparison | None:
    """The comparison on one task version; None where a side has nothing but failures."""
    both = records_of(one), records_of(two)
    good = answered(both[0]), answered(both[1])
    if not all(good):
        return None
    check([record for records in good for record in records])
    _same_terms(*good, across)
    outcome = good[0][0].outcome
    assert outcome is not None
    if isinstance(outcome, Counts):
        return _episodes(both, good, groups_of, classes_of)
    task, version = describe(good[0][0].task.name), good[0][0].task.version
    luck = has_seed_variance(good[0]), has_seed_variance(good[1])
    current = task.version in (None, version)
    try:
        found = BY_OUTCOME[outcome.kind].compare(*good, luck, same_networks(*good), current)
    except ValueError as error:
        raise OneshotError(
            f"The records of {one.model} and {two.model} on {task.name} cannot be compared: "
            f"{error}.",
            "Type: oneshot verify, which names the records that are wrong.",
        ) from error
    if found is None:
        return None
    sides = [
        Side(
            records[0].model.key,
            records[0].model.recipe8,
            found.seeds[side],
            found.seed_values[side],
            found.alone[side],
            luck[side],
            tuple(sorted({record.seed for record in both[side]} - set(found.seeds[side]))),
            tuple(records[0].provenance.settings),
        )
        for side, records in enumerate(good)
    ]
    head = found.measures[0]
    return Comparison(
        task, version, sides[0], sides[1], found.questions, found.longest, head.these_images,
        head.new_classes, None, head.decisive.p, detectable(head.decisive), measure=head.measure,
        also=found.measures[1:], folds=found.folds,
    )  # fmt: skip


def _episodes(
    both: tuple[list[Record], list[Record]],
    good: tuple[list[Record], list[Record]],
    groups_of: GroupsOf,
    classes_of: ClassesOf,
) -> Comparison:
    """The comparison on episodes, of which both sides have answered some."""
    episodes = min(record.task.episodes for records in good for record in records)
    outcomes = [[r.outcome for r in records if isinstance(r.outcome, Counts)] for records in good]
    counts = [np.array([outcome.correct[:episodes] for outcome in found]) for found in outcomes]
    of = outcomes[0][0].of
    sides = [_side(*parts, of) for parts in zip(both, good, counts, strict=True)]
    luck, same = (sides[0].luck, sides[1].luck), same_networks(*good)
    task, version = describe(good[0][0].task.name), good[0][0].task.version
    current = task.version in (None, version)
    groups = groups_of(task.name, episodes) if current else None
    classes = classes_of(task.name, episodes) if current and groups is None else None
    x, y = (of_episodes(c, of) for c in counts)
    if groups is not None:
        x, y = of_groups(x, groups), of_groups(y, groups)
    elif classes is not None and deletable(classes):
        x, y = of_classes(x, classes), of_classes(y, classes)
    images, new = of_units(counts[0], counts[1], of, groups, classes, luck, same)
    flips = None
    if new is not None and new.covers_training:
        flips = sign_flip(x.mean(axis=0) - y.mean(axis=0), np.random.default_rng(SEED))
    return Comparison(
        task, version, sides[0], sides[1], episodes,
        max(record.task.episodes for records in good for record in records),
        images, new, flips, (new or images).p, detectable(new or images),
    )  # fmt: skip


def same_networks(one: Sequence[Record], two: Sequence[Record]) -> bool:
    """Whether seed for seed both sides answered with the same trained weights."""
    weights = [{(r.seed, r.fold): r.provenance.weights for r in records} for records in (one, two)]
    return weights[0] == weights[1] and None not in weights[0].values()


def of_units(
    a: NDArray[Any],
    b: NDArray[Any],
    of: int,
    groups: NDArray[Any] | None,
    classes: NDArray[Any] | None,
    luck: tuple[bool, bool],
    same: bool,
) -> tuple[Paired, Paired | None]:
    """The paired difference a - b on these images, and on new classes where the task knows them.

    Args:
        a: integers [seeds, episodes], correct answers.
        b: the same of the other model, whose seeds may differ in number.
        of: queries in each episode.
        groups: integers [episodes] or None; they come before `classes`.
        classes: integers [episodes, n] or None.
        luck: whether training could make the seeds of each differ.
        same: whether seed for seed both answered with the same trained weights.
    """
    new = None
    if groups is not None:
        new = paired.new_classes(a, b, of, groups, LEVEL, luck, same)
    elif classes is not None and deletable(classes):
        new = paired.new_classes_shared(a, b, of, classes, LEVEL, luck, same)
    return paired.these_images(a, b, of, LEVEL, luck, same), new


def _side(records: list[Record], good: list[Record], counts: NDArray[Any], of: int) -> Side:
    return Side(
        key=good[0].model.key,
        recipe8=good[0].model.recipe8,
        seeds=tuple(record.seed for record in good),
        seed_accuracy=tuple(float(value) for value in counts.mean(axis=1) / of),
        accuracy=these_images(counts, of, LEVEL),
        luck=has_seed_variance(good),
        failed=tuple(record.seed for record in records if record.status == "failed"),
        settings=tuple(good[0].provenance.settings),
    )


def _same_terms(one: list[Record], two: list[Record], across: frozenset[str]) -> None:
    """Refuses what no table would show side by side, unless it was asked for."""
    first, second = terms(one), terms(two)
    differ = [name for name in ACROSS if first[name] != second[name] and name not in across]
    if differ:
        told = "; ".join(f"{name}: {first[name]} and {second[name]}" for name in differ)
        options = " ".join(f"--across {name}" for name in differ)
        raise Refused(
            f"{one[0].model.key} and {two[0].model.key} differ on {one[0].task.name} in more "
            f"than the method ({told}), so a difference says nothing about the methods alone.",
            f"To compare them all the same, add: {options}",
        )
