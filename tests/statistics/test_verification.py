"""Rates against scikit-learn; intervals by subject; networks are never pooled."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats
from scipy.optimize import brentq
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from benchmark.statistics import calibrated, roc
from benchmark.statistics.resampled_rates import replicates_of
from benchmark.statistics.subjects import interval, multiplicities
from benchmark.statistics.verification import eer_against, measure, summarise
from benchmark.statistics.verification_scores import OVERALL, VerificationScores


def network(draw=0, trials=600, gap=1.0, ties=False, people=30, hard=0.0, **changes):
    random = np.random.default_rng(draw)
    kinds = np.repeat([0, 1, 2], trials)
    subjects = random.integers(0, people, (3 * trials, 2))
    subjects[:trials, 1] = subjects[:trials, 0]
    offset = np.random.default_rng(99).normal(0, hard, people)
    score = random.normal(0, 1, 3 * trials) + gap * (kinds == 0) + offset[subjects].sum(axis=1)
    score = np.round(score, 1) if ties else score
    names = ("genuine", "within", "across")
    return VerificationScores(
        score, kinds == 0, kinds, names, subjects, **({"seed": draw} | changes)
    )


def equal_error(score, same):
    far, tar, _ = roc_curve(same, score, drop_intermediate=False)
    return brentq(lambda x: 1 - x - np.interp(x, far, tar), 0, 1)


@pytest.mark.parametrize("ties", [False, True])
def test_against_scikit_learn(ties):
    one = network(ties=ties)
    for kind, kept in ((OVERALL, one.kinds >= 0), ("within", one.kinds < 2)):
        score, same = one.log_odds[kept], one.same[kept]
        found = measure(one, kind)
        assert found.roc_auc == pytest.approx(roc_auc_score(same, score), abs=1e-12)
        assert found.average_precision == pytest.approx(average_precision_score(same, score))
        assert found.eer == pytest.approx(equal_error(score, same), abs=1e-9)
        far, tar, _ = roc_curve(same, score, drop_intermediate=False)
        assert found.tar[0] == pytest.approx(tar[far <= 0.1].max())
        cost = 0.01 * (1 - tar) + 0.99 * far
        assert found.min_dcf == pytest.approx(cost.min() / 0.01)


def test_a_rate_needs_thirty_false_accepts_behind_it():
    curve = roc.roc(np.arange(3100.0), np.arange(3100) >= 3000)
    assert roc.tar_at(curve, 0.01) == 1.0 and roc.tar_at(curve, 0.001) is None
    found = summarise([network()], "x")
    assert found.measures[OVERALL].tar[0] is not None and found.measures[OVERALL].tar[1] is None
    assert found.reasons[0] == "TAR at FAR 0.01 needs 3,000 different pairs, there are 1,200"


def test_a_constant_scorer_has_half_and_is_named():
    one = network()
    flat = VerificationScores(
        np.zeros(1800), one.same, one.kinds, one.kind_names, one.subjects, order=np.zeros(1800, int)
    )
    found = summarise([flat], "x")
    told = found.measures[OVERALL]
    assert found.constant and (told.eer, told.roc_auc, told.accuracy) == (0.5, 0.5, 0.5)
    assert told.log_loss == pytest.approx(np.log(2))
    assert found.eer[OVERALL].low == found.eer[OVERALL].high == 0.5


def test_perfect_scores():
    one = network()
    perfect = VerificationScores(
        np.where(one.same, 5.0, -5.0), one.same, one.kinds, one.kind_names, None
    )
    found = summarise([perfect], "x")
    told = found.measures["across"]
    assert (told.eer, told.roc_auc, told.average_precision, told.min_dcf) == (0, 1, 1, 0)
    assert np.isnan(found.eer[OVERALL].half_width), "no subjects, no interval"


def test_calibration_by_hand():
    odds, same = np.array([2.0, -1.0, 0.5, -3.0]), np.array([True, True, False, False])
    p = 1 / (1 + np.exp(-odds))
    by_hand = (-np.log(p[0]) - np.log(p[1]) - np.log(1 - p[2]) - np.log(1 - p[3])) / 4
    assert calibrated.log_loss(odds, same) == pytest.approx(by_hand)
    assert calibrated.accuracy(odds, same) == 0.5
    gaps = np.abs(p - same) / 4  # four bins with one pair each
    assert calibrated.expected_calibration_error(odds, same) == pytest.approx(gaps.sum())
    one = network()
    bare = VerificationScores(
        one.log_odds, one.same, one.kinds, one.kind_names, None, calibrated=False
    )
    assert measure(bare).accuracy is None and measure(bare).eer == measure(one).eer


def test_networks_are_averaged_and_never_pooled():
    a, b = network(0), network(1)
    shifted = VerificationScores(b.log_odds + 50, b.same, b.kinds, b.kind_names, b.subjects, seed=1)
    found = summarise([a, shifted], "x")
    assert found.seed_eer == (measure(a).eer, measure(b).eer)
    assert found.eer[OVERALL].mean == pytest.approx((measure(a).eer + measure(b).eer) / 2)
    folds = [replace(network(n), seed=0, fold=n) for n in range(3)]
    told = summarise(folds, "x")
    assert len(told.seed_eer) == 1
    assert told.seed_eer[0] == pytest.approx(np.mean([measure(n).eer for n in folds]))


def test_replicates_are_the_eer_of_weighted_trials():
    one = network(trials=200, people=12, ties=True)
    drawn = multiplicities("x", 12)
    weight = np.where(
        one.subjects[:, 0] == one.subjects[:, 1],
        drawn[:, one.subjects[:, 0]],
        drawn[:, one.subjects[:, 0]] * drawn[:, one.subjects[:, 1]],
    )
    by_hand = []
    for row in weight:
        far, tar, _ = roc_curve(one.same, one.log_odds, sample_weight=row, drop_intermediate=False)
        by_hand.append(brentq(lambda x, f=far, t=tar: 1 - x - np.interp(x, f, t), 0, 1))
    pairs = replicates_of([one], {"EER": eer_against(OVERALL)}, "x", by="pair")["EER"][0]
    by_subject, by_pair = (12 / 10 * np.var(drawn, ddof=1) for drawn in (by_hand, pairs))
    error = np.sqrt(max(by_subject - 2 * by_pair, by_subject / 3))
    found = summarise([one], "x").eer[OVERALL]
    half = stats.t.ppf(0.975, 11) * error / (found.mean * (1 - found.mean))
    ends = special.expit(special.logit(found.mean) + half * np.array([-1, 1]))
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=2e-4)
    assert found.groups == 12 and found.degrees_of_freedom == pytest.approx(11)


def test_hard_subjects_and_unlike_seeds_widen_the_interval():
    plain, hard = summarise([network()], "x"), summarise([network(hard=1.0)], "x")
    assert hard.eer[OVERALL].half_width > 1.3 * plain.eer[OVERALL].half_width
    drawn = np.zeros((2, 3, 1, 101))
    drawn[0] = np.linspace(-0.05, 0.05, 101)
    alone = interval(np.array([[0.2]]), drawn[:, :1], 10, [20])
    three = interval(np.array([[0.15], [0.2], [0.25]]), drawn, 10, [20])
    assert three.half_width > 1.8 * alone.half_width
    assert alone.covers_training is False and three.covers_training


@pytest.mark.parametrize("mean", [0.0, 0.004, 0.5, 0.996, 1.0])
def test_an_interval_stays_between_nought_and_one(mean):
    drawn = np.random.default_rng(0).normal(0, 0.05, (2, 1, 1, 500))
    found = interval(np.array([[mean]]), drawn, 10, [8])
    assert 0 <= found.low <= mean <= found.high <= 1
    assert found.half_width == pytest.approx((found.high - found.low) / 2)


def test_two_subjects_and_unknown_ones_leave_no_interval():
    drawn = np.random.default_rng(0).normal(0, 0.05, (2, 1, 1, 500))
    assert np.isnan(interval(np.array([[0.2]]), drawn, 10, [2]).half_width)
    assert np.isnan(interval(np.array([[0.2]]), np.full((2, 1, 1, 1), np.nan), 10, [0]).low)


def test_a_seed_without_a_fold_leaves_the_interval_to_the_common_folds():
    folds = [replace(network(n), seed=s, fold=n) for s in (0, 1) for n in range(3)]
    whole, partial = summarise(folds, "x"), summarise(folds[:-1], "x")
    common = summarise([n for n in folds if n.fold != 2], "x")
    assert partial.eer[OVERALL].mean == pytest.approx(np.mean(partial.seed_eer))
    assert partial.eer[OVERALL].half_width == pytest.approx(common.eer[OVERALL].half_width, rel=0.1)
    assert partial.eer[OVERALL].groups == common.eer[OVERALL].groups < whole.eer[OVERALL].groups
    apart = [folds[0], folds[4]]  # no fold in common
    assert np.isnan(summarise(apart, "x").eer[OVERALL].half_width)


def test_draws_are_the_same_everywhere():
    drawn = multiplicities("glyphs-verification", 5, 3)
    assert drawn.sum(axis=1).tolist() == [5, 5, 5]
    assert np.array_equal(drawn, multiplicities("glyphs-verification", 5, 9)[:3])
    assert not np.array_equal(drawn, multiplicities("another", 5, 3))


def test_one_answer_alone_is_refused():
    with pytest.raises(ValueError, match="not"):
        roc.roc(np.arange(3.0), np.ones(3, dtype=bool))
    with pytest.raises(ValueError, match="no networks"):
        summarise([], "x")


def test_few_subjects_are_said_to_be_few():
    few, enough = summarise([network(people=12)], "x"), summarise([network(people=30)], "x")
    assert few.subjects == 12 and any("12 subjects" in reason for reason in few.reasons)
    assert enough.subjects == 30 and not any("subjects" in reason for reason in enough.reasons)
    folds = [network(draw=1, people=12, seed=0, fold=0), network(draw=2, people=12, seed=0, fold=1)]
    assert summarise(folds, "x").subjects == 24, "other people in each fold"
    seeds = [network(draw=1, people=12, seed=0), network(draw=2, people=12, seed=1)]
    assert summarise(seeds, "x").subjects == 12, "the same people for each seed"
