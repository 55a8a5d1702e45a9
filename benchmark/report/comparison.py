"""What a comparison of two models on one task is, whatever the task asks."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark.protocols.catalogue import PROTOCOLS
from benchmark.report.task_info import TaskName
from benchmark.statistics.intervals import Interval
from benchmark.statistics.paired import Paired
from benchmark.statistics.power import smallest_detectable
from benchmark.statistics.sign_flip import SignFlip

LEVEL = 0.95


@dataclass(frozen=True)
class Side:
    """One of the two models on one task.

    `accuracy` and `seed_accuracy` are the number that ranks (of a verification the EER, of a
    retrieval mAP@R) over the common questions; `luck` tells whether training could make seeds
    differ; `failed` are seeds that failed or, where there are folds, lack one; `settings` are what
    was overridden to get the recipe, as typed.
    """

    key: str
    recipe8: str
    seeds: tuple[int, ...]
    seed_accuracy: tuple[float, ...]
    accuracy: Interval
    luck: bool
    failed: tuple[int, ...]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beside:
    """Another measure of the same answers; `a` and `b` are means over seeds in [0, 1].

    `p_holm` is adjusted for all tests shown, as `Comparison.p_holm` is.
    """

    measure: str
    a: float
    b: float
    these_images: Paired | None
    new_classes: Paired | None
    p_holm: float = float("nan")

    @property
    def decisive(self) -> Paired:
        """The analysis behind p."""
        return decisive(self.these_images, self.new_classes)


@dataclass(frozen=True)
class Comparison:
    """Both models on one task version.

    Attributes:
        task, version: what they answered.
        a, b: the two sides.
        episodes: number of common episodes, trials (of all folds) or queries; `longest` of the
            longer side.
        these_images: paired difference A - B over episodes or queries, and seeds; None for a
            verification, whose unit is the subject.
        new_classes: the same over groups, classes or subjects; None where the task knows none, or
            fewer than three.
        sign_flip: beside it at the same unit, for the trained networks as they are; episodes only,
            and None where the seed variance of a side is unknown.
        p: of the new classes where there is one, else of these images; NaN where the seed variance
            of a side is unknown.
        p_holm: adjusted for all tests shown, those of the other measures included.
        detectable: true difference that would be found four times in five at that unit, in
            accuracy.
        measure: what is compared: "accuracy", "EER" or "mAP@R".
        also: other measures of the same answers.
        folds: how many of the task's folds were compared, and how many there are.
    """

    task: TaskName
    version: int
    a: Side
    b: Side
    episodes: int
    longest: int
    these_images: Paired | None
    new_classes: Paired | None
    sign_flip: SignFlip | None
    p: float
    detectable: float
    p_holm: float = float("nan")
    measure: str = "accuracy"
    also: tuple[Beside, ...] = ()
    folds: tuple[int, int] = (1, 1)

    @property
    def decisive(self) -> Paired:
        """The analysis behind p."""
        return decisive(self.these_images, self.new_classes)

    @property
    def difference(self) -> float:
        """A - B over all common questions, in [-1, 1]."""
        return (self.these_images or self.decisive).difference

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: times a difference, what A is ahead."""
        lower = [each.measure for each in PROTOCOLS if each.lower_is_better]
        return -1 if self.measure in lower else 1


def decisive(images: Paired | None, classes: Paired | None) -> Paired:
    """That of new classes where there is one.

    Raises:
        ValueError: there is neither.
    """
    found = classes or images
    if found is None:
        raise ValueError("a comparison needs an analysis")
    return found


def detectable(found: Paired) -> float:
    """The true difference found four times in five; NaN without a variance, or without a test."""
    known = found.variance is not None and found.covers_training
    return smallest_detectable(found.variance, LEVEL) if known and found.variance else math.nan
