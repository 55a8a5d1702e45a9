"""No strictly increasing map of a model's similarities changes a measure of ranking."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmark.evaluation import outcome as evaluation_outcome
from benchmark.evaluation import platt
from benchmark.evaluation.recompute import compared
from benchmark.evaluation.verification import Scores
from benchmark.protocols.verification import score as verification_score
from benchmark.records.packed import Integers
from benchmark.records.schema import LogOdds, Record
from benchmark.report import outcomes
from benchmark.report.cells import CONSTANT, REVERSED, UNCALIBRATED, UNCERTAIN, UNORDERED
from benchmark.report.figures.rates import _tar
from benchmark.statistics.paired_rates import compare_networks
from benchmark.statistics.verification import summarise
from benchmark.statistics.verification_scores import OVERALL
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import Task, TrialKind
from benchmark.tasks.trials import draw_trials

RANKING = ("eer", "roc_auc", "average_precision", "tar", "min_dcf")
MAPS = {
    "exp": np.exp,
    "cube": lambda x: x**3,
    "tiny slope": lambda x: 1e-18 * x - 1e-18,
    "huge slope": lambda x: 1e18 * x + 1e17,
    "beyond squares": lambda x: 1e200 * x,
    "below squares": lambda x: 1e-200 * x,
    "sigmoid": lambda x: expit(x / 4),
    "far offset": lambda x: x + 2.0**20,
    "ranks": lambda x: np.unique(x, return_inverse=True)[1].astype(float),
}


def loaded(blobs, split):
    kinds = tuple(TrialKind(kind, 400) for kind in ("genuine", "within", "across"))
    wanted = Task(
        "mine-verification", 1, "mine", split, 1, 1, 1, 1_200, "alphabet", "drawer",
        protocol="verification", kinds=kinds,
    )  # fmt: skip
    return LoadedTask(wanted, blobs, draw_trials(wanted, blobs, list(range(12))), blobs.class_names)


def similarities(same, near, seed=0):
    """float64 [t]: overlapping; with `near`, many differ in their last digits only, some tie."""
    random = np.random.default_rng(seed)
    x = random.normal(0, 1, len(same)) + 1.2 * same
    x = np.round(x, 3)
    if near:
        x = np.round(x, 1) + 2.0**-24 * random.integers(0, 40, len(same))
    return x


def asked(monkeypatch, task, scores, scaling=None):
    """What a record holds of a model with these similarities."""
    found = Scores(scores, task.episodes, 0.0, 0.0)
    monkeypatch.setattr(verification_score, "score_trials", lambda *given, **named: found)
    return evaluation_outcome.ask(object(), task, seed=0, device="cpu", scaling=scaling)


def network(outcome, **changes):
    made = outcomes.network("mine-verification", outcome)
    assert made is not None
    return replace(made, **changes)


@pytest.mark.parametrize("near", [False, True])
@pytest.mark.parametrize("name", MAPS)
def test_no_increasing_map_changes_a_rank(monkeypatch, blobs, name, near):
    validation, test = loaded(blobs, "validation"), loaded(blobs, "test")
    same = test.episodes.labels.same
    told = []
    for change in (lambda x: x, MAPS[name]):
        fitted = asked(
            monkeypatch, validation,
            change(similarities(validation.episodes.labels.same, near, 1)),
        )  # fmt: skip
        scores = change(similarities(same, near))
        told.append(asked(monkeypatch, test, scores, fitted.scaling).outcome)
        assert len(np.unique(scores)) == len(np.unique(similarities(same, near))), "no map of ties"
    plain, mapped = (network(outcome) for outcome in told)
    found = [summarise([one], "x") for one in (plain, mapped)]
    for kind in (OVERALL, "within", "across"):
        for field in RANKING:
            one, two = (getattr(each.measures[kind], field) for each in found)
            assert one == two, (kind, field)
        assert found[0].eer[kind] == found[1].eer[kind]
        grid = np.logspace(-2, 0, 20)
        assert (_tar(plain, kind, grid) == _tar(mapped, kind, grid)).all()
    score = similarities(same, near)
    assert found[0].measures[OVERALL].roc_auc == pytest.approx(roc_auc_score(same, score))
    assert found[0].measures[OVERALL].average_precision == pytest.approx(
        average_precision_score(same, score)
    )
    other = network(told[0], order=np.roll(plain.order, 7))
    rates = [
        compare_networks([one], [other], "x", luck=(False, False)).rates for one in (plain, mapped)
    ]
    for one, two in zip(*rates, strict=True):
        assert (one.name, one.a, one.b) == (two.name, two.a, two.b)
        assert one.paired.p == two.paired.p


@pytest.mark.parametrize("name", ["exp", "cube", "tiny slope", "huge slope", "sigmoid"])
def test_float32_similarities_of_a_head(blobs, name):
    """Through the model itself: a head whose similarity is a map of another's."""
    change = {
        "exp": torch.exp, "cube": lambda x: x**3, "tiny slope": lambda x: 1e-20 * x,
        "huge slope": lambda x: 1e20 * x, "sigmoid": torch.sigmoid,
    }[name]  # fmt: skip

    class Head:
        def __init__(self, change):
            self.change = change

        def embed(self, images):
            return images.flatten(1)

        def compare(self, a, b):
            return self.change(1 - (a.double() - b.double()).square().mean(dim=1))

    found = []
    for each in (lambda x: x, change):
        validated = evaluation_outcome.ask(
            Head(each), loaded(blobs, "validation"), seed=0, device="cpu"
        )  # fmt: skip
        tested = evaluation_outcome.ask(
            Head(each), loaded(blobs, "test"), seed=0, device="cpu", scaling=validated.scaling
        )
        found.append(tested.outcome)
    assert found[0].order == found[1].order and found[0].calibrated and found[1].calibrated


IMPOSSIBLE = {
    "reversed": lambda same, x: -x,
    "constant": lambda same, x: np.full(len(x), 0.25),
    "one answer": lambda same, x: x,
}


@pytest.mark.parametrize("doubt", IMPOSSIBLE)
def test_impossible_calibration_costs_no_rank(monkeypatch, blobs, doubt):
    validation, test = loaded(blobs, "validation"), loaded(blobs, "test")
    labels = validation.episodes.labels
    if doubt == "one answer":
        kept = validation.episodes.take(np.flatnonzero(labels.same))
        validation = replace(validation, episodes=kept)
    same = validation.episodes.labels.same
    fitted = asked(monkeypatch, validation, IMPOSSIBLE[doubt](same, similarities(same, False)))
    assert not fitted.outcome.calibrated and fitted.outcome.doubt == doubt
    truth = test.episodes.labels.same
    outcome = asked(monkeypatch, test, truth + 0.5, fitted.scaling).outcome
    assert (outcome.calibrated, outcome.doubt) == (False, doubt)
    found = summarise([network(outcome)], "x")
    measured = found.measures[OVERALL]
    assert measured.eer == 0 and measured.roc_auc == 1
    assert (measured.accuracy, measured.ece, measured.log_loss) == (None, None, None)
    assert marks_of(found) == UNCALIBRATED
    told = record(outcome)
    assert "Cannot be calibrated" in outcomes.remarks(told)[0]
    assert outcomes.headline("mine-verification", fitted.outcome) is None or doubt != "one answer"


def marks_of(found):
    from benchmark.report.aggregate import Result
    from benchmark.report.cells import marks, notes

    result = Result(SimpleNamespace(), accuracy=found.eer[OVERALL], summary=found)
    for note in notes([result]):
        assert "{" not in note
    return marks(result).replace("†", "")


def record(outcome, **changes):
    return Record.model_validate(
        {
            "schema": 1,
            "task": {"name": "mine-verification", "version": 1, "data_digest": "0" * 64,
                     "episode_digest": "0" * 64, "episodes": outcome.answered},
            "model": {"key": "x", "recipe": {}}, "seed": 0,
            "outcome": outcome.model_dump(),
            "provenance": {"suite": "0", "python": "3", "torch": "2", "device": "cpu",
                           "platform": "x"},
        }
        | changes
    )  # fmt: skip


def test_uncertain_calibrations_are_named(monkeypatch, blobs):
    validation = loaded(blobs, "validation")
    same = validation.episodes.labels.same
    parted = asked(monkeypatch, validation, same + 0.0).outcome
    assert (parted.calibrated, parted.doubt) == (True, "separated")
    few = np.concatenate([np.flatnonzero(same)[:15], np.flatnonzero(~same)[::15]])
    small = replace(validation, episodes=validation.episodes.take(few))
    outcome = asked(
        monkeypatch, small, similarities(small.episodes.labels.same, False)
    ).outcome  # fmt: skip
    assert (outcome.calibrated, outcome.doubt) == (True, "few")
    assert marks_of(summarise([network(outcome)], "x")) == UNCERTAIN
    assert "uncertain" in outcomes.remarks(record(outcome))[0]


def test_an_eer_above_chance_asks_for_the_sign(monkeypatch, blobs):
    test = loaded(blobs, "test")
    same = test.episodes.labels.same
    for scores, reversed_ in ((-similarities(same, False), True), (same * 0.0, False)):
        outcome = asked(monkeypatch, test, scores).outcome
        for one in (network(outcome), network(outcome, subjects=None)):
            found = summarise([one], "x")
            assert found.reversed is reversed_
        assert (REVERSED in marks_of(found)) is reversed_
        assert any("reversed?" in line for line in outcomes.remarks(record(outcome))) is reversed_
    random = np.random.default_rng(3).normal(size=len(same))  # chance is no question
    assert not summarise([network(asked(monkeypatch, test, random).outcome)], "x").reversed


def test_a_constant_model_and_a_record_without_an_order_are_told_apart(monkeypatch, blobs):
    test = loaded(blobs, "test")
    constant = asked(monkeypatch, test, np.full(len(test.episodes), 3.0)).outcome
    assert CONSTANT in marks_of(summarise([network(constant)], "x"))
    old = constant.model_copy(update={"order": None})
    marks = marks_of(summarise([network(old)], "x"))
    assert UNORDERED in marks and CONSTANT not in marks


def test_records_without_an_order_keep_id_and_verdict(monkeypatch, blobs):
    test = loaded(blobs, "test")
    new = asked(monkeypatch, test, similarities(test.episodes.labels.same, False)).outcome
    old = new.model_copy(update={"order": None})
    assert "order" not in old.model_dump() and "doubt" not in old.model_dump()
    assert compared(record(old), record(new)).verdict == "identical"
    assert compared(record(new), record(new)).verdict == "identical"
    other = new.model_copy(update={"order": Integers(list(reversed(list(new.order))))})
    assert compared(record(new), record(other)).verdict != "identical"
    assert record(old).id != record(new).id != record(other).id
    with pytest.raises(ValueError, match="order"):
        LogOdds(thousandths=[1, 2, 3], order=[0, 1])


def test_every_rate_of_a_network_is_covered():
    from benchmark.statistics.verification import Measures

    others = {"accuracy", "ece", "log_loss", "same", "different"}
    assert {field.name for field in fields(Measures)} == others | set(RANKING)


def test_a_twin_without_a_calibration_gives_no_probability():
    from benchmark.twin.calibrate import Calibration
    from benchmark.twin.wording import calibration_line

    none = Calibration("mine-verification@validation", 12, 0.0, 0.0, 0.5, "reversed")
    assert not none.fitted and none.threshold is None
    assert "cannot be calibrated" in calibration_line(none)
    assert "% are told right" not in calibration_line(none)
    few = Calibration("mine-verification@validation", 12, 1.0, 0.0, 0.9, "few")
    assert few.fitted and "fewer than 20" in calibration_line(few)


@pytest.mark.parametrize("factor", [1e-300, 1e-18, 1.0, 1e18, 1e250])
def test_calibration_does_not_depend_on_the_scale(factor):
    random = np.random.default_rng(0)
    same = np.arange(400) < 150
    scores = random.normal(0, 1, 400) + 1.5 * same
    plain = platt.fit(scores, same).thousandths(scores)
    scaled = platt.fit(factor * scores, same)
    assert scaled.calibrated
    assert np.abs(scaled.thousandths(factor * scores) - plain).max() <= 1
    assert (platt.standardised(factor * scores).thousandths(factor * scores) != 0).any()
