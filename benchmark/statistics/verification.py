"""A verification's numbers: per kind of impostor, network by network.

EER, ROC-AUC, average precision, TAR and minDCF come from the order of a network's similarities,
accuracy and calibration from its log-odds. Scores of different networks or folds are never pooled:
each has its own ROC, and means are over networks. The interval of the EER resamples subjects
(`resampled_rates`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.statistics import calibrated, roc
from benchmark.statistics.intervals import Interval
from benchmark.statistics.resampled_rates import Drawn, Floats, Rate, replicates_of
from benchmark.statistics.subjects import interval
from benchmark.statistics.verification_scores import OVERALL, VerificationScores

FEW_SUBJECTS = 20
Z_ONE_PERCENT = 2.326  # one-sided
BY: tuple[Literal["subject", "pair"], ...] = ("subject", "pair")  # what a bootstrap draws again


@dataclass(frozen=True)
class Measures:
    """What one network reached, or a mean over networks; `None` where it cannot be said.

    Rates lie in [0, 1]; `tar` belongs to `roc.FARS`; `min_dcf` is relative to the better blind
    answer; `log_loss` is in nats. The last three need calibrated log-odds.
    """

    eer: float
    roc_auc: float
    average_precision: float
    tar: tuple[float | None, ...]
    min_dcf: float
    accuracy: float | None
    ece: float | None
    log_loss: float | None
    same: int
    different: int


@dataclass(frozen=True)
class Verification:
    """The networks of one recipe on one task.

    Attributes:
        measures: by "overall" (all impostors together) and each kind of impostor.
        eer: the equal error rate with its interval, by the same names.
        seed_eer: overall, of each seed.
        reasons: why a rate is missing, and why rates say little.
        constant: whether some network gave every trial the same similarity.
        unordered: whether some network's log-odds are all equal and nothing else is known of it.
        doubts: why networks are not calibrated, or not surely, see `calibrated.DOUBTS`.
        reversed: whether the overall EER is significantly above 50 %.
        subjects: how many classes the trials of one seed compare; 0 where that is not known.
        values: float64 [seeds, folds], the overall EER of each network, and `replicates` float64
            [2, seeds, folds, b] of it with subjects and with pairs drawn; None where not all seeds
            have the same folds, or subjects are not known. For comparisons with other rows.
        fold_subjects: number of subjects of each fold.
    """

    measures: dict[str, Measures]
    eer: dict[str, Interval]
    seed_eer: tuple[float, ...]
    reasons: tuple[str, ...]
    constant: bool
    unordered: bool = False
    doubts: tuple[str, ...] = ()
    reversed: bool = False
    subjects: int = 0
    values: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    replicates: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    fold_subjects: tuple[int, ...] = ()


def summarise(networks: Sequence[VerificationScores], name: str) -> Verification:
    """The numbers of networks that answered the same task; `name` keys the resampling.

    Raises:
        ValueError: for no networks, or trials of one answer alone.
    """
    if not networks:
        raise ValueError("there are no networks")
    shared = set.intersection(*(set(network.kind_names) for network in networks))
    names = (OVERALL, *(kind for kind in networks[0].kind_names[1:] if kind in shared))
    each = {kind: [measure(network, kind) for network in networks] for kind in names}
    seeds = sorted({network.seed for network in networks})
    rates = {kind: eer_against(kind) for kind in names}
    chosen, folds = _of_common_folds(networks, seeds)
    subjects = [_subjects(network) for network in chosen[: len(folds)]]
    drawn = {by: replicates_of(chosen, rates, name, by=by) for by in BY} if chosen else {}
    intervals: dict[str, Interval] = {}
    per_seed_overall: tuple[float, ...] = ()
    kept: tuple[Floats | None, Floats | None] = (None, None)
    for kind in names:
        per_seed = _per_seed(networks, each[kind], seeds)
        questions = each[kind][0].same + each[kind][0].different
        values, replicates = np.array(per_seed)[:, None], np.full((2, len(seeds), 1, 1), np.nan)
        if chosen:
            found = dict(zip(map(id, networks), each[kind], strict=True))
            values = np.array([found[id(network)].eer for network in chosen])
            values = values.reshape(len(seeds), -1)
            replicates = np.stack([drawn[by][kind] for by in BY])
            replicates = replicates.reshape(2, *values.shape, -1)
        intervals[kind] = interval(
            values, replicates, questions, subjects or [0], centre=float(np.mean(per_seed))
        )
        if kind == OVERALL:
            per_seed_overall = per_seed
            whole = len(chosen) == len(networks) and not np.isnan(replicates).all()
            kept = (values, replicates) if whole else (None, None)
    told = each[OVERALL][0]
    reasons = tuple(
        roc.too_few(far, told.different)
        for far, rate in zip(roc.FARS, told.tar, strict=True)
        if rate is None
    )
    people = sum(_subjects(network) for network in networks if network.seed == seeds[0])
    if 0 < people < FEW_SUBJECTS:
        reasons += (
            f"The trials compare {people} subjects, fewer than {FEW_SUBJECTS}: rates and their "
            "intervals say little about others",
        )
    means = {kind: _mean(found) for kind, found in each.items()}
    constant = {network.order is not None for network in networks if network.constant}
    doubts = {network.doubt for network in networks if network.doubt is not None}
    return Verification(
        means,
        intervals,
        per_seed_overall,
        reasons,
        constant=True in constant,
        unordered=False in constant,
        doubts=tuple(sorted(doubts)),
        reversed=above_chance(means[OVERALL], intervals[OVERALL]),
        subjects=people,
        values=kept[0],
        replicates=kept[1],
        fold_subjects=tuple(subjects),
    )


def above_chance(found: Measures, eer: Interval | None = None) -> bool:
    """Whether the EER is significantly above 50 %: same pairs score lower than different ones.

    By its 95 % interval over subjects where there is one, else by the normal approximation of the
    rank-sum test (Mann and Whitney 1947) at 1 %, which takes trials for independent.
    """
    if found.eer <= 0.5:
        return False
    if eer is not None and not math.isnan(eer.low):
        return eer.low > 0.5
    same, different = found.same, found.different
    deviation = math.sqrt((same + different + 1) / (12 * same * different))
    return found.roc_auc < 0.5 - Z_ONE_PERCENT * deviation


def eer_against(kind: str) -> Rate:
    """What a replicate's EER against impostors of one kind is."""

    def found(drawn: Drawn) -> Floats:
        return drawn.eer(kind)

    return found


def _of_common_folds(
    networks: Sequence[VerificationScores], seeds: Sequence[int]
) -> tuple[list[VerificationScores], list[int | None]]:
    """The networks of the folds that every seed has, by seed and then fold, and those folds.

    A seed that lacks a fold leaves the interval to the folds that all have.
    """
    folds = set.intersection(*({n.fold for n in networks if n.seed == seed} for seed in seeds))
    ordered = sorted(folds, key=lambda fold: fold or 0)
    place = {(network.seed, network.fold): network for network in networks}
    return [place[seed, fold] for seed in seeds for fold in ordered], ordered


def _per_seed(
    networks: Sequence[VerificationScores], found: list[Measures], seeds: list[int]
) -> tuple[float, ...]:
    """The EER of each seed, a mean over its folds."""
    by_seed: dict[int, list[float]] = defaultdict(list)
    for network, told in zip(networks, found, strict=True):
        by_seed[network.seed].append(told.eer)
    return tuple(float(np.mean(by_seed[seed])) for seed in seeds)


def measure(network: VerificationScores, kind: str = OVERALL) -> Measures:
    """One network's numbers, on all trials or on genuine ones against one kind of impostor."""
    chosen = _chosen(network, kind)
    odds, same = network.log_odds[chosen], network.same[chosen]
    curve = roc.roc(network.scores[chosen], same)
    calm = network.calibrated
    return Measures(
        roc.equal_error_rate(curve),
        roc.area(curve),
        roc.average_precision(curve),
        tuple(roc.tar_at(curve, far) for far in roc.FARS),
        roc.min_dcf(curve),
        calibrated.accuracy(odds, same) if calm else None,
        calibrated.expected_calibration_error(odds, same) if calm else None,
        calibrated.log_loss(odds, same) if calm else None,
        int(same.sum()),
        int((~same).sum()),
    )


def _chosen(network: VerificationScores, kind: str) -> NDArray[np.bool_]:
    if kind == OVERALL:
        return np.ones(len(network.same), dtype=bool)
    chosen: NDArray[np.bool_] = network.same | (network.kinds == network.kind_names.index(kind))
    return chosen


def _subjects(network: VerificationScores) -> int:
    return 0 if network.subjects is None else len(np.unique(network.subjects))


def _mean(found: list[Measures]) -> Measures:
    """Field by field; None where any network has none."""
    values = {}
    for each_field in fields(Measures):
        each = [getattr(one, each_field.name) for one in found]
        if each_field.name in ("same", "different"):
            values[each_field.name] = each[0]
        elif each_field.name == "tar":
            values["tar"] = tuple(_average(rates) for rates in zip(*each, strict=True))
        else:
            values[each_field.name] = _average(each)
    return Measures(**values)


def _average(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None
