"""Temperatures against SciPy, bins against a plain count, and what a record holds of them."""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.calibration import calibration_curve

import benchmark
from benchmark.evaluation.calibration import BINS, Binned, Kept, temperature
from benchmark.records.schema import Calibration, Record
from benchmark.records.store import encode
from benchmark.statistics.calibration import reliability


class Flat:
    """Pixels of small images."""

    input_size = 8

    def embed(self, images):
        return images.flatten(1)


def drawn(m=4_000, n=5, sharpness=0.7, scale=30.0, seed=0):
    """Labels that follow softmax(sharpness * unit), and scores that are `scale` times too large."""
    random = np.random.default_rng(seed)
    unit = random.normal(size=(m, n))
    chances = np.exp(log_softmax(sharpness * unit, axis=1))
    labels = (chances.cumsum(axis=1) > random.random((m, 1))).argmax(axis=1)
    return torch.from_numpy(scale * unit), torch.from_numpy(labels)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_temperature_is_the_most_likely_one(scale):
    scores, labels = drawn(scale=scale)

    def loss(log):
        logits = scores.numpy() / np.exp(log)
        return -log_softmax(logits, axis=1)[np.arange(len(labels)), labels.numpy()].mean()

    best = np.exp(minimize_scalar(loss, bracket=(np.log(scale), np.log(3 * scale))).x)
    assert temperature(scores, labels) == pytest.approx(best, rel=1e-3)
    assert temperature(scores, labels) == pytest.approx(scale / 0.7, rel=0.1)


def test_scores_that_say_nothing_have_no_temperature():
    labels = torch.tensor([0, 1, 2])
    assert temperature(torch.ones(3, 3).double(), labels) is None
    assert temperature(-torch.eye(3).double(), labels) is None, "surest of what is wrong"
    assert 0 < temperature(torch.eye(3).double(), labels) < 1e-9, "always right"


def test_bins_are_a_plain_count():
    scores, labels = drawn(m=600)
    binned = Binned(40.0)
    for part in (slice(0, 250), slice(250, 600)):
        binned(scores[None, part].float(), labels[None, part])
    told = binned.counts()
    chances = torch.softmax(scores.float() / 40, dim=1)
    confidence, best = (values.numpy() for values in chances.max(dim=1))
    where = np.minimum((confidence.astype(float) * BINS).astype(int), BINS - 1)
    right = best == labels.numpy()
    assert told.answers == np.bincount(where, minlength=BINS).tolist()
    assert told.correct == np.bincount(where, weights=right, minlength=BINS).astype(int).tolist()
    sums = np.bincount(where, weights=confidence, minlength=BINS)
    assert np.allclose(np.array(told.confidence_millionths) / 1e6, sums, atol=1e-4)


def binned(scores, labels, at):
    found = Binned(at)
    found(scores[None], labels[None])
    told = found.counts()
    return reliability(told.answers, told.correct, told.confidence_millionths)


def test_the_temperature_makes_answers_calibrated_and_bins_are_scikit_learns():
    scores, labels = drawn(m=20_000, sharpness=2.0)
    at = temperature(scores, labels)
    before, after = binned(scores, labels, 1.0), binned(scores, labels, at)
    assert before.expected_error > 0.1 and after.expected_error < 0.02
    chances = torch.softmax(scores / at, dim=1)
    right = (chances.argmax(dim=1) == labels).numpy()
    share, said = calibration_curve(right, chances.amax(dim=1).numpy(), n_bins=BINS)
    full = ~np.isnan(after.accuracy)
    assert np.array(after.accuracy)[full] == pytest.approx(share)
    assert np.array(after.confidence)[full] == pytest.approx(said, abs=1e-5)


def test_reliability_by_hand():
    summary = reliability([1, 3, 0], [1, 2, 0], [500_000, 2_300_000, 0])
    assert summary.expected_error == pytest.approx((0.5 + 3 * (2.3 / 3 - 2 / 3)) / 4)
    assert summary.largest_error == pytest.approx(0.5) and np.isnan(summary.accuracy[2])
    with pytest.raises(ValueError, match="no answers"):
        reliability([0], [0], [0])


def test_only_the_first_episodes_are_kept(monkeypatch):
    monkeypatch.setattr("benchmark.evaluation.calibration.FITTED", 3)
    scores, labels = drawn(m=40)
    kept = Kept()
    for _ in range(3):
        kept(scores.view(2, 20, 5), labels.view(2, 20))
    twice = torch.cat([scores, scores[:20]]), torch.cat([labels, labels[:20]])
    assert kept.temperature() == pytest.approx(temperature(*twice))


def test_a_record_holds_the_counts_and_they_add_up():
    record = benchmark.evaluate(Flat, "glyphs-5w1s")
    told = record.calibration
    assert sum(told.answers) == 75 * 10_000
    assert sum(told.correct) == sum(record.outcome.correct), "the temperature moves no decision"
    gap = sum(told.confidence_millionths) / 1e6 - sum(told.correct)
    assert abs(gap) / sum(told.answers) < 0.1
    assert Record.model_validate_json(encode(record)) == record


def test_records_from_before_keep_their_ids():
    record = benchmark.evaluate(Flat, "glyphs-5w1s")
    data = record.model_dump(mode="json", by_alias=True)
    without = Record.model_validate({**data, "calibration": None, "id": ""})
    assert b'"calibration"' not in encode(without)
    assert Record.model_validate_json(encode(without)).id == without.id != record.id


@pytest.mark.parametrize(
    "lists", [([3], [4], [1]), ([3, 1], [2], [1, 1]), ([3], [-1], [1]), ([], [], [])]
)
def test_counts_that_cannot_be_are_refused(lists):
    names = ("answers", "correct", "confidence_millionths")
    with pytest.raises(ValueError, match="calibration|correct|at least 1"):
        Calibration(temperature_millionths=1, **dict(zip(names, lists, strict=True)))
