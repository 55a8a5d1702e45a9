"""One cell of a table: what the seeds of one recipe reached on one task version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from statistics import fmean
from typing import Any, Literal

from numpy.typing import NDArray

from benchmark.errors import OneshotError
from benchmark.protocols.catalogue import BY_OUTCOME
from benchmark.records.evidence import Evidence
from benchmark.records.schema import Record
from benchmark.report import outcomes, recipes
from benchmark.report.seed_variance import has_seed_variance
from benchmark.report.task_info import TaskName
from benchmark.statistics.calibration import reliability
from benchmark.statistics.intervals import Interval
from benchmark.tasks.overlap import may_have_met

GroupsOf = Callable[[str, int], NDArray[Any] | None]
State = Literal["ok", "partial", "failed", "missing", "refused"]


@dataclass(frozen=True)
class TaskColumn:
    """A task version as a column of a table."""

    task: TaskName
    version: int
    current: bool  # whether a run of today would answer this version

    @property
    def name(self) -> str:
        """The task's name, with its version from the second on."""
        return self.task.name if self.version == 1 else f"{self.task.name} v{self.version}"


@dataclass(frozen=True)
class Verified:
    """How many records were measured again, or can be from committed weights, of how many."""

    recomputed: int = 0
    with_weights: int = 0
    records: int = 0

    def __add__(self, other: Verified) -> Verified:
        return Verified(
            self.recomputed + other.recomputed,
            self.with_weights + other.with_weights,
            self.records + other.records,
        )

    @property
    def text(self) -> str:
        """In words, with numbers where it holds of some of the records only."""
        for count, words in (
            (self.recomputed, "recomputed"),
            (self.recomputed + self.with_weights, "weights committed"),
        ):
            if count:
                part = "" if count == self.records else f" ({count} of {self.records})"
                return words + part
        return "self-reported" if self.records else ""

    @property
    def short(self) -> str:
        """One word for narrow tables."""
        if not self.recomputed:
            return "weights" if self.with_weights else "no" if self.records else ""
        return "yes" if self.recomputed == self.records else "partly"


@dataclass(frozen=True)
class Result:
    """The seeds of one recipe on one task version.

    Attributes:
        column: the task version.
        seeds: the seeds that ended well, ascending, and `seed_accuracy` in [0, 1] of each.
        missing: seeds that the recipe has on another task of the table but not here.
        failures: (seed, reason) of each failed record.
        accuracy: the number that ranks (for a verification the EER, for a retrieval mAP@R) with its
            interval over episodes and seeds, or over subjects and seeds; None without a seed that
            ended well.
        new_classes: interval over groups of classes, None where the task has no groups.
        episodes: number of episodes used: the shortest of the seeds' prefixes.
        prefix: whether these are fewer than the longest record of the task version has.
        luck: whether another seed could give other answers.
        validation: the same number on the validation twin, a mean over seeds in [0, 1].
        training_items, training_seconds, parameters: means over seeds; seconds over those that were
            trained on `training_device`, which is where the first was.
        seen: what the model was trained on, None where it does not say.
        saw_test: whether that may hold classes of the test.
        saw_validation: whether the weights that answered were trained on the validation classes.
        calibration_error: expected, in [0, 1], over the answers of all seeds; None where no record
            has counted its confidences.
        refused: whether the recipe's head has outputs for another number of classes than the task.
        verified: how the records can be trusted.
        summary: all numbers, where the protocol has more than these.
    """

    column: TaskColumn
    seeds: tuple[int, ...] = ()
    seed_accuracy: tuple[float, ...] = ()
    missing: tuple[int, ...] = ()
    failures: tuple[tuple[int, str], ...] = ()
    accuracy: Interval | None = None
    new_classes: Interval | None = None
    episodes: int = 0
    prefix: bool = False
    luck: bool = False
    validation: float | None = None
    training_items: int | None = None
    training_seconds: float | None = None
    training_device: str | None = None
    parameters: int | None = None
    seen: tuple[str, ...] | None = ()
    saw_test: bool = False
    saw_validation: bool = False
    calibration_error: float | None = None
    refused: bool = False
    verified: Verified = Verified()
    summary: Any = None

    @property
    def state(self) -> State:
        """Whether all wanted seeds are there, some, or none, and then why."""
        if self.accuracy is None and self.refused:
            return "refused"
        if self.accuracy is None:
            return "failed" if self.failures else "missing"
        return "partial" if self.failures or self.missing else "ok"


def summarise(
    column: TaskColumn,
    records: list[Record],
    wanted: tuple[int, ...],
    longest: int,
    groups_of: GroupsOf,
    evidence: Mapping[str, Evidence] | None = None,
) -> Result:
    """Condenses the records of one recipe on one task version.

    Args:
        column: the task version.
        records: its records by this recipe, any number, one a seed.
        wanted: the seeds that the recipe has in this table.
        longest: number of episodes that a whole record of the task version has.
        groups_of: the group of each of a task's first so many episodes, or None.
        evidence: how each record can be trusted, by its id; None for no more than its word.
    """
    records = sorted(records, key=lambda record: (record.seed, record.fold or 0))
    failures = tuple((r.seed, r.reason or "") for r in records if r.status == "failed")
    there = Counter(record.seed for record in records)
    missing = tuple(seed for seed in wanted if there[seed] < column.task.folds)
    good = [r for r in records if r.status == "ok" and r.outcome is not None]
    measured = _measured(column, good, groups_of)
    if measured is None:
        return Result(column, missing=missing, failures=failures)
    validations = [
        outcomes.headline(r.validation.task, r.validation.outcome, r.fold)
        for r in good
        if r.validation
    ]
    known = [value for value in validations if value is not None]
    bins = outcomes.confidences(good)
    parameters = [r.cost.parameters for r in good if r.cost.parameters is not None]
    # What a run trained on of its own track, a user's too, shares no class with the test.
    own = {f"{column.task.track}/{split}" for split in ("train", "validation")}
    return replace(
        measured,
        missing=missing,
        failures=failures,
        prefix=measured.episodes < longest,
        luck=has_seed_variance(good),
        validation=fmean(known) if known else None,
        training_items=round(fmean(r.cost.training_items for r in good)),
        training_seconds=_seconds(good),
        training_device=_trained_on(good[0]),
        parameters=max(parameters, default=None),
        seen=None if good[0].model.seen is None else tuple(good[0].model.seen),
        calibration_error=None if bins is None else reliability(*bins).expected_error,
        verified=_verified(good, evidence or {}),
        saw_validation=any(
            recipes.pick(r.model.recipe, "final_fit") is True
            or f"{column.task.track}/validation" in (r.model.seen or ())
            for r in good
        ),
        saw_test=any(
            may_have_met(each, column.task.data)
            for r in good
            for each in r.model.seen or ()
            if each not in own
        ),
    )


def _verified(records: list[Record], evidence: Mapping[str, Evidence]) -> Verified:
    found = Counter(evidence.get(record.id, "self-reported") for record in records)
    return Verified(found["recomputed"], found["weights committed"], len(records))


def _trained_on(record: Record) -> str:
    """The device of the record's training."""
    return record.cost.training_device or record.provenance.device


def _seconds(records: list[Record]) -> float:
    """Mean seconds of those trainings that ran where the first did: devices are not mixed."""
    alike = [r for r in records if _trained_on(r) == _trained_on(records[0])]
    return fmean(r.cost.training_milliseconds for r in alike) / 1000


def _measured(column: TaskColumn, good: list[Record], groups_of: GroupsOf) -> Result | None:
    """The numbers of records that ended well, by the kind of their outcome."""
    if not good or good[0].outcome is None:
        return None
    return BY_OUTCOME[good[0].outcome.kind].summarise(column, good, groups_of)


def default_groups() -> GroupsOf:
    """The suite's own groups, each task read once; None for tasks that it does not know."""

    @cache
    def groups_of(task: str, episodes: int) -> NDArray[Any] | None:
        from benchmark.tasks import episode_groups

        try:
            return episode_groups(task, episodes)
        except OneshotError:  # unknown, or not possible on the user's own data as they are now
            return None

    return groups_of
