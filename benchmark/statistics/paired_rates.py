"""The difference of two models' verification rates on the same trials, by subjects and seeds.

Each network has rates of its own, never pooled; a model's rate is the mean over its folds, then its
seeds. In every replicate of the bootstrap the same subjects are drawn for all networks of both
models (folds have other subjects, drawn apart), so what both find hard drops out of

    d_b = mean_s A_sb - mean_s B_sb,      V = sum_f n_f / (n_f - 2) V_f / F^2

with n_f subjects in each of F folds. V_f is the variance of d_fb by subjects, of which noise of
single pairs is taken off (`subjects.py`). What remains counts every two trials that share a subject
once, as the variance of dyads should (Aronow, Samii and Assenova 2015, Cluster-robust variance
estimation for dyadic data, Political Analysis 23). The variance between training seeds is a part of
its own, as in `paired.py`.

Interval, p and what could be detected are those of the sum of parts (`difference.py`): a t interval
about the difference with the bootstrap's standard error (Efron and Tibshirani 1993, chapters 6 and
12), and p the level at which it just touches zero. Not the percentiles of the replicates, which are
too narrow for few subjects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics.difference import DifferenceVariance
from benchmark.statistics.intervals import Interval
from benchmark.statistics.paired import Paired
from benchmark.statistics.resampled_rates import Drawn, Floats, Rate, replicates_of
from benchmark.statistics.roc import FARS
from benchmark.statistics.subjects import interval, seed_variance, subject_variance
from benchmark.statistics.units import MIN_GROUPS
from benchmark.statistics.verification import Measures, eer_against, measure
from benchmark.statistics.verification_scores import OVERALL, VerificationScores

EER, ROC_AUC = "EER", "ROC-AUC"


@dataclass(frozen=True)
class RateDifference:
    """One rate of both models and its difference, first model minus second.

    Attributes:
        name: "EER", "EER random", ..., "ROC-AUC", "TAR at FAR 0.1", ...
        a, b: the rate of each seed, a mean over its folds, in [0, 1].
        paired: the difference, over subjects and training seeds.
    """

    name: str
    a: tuple[float, ...]
    b: tuple[float, ...]
    paired: Paired


@dataclass(frozen=True)
class Compared:
    """Both models' rates, the EER over all impostors first, and its interval for each alone."""

    rates: tuple[RateDifference, ...]
    eer: tuple[Interval, Interval]


def compare_networks(
    a: Sequence[VerificationScores],
    b: Sequence[VerificationScores],
    name: str,
    level: float = 0.95,
    luck: tuple[bool, bool] = (True, True),
    same_networks: bool = False,
) -> Compared:
    """The differences of all rates that the trials can tell.

    Args:
        a: networks of the first model, every seed with the same folds.
        b: of the second, with the same folds; the seeds may be others. In each fold all networks
            answered the same trials.
        name: of the task, keys the resampling; the draws are those of `verification.summarise`.
        level: nominal coverage in (0, 1).
        luck: whether training can make the seeds of a model differ.
        same_networks: whether seed for seed both answered with the same trained weights.

    Raises:
        ValueError: for no networks, seeds that lack a fold, and networks of other trials.
    """
    one, two = _table(a), _table(b)
    folds = [network.fold for network in one[0]]
    if any([network.fold for network in seed] != folds for seed in (*one, *two)):
        raise ValueError("networks do not pair: seeds have different folds")
    if same_networks and len(one) != len(two):
        raise ValueError(f"seeds do not pair: {len(one)} and {len(two)}")
    for fold, first in enumerate(one[0]):
        if not all(_same_trials(first, seed[fold]) for seed in (*one, *two)):
            raise ValueError("networks do not pair: they answered different trials")
    each = [network for seed in (*one, *two) for network in seed]
    points = {kind: [measure(network, kind) for network in each] for kind in _kinds(one[0][0])}
    wanted = {n: rate for n, rate in _rates(one[0][0]).items() if n in _told(points)}
    drawn = replicates_of(each, wanted, name)
    of_pairs = replicates_of(each, wanted, name, by="pair")
    subjects = [_subjects(network) for network in one[0]]
    rates: list[RateDifference] = []
    alone: list[Interval] = []
    questions = min(len(network.same) for network in one[0])
    for rate in wanted:
        # float64 [seeds, folds] and [2, seeds, folds, b]
        values = np.array(_told(points)[rate]).reshape(-1, len(folds))
        replicates = np.stack([drawn[rate], of_pairs[rate]]).reshape(2, *values.shape, -1)
        sides = [
            (values[part], replicates[:, part]) for part in (slice(len(one)), slice(len(one), None))
        ]
        if rate == EER:
            alone = [interval(*side, questions, subjects) for side in sides]
        rates.append(_difference(rate, sides, subjects, level, luck, same_networks))
    return Compared(tuple(rates), (alone[0], alone[1]))


def _kinds(network: VerificationScores) -> tuple[str, ...]:
    impostors = network.kind_names[1:]
    return (OVERALL, *impostors) if len(impostors) > 1 else (OVERALL,)


def _rates(network: VerificationScores) -> dict[str, Rate]:
    """What is wanted of each replicate, by the names of `RateDifference`."""

    def tar_at(far: float) -> Rate:
        return lambda drawn: drawn.tar(far)

    return {
        **{_eer_name(kind): eer_against(kind) for kind in _kinds(network)},
        ROC_AUC: Drawn.roc_auc,
        **{f"TAR at FAR {far:g}": tar_at(far) for far in FARS},
    }


def _eer_name(kind: str) -> str:
    return EER if kind == OVERALL else f"{EER} {kind}"


def _told(points: dict[str, list[Measures]]) -> dict[str, list[float]]:
    """Each rate of each network, without rates that too few trials stand behind."""
    every = points[OVERALL]
    found: dict[str, list[float]] = {
        _eer_name(kind): [m.eer for m in of] for kind, of in points.items()
    }
    found[ROC_AUC] = [m.roc_auc for m in every]
    for place, far in enumerate(FARS):
        known = [rate for m in every if (rate := m.tar[place]) is not None]
        if len(known) == len(every):
            found[f"TAR at FAR {far:g}"] = known
    return found


def _table(networks: Sequence[VerificationScores]) -> list[list[VerificationScores]]:
    """The networks of each seed, fold by fold."""
    if not networks:
        raise ValueError("there are no networks")
    seeds = sorted({network.seed for network in networks})
    return [
        sorted((n for n in networks if n.seed == seed), key=lambda n: n.fold or 0) for seed in seeds
    ]


def _same_trials(one: VerificationScores, two: VerificationScores) -> bool:
    if one is two:
        return True
    if (one.subjects is None) != (two.subjects is None):
        return False
    alike = one.kind_names == two.kind_names and np.array_equal(one.kinds, two.kinds)
    return alike and (one.subjects is None or np.array_equal(one.subjects, two.subjects))  # type: ignore[arg-type]


def _subjects(network: VerificationScores) -> int:
    return 0 if network.subjects is None else len(np.unique(network.subjects))


def _difference(
    name: str,
    sides: Sequence[tuple[NDArray[np.float64], Floats]],
    subjects: Sequence[int],
    level: float,
    luck: tuple[bool, bool],
    same_networks: bool,
) -> RateDifference:
    """The analysis of the module's docstring for one rate."""
    (a, a_drawn), (b, b_drawn) = sides
    mean = float(a.mean() - b.mean())
    seeds = (len(a), len(b))
    covers = all(count > 1 or not lucky for count, lucky in zip(seeds, luck, strict=True))
    one, two = (tuple(float(value) for value in side.mean(axis=1)) for side in (a, b))
    error = freedom = p = half = math.nan
    variance = None
    if min(subjects) >= MIN_GROUPS:
        of_subjects = subject_variance(a_drawn.mean(axis=1) - b_drawn.mean(axis=1), subjects)
        if same_networks:  # their seeds pair as subjects do
            a, a_drawn = a - b, a_drawn - b_drawn
            b, b_drawn = np.zeros_like(b[:1]), np.zeros_like(b_drawn[:, :1])
        raw_a, seed_a = seed_variance(a, a_drawn, subjects)
        raw_b, seed_b = seed_variance(b, b_drawn, subjects)
        free = sum(subjects) - len(subjects) + 1  # each fold has a mean of its own
        variance = DifferenceVariance(
            (seed_a, seed_b), (len(a), len(b)), of_subjects, free, raw_a + raw_b
        )
        error, freedom = variance.error, variance.degrees_of_freedom(1 - level)
        half = variance.quantile(1 - level) * error
        p = variance.p(mean) if covers else math.nan
    paired = Paired(
        mean, mean - half, mean + half, half, error, freedom, p, level, seeds, "subject",
        sum(subjects), None, None, None, covers, variance, same_networks,
    )  # fmt: skip
    return RateDifference(name, one, two, paired)
