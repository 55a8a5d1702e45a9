"""Paired rates: replicates by brute force, parts of the variance by hand, coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import brentq
from simulated_trials import answers, people_and_pairs
from sklearn.metrics import roc_auc_score, roc_curve

from benchmark.statistics.paired_rates import compare_networks
from benchmark.statistics.resampled_rates import replicates_of
from benchmark.statistics.subjects import multiplicities
from benchmark.statistics.verification import eer_against, measure, summarise
from benchmark.statistics.verification_scores import VerificationScores

PEOPLE = 12
RATES = {
    "EER": eer_against("overall"),
    "ROC-AUC": lambda drawn: drawn.roc_auc(),
    "TAR at FAR 0.1": lambda drawn: drawn.tar(0.1),
}


def pair(draw=0, people=PEOPLE, ties=False, fold=None, **more):
    random = np.random.default_rng(draw)
    pairs = people_and_pairs(random, people)
    sides = [answers(random, pairs, people, gap, **more) for gap in (1.6, 1.2)]
    if ties:
        sides = [[replace(n, log_odds=n.log_odds.round(1)) for n in side] for side in sides]
    return [[replace(n, fold=fold) for n in side] for side in sides]


def eer_of(score, same, weight=None):
    far, tar, _ = roc_curve(same, score, sample_weight=weight, drop_intermediate=False)
    return brentq(lambda x: 1 - x - np.interp(x, far, tar), 0, 1)


def named(found, name="EER"):
    (one,) = [rate for rate in found.rates if rate.name == name]
    return one


@pytest.mark.parametrize("ties", [False, True])
def test_replicates_are_the_rates_of_repeated_trials(ties):
    (one,), _ = pair(ties=ties)
    found = replicates_of([one], RATES, "x", replicates=25)
    for number, drawn in enumerate(multiplicities("x", PEOPLE, 25).astype(int)):
        left, right = one.subjects.T
        often = np.where(left == right, drawn[left], drawn[left] * drawn[right])
        score, same = np.repeat(one.log_odds, often), np.repeat(one.same, often)
        far, tar, _ = roc_curve(same, score, drop_intermediate=False)
        assert found["ROC-AUC"][0, number] == pytest.approx(roc_auc_score(same, score))
        assert found["TAR at FAR 0.1"][0, number] == pytest.approx(tar[far <= 0.1].max())
        assert found["EER"][0, number] == pytest.approx(eer_of(score, same), abs=1e-9)


def test_pairs_are_drawn_whole_whichever_side_comes_first():
    (one,), _ = pair()
    turned = np.where(
        (np.arange(len(one.same)) % 2 == 0)[:, None], one.subjects, one.subjects[:, ::-1]
    )
    found = replicates_of([replace(one, subjects=turned)], RATES, "x", 25, by="pair")
    two, number = np.unique(np.sort(one.subjects[~one.same], axis=1), axis=0, return_inverse=True)
    for row, drawn in enumerate(multiplicities("x/pairs", len(two), 25).astype(int)):
        often = np.ones(len(one.same), dtype=int)
        often[~one.same] = drawn[number]
        score, same = np.repeat(one.log_odds, often), np.repeat(one.same, often)
        assert found["ROC-AUC"][0, row] == pytest.approx(roc_auc_score(same, score))
        assert found["EER"][0, row] == pytest.approx(eer_of(score, same), abs=1e-9)


def spread(networks, name, less_pairs=True):
    """Variance by subjects of the first half minus the second, of one fold, from the replicates."""
    parts = []
    for by in ("subject", "pair"):
        drawn = replicates_of(networks, RATES, "x", by=by)[name].reshape(2, -1, 500).mean(axis=1)
        parts.append(PEOPLE / (PEOPLE - 2) * (drawn[0] - drawn[1]).var(ddof=1))
    return parts[0] - 2 * parts[1] if less_pairs else parts[0]


def test_the_error_is_that_of_the_paired_replicates():
    a, b = pair()
    found = compare_networks(a, b, "x", luck=(False, False))
    for name in RATES:
        each = [measure(side[0]) for side in (a, b)]
        values = {"EER": [m.eer for m in each], "ROC-AUC": [m.roc_auc for m in each],
                  "TAR at FAR 0.1": [m.tar[0] for m in each]}[name]  # fmt: skip
        told, error = named(found, name).paired, np.sqrt(spread([*a, *b], name))
        assert error**2 > spread([*a, *b], name, less_pairs=False) / 3
        assert told.difference == pytest.approx(values[0] - values[1])
        assert told.standard_error == pytest.approx(error)
        assert told.half_width == pytest.approx(stats.t.ppf(0.975, PEOPLE - 1) * error)
        assert told.p == pytest.approx(2 * stats.t.sf(abs(told.difference) / error, PEOPLE - 1))
        assert (told.unit, told.units, told.covers_training) == ("subject", PEOPLE, True)
    assert [rate.name for rate in found.rates] == list(RATES), "one kind of impostor: no other EER"


def test_the_error_of_an_area_is_that_of_dyads():
    """The closed form: placements of trials, every two that share a subject counted once."""
    a, b = pair(people=40)
    influence = np.zeros(len(a[0].same))
    for sign, network in ((1, a[0]), (-1, b[0])):
        score, same = network.log_odds, network.same
        above = (score[same][:, None] > score[~same]).astype(float)
        area = above.mean()
        influence[same] += sign * (above.mean(axis=1) - area) / same.sum()
        influence[~same] += sign * (above.mean(axis=0) - area) / (~same).sum()
    left, right = a[0].subjects.T
    share = (left[:, None] == left) | (left[:, None] == right)
    share |= (right[:, None] == left) | (right[:, None] == right)
    variance = influence @ share @ influence
    told = named(compare_networks(a, b, "x"), "ROC-AUC").paired
    assert told.standard_error == pytest.approx(np.sqrt(variance), rel=0.12)


def test_pairing_drops_out_what_both_find_hard():
    a, b = pair(hard=1.2)
    shared = np.random.default_rng(3).normal(0, 1.5, PEOPLE)
    both = [
        [replace(n, log_odds=n.log_odds + shared[n.subjects].sum(axis=1)) for n in side]
        for side in (a, b)
    ]
    found = compare_networks(*both, "x")
    alone = [interval.half_width for interval in found.eer]
    assert named(found).paired.half_width < 0.85 * np.hypot(*alone)
    for side, interval in zip(both, found.eer, strict=True):
        assert interval == summarise(side, "x").eer["overall"], "each alone as its table has it"


def test_folds_are_averaged_and_never_pooled():
    folds = [pair(draw, fold=draw) for draw in range(3)]
    a, b = ([network for fold in folds for network in fold[side]] for side in (0, 1))
    shifted = [replace(n, log_odds=n.log_odds + 40 * n.fold) for n in a]
    found, moved = compare_networks(a, b, "x"), compare_networks(shifted, b, "x")
    told = named(found).paired
    assert named(moved).paired.standard_error == pytest.approx(told.standard_error)
    each = [measure(one).eer - measure(two).eer for one, two in zip(a, b, strict=True)]
    assert told.difference == pytest.approx(np.mean(each))
    of_folds = sum(spread([one, two], "EER") for one, two in zip(a, b, strict=True))
    assert told.standard_error == pytest.approx(np.sqrt(of_folds / 9))
    assert told.degrees_of_freedom == 3 * (PEOPLE - 1) and told.units == 3 * PEOPLE


def test_seeds_are_a_part_of_their_own():
    a, b = pair(people=40, seeds=4, luck=0.0)
    lucky, _ = pair(people=40, seeds=4, luck=0.5)
    calm, wide = named(compare_networks(a, b, "x")), named(compare_networks(lucky, b, "x"))
    of_seeds = np.array(wide.a)
    raw = of_seeds.var(ddof=1) / 4
    assert 0.8 * raw < wide.paired.variance.luck[0] <= raw
    # Without luck seeds still differ, by trials that suit one or the other: no luck is seen in it.
    assert calm.paired.variance.luck[0] < 0.3 * np.array(calm.a).var(ddof=1)
    assert wide.paired.half_width > 1.5 * calm.paired.half_width
    single = compare_networks(lucky[:1], b, "x")
    assert not named(single).paired.covers_training and np.isnan(named(single).paired.p)
    assert named(single).paired.half_width > 0
    assert named(compare_networks(lucky[:1], b, "x", luck=(False, True))).paired.covers_training


def test_the_same_networks_share_their_luck():
    a, _ = pair(people=40, seeds=3, luck=0.5)
    random = np.random.default_rng(8)
    heads = [replace(n, log_odds=n.log_odds + random.normal(0, 0.1, len(n.same))) for n in a]
    same = named(compare_networks(a, heads, "x", same_networks=True)).paired
    apart = named(compare_networks(a, heads, "x")).paired
    assert same.difference == apart.difference
    assert same.half_width < apart.half_width / 3 and same.same_networks
    with pytest.raises(ValueError, match="seeds do not pair"):
        compare_networks(a, heads[:1], "x", same_networks=True)


def test_p_is_the_level_at_which_the_interval_touches_zero():
    a, b = pair(people=20, seeds=3, luck=0.2)
    told = named(compare_networks(a, b, "x")).paired
    assert 1e-4 < told.p < 0.5
    touching = named(compare_networks(a, b, "x", level=1 - told.p)).paired
    assert min(abs(touching.low), abs(touching.high)) == pytest.approx(0, abs=1e-5)
    turned = named(compare_networks(b, a, "x")).paired
    assert (turned.difference, turned.p) == pytest.approx((-told.difference, told.p))
    equal = named(compare_networks(a, a, "x", same_networks=True)).paired
    assert (equal.difference, equal.half_width, equal.p) == (0, 0, 1)


def test_refuses_what_does_not_pair():
    a, b = pair()
    other, _ = pair(1)
    with pytest.raises(ValueError, match="different trials"):
        compare_networks(a, other, "x")
    with pytest.raises(ValueError, match="different folds"):
        compare_networks([replace(a[0], fold=0)], [replace(b[0], fold=1)], "x")
    with pytest.raises(ValueError, match="no networks"):
        compare_networks(a, [], "x")
    bare = [[replace(n, subjects=None) for n in side] for side in (a, b)]
    assert np.isnan(named(compare_networks(*bare, "x")).paired.half_width)


def test_a_rate_with_too_few_impostors_is_left_out():
    a, b = pair(people=8)
    assert [rate.name for rate in compare_networks(a, b, "x").rates] == ["EER", "ROC-AUC"]
    kinds = np.where(a[0].same, 0, 1 + np.arange(len(a[0].same)) % 2)
    three = [
        [VerificationScores(n.log_odds, n.same, kinds, ("genuine", "within", "across"), n.subjects)]
        for n in (a[0], b[0])
    ]
    told = [rate.name for rate in compare_networks(*three, "x").rates]
    assert told == ["EER", "EER within", "EER across", "ROC-AUC"]


@pytest.mark.simulation
@pytest.mark.parametrize(
    ("people", "seeds", "luck", "hard", "trials"),
    [(20, 1, 0.0, 0.8, 100), (12, 1, 0.0, 0.8, 100), (20, 3, 0.15, 0.4, 40)],
)
def test_covers_and_seldom_alarms_for_equal_models(people, seeds, luck, hard, trials):
    random = np.random.default_rng(17)
    covered = []
    for number in range(trials):
        pairs = people_and_pairs(random, people, 8, 12)
        a, b = (answers(random, pairs, people, 1.6, hard, seeds, luck) for _ in range(2))
        told = named(compare_networks(a, b, f"{number}", luck=(seeds > 1, seeds > 1))).paired
        covered.append(told.low <= 0 <= told.high)
        assert covered[-1] == (told.p >= 0.05)
    assert np.mean(covered) >= 0.88, "three standard errors below 95 %"
