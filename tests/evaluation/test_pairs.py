"""Verification and retrieval answered: by every way, each item once, calibrated, in records."""

import numpy as np
import pytest
import torch

import benchmark
from benchmark.errors import ModelFailed, Refused
from benchmark.evaluation import platt
from benchmark.evaluation.outcome import ask, not_answered
from benchmark.evaluation.recompute import compared
from benchmark.evaluation.verification import score_trials
from benchmark.records import store
from benchmark.records.schema import Record
from benchmark.records.verify import verify
from benchmark.tasks import task
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import Task, TrialKind
from benchmark.tasks.trials import draw_trials

KINDS = tuple(TrialKind(kind, 100) for kind in ("genuine", "within", "across"))


def make(blobs, split="validation", references=1):
    wanted = Task(
        "blobs-verification", 1, "blobs", split, 1, references, 1, 300, "alphabet", "drawer",
        protocol="verification", kinds=KINDS,
    )  # fmt: skip
    trials = draw_trials(wanted, blobs, list(range(12)))
    return LoadedTask(wanted, blobs, trials, blobs.class_names)


class Flat:
    def __init__(self, distance="euclidean"):
        self.distance, self.seen = distance, 0

    def embed(self, images):
        self.seen += len(images)
        return images.flatten(1)


class Head(Flat):
    def compare(self, a, b):
        return -(a - b).norm(dim=1)


class Pairs:
    def similarity(self, support, queries):
        return -torch.cdist(queries.flatten(1), support.flatten(1))


class Classifier(Flat):
    def classify(self, support, labels, queries):
        raise AssertionError("two items are no episode")


class Episodic:
    trained_for = (5, 1)

    def classify_episode(self, support, labels, queries, generator):
        raise AssertionError


DISTANCES = {
    "euclidean": lambda a, b: -np.linalg.norm(a - b),
    "squared-euclidean": lambda a, b: -((a - b) ** 2).sum(),
    "cosine": lambda a, b: a @ b / np.linalg.norm(a) / np.linalg.norm(b),
    "dot-product": lambda a, b: a @ b,
    "manhattan": lambda a, b: -np.abs(a - b).sum(),
}


@pytest.mark.parametrize("distance", list(DISTANCES))
def test_scores_are_the_declared_distance_and_items_are_embedded_once(blobs, distance):
    loaded, model = make(blobs), Flat(distance)
    found = score_trials(model, loaded)
    flat = blobs.images().reshape(len(blobs), -1) / 255
    trials = loaded.episodes
    by_hand = [
        DISTANCES[distance](flat[a[0]], flat[b])
        for a, b in zip(trials.references, trials.probes, strict=True)
    ]
    assert np.allclose(found.scores, by_hand, rtol=1e-4, atol=1e-4)
    assert model.seen == len(trials.items())
    assert found.scores[trials.labels.same].mean() > found.scores[~trials.labels.same].mean()


@pytest.mark.parametrize("shots", ["prototype", "nearest", "mean-similarity"])
def test_several_references_follow_the_rule_of_shots(blobs, shots):
    loaded = make(blobs, references=3)
    found = score_trials(Flat(), loaded, shots=shots).scores
    flat = blobs.images().reshape(len(blobs), -1) / 255
    for t in (0, 150, 299):
        references, probe = flat[loaded.episodes.references[t]], flat[loaded.episodes.probes[t]]
        each = -np.linalg.norm(references - probe, axis=1)
        mean = -np.linalg.norm(references.mean(axis=0) - probe)
        wanted = {"prototype": mean, "nearest": each.max(), "mean-similarity": each.mean()}[shots]
        assert found[t] == pytest.approx(wanted, rel=1e-4)
    if shots != "prototype":
        assert np.allclose(score_trials(Head(), loaded, shots=shots).scores, found, rtol=1e-4)
        assert np.allclose(score_trials(Pairs(), loaded, shots=shots).scores, found, rtol=1e-4)


def test_classifiers_are_asked_by_their_embedding_and_episodic_models_refused(blobs):
    loaded = make(blobs)
    assert np.array_equal(
        score_trials(Classifier(), loaded).scores, score_trials(Flat(), loaded).scores
    )
    verification = task("glyphs-verification")
    assert "no similarity of two items" in not_answered(Episodic(), verification)
    assert "5-way 1-shot" in not_answered(Episodic(), task("glyphs-20w1s"))
    assert not_answered(Classifier(), verification) is None
    with pytest.raises(Refused, match="cannot verify"):
        score_trials(Episodic(), loaded)
    with pytest.raises(Refused, match="no similarity of two items"):
        benchmark.evaluate(Episodic, "glyphs-verification")


def test_wrong_answers_fail(blobs):
    class Nan(Flat):
        def compare(self, a, b):
            return a[:, 0] * torch.nan

    class Wide(Flat):
        def compare(self, a, b):
            return a

    for model, says in ((Nan(), "not finite"), (Wide(), "expected")):
        with pytest.raises(ModelFailed, match=says):
            score_trials(model, make(blobs))


def test_platt_is_the_weighted_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    same = np.arange(3000) < 1000
    score = 40 + 3 * (random.normal(0, 1, 3000) + 1.5 * same)
    found = platt.fit(score, same)
    peer = LogisticRegression(C=1e9, class_weight="balanced", tol=1e-10, max_iter=1000)
    peer.fit(score[:, None], same)
    assert found.slope == pytest.approx(peer.coef_[0, 0], rel=0.02), "smoothed targets"
    middle = -peer.intercept_[0] / peer.coef_[0, 0]
    assert -found.offset / found.slope == pytest.approx(middle, rel=0.01)
    twice = platt.fit(1000 * score - 7, same)
    assert np.abs(twice.thousandths(1000 * score - 7) - found.thousandths(score)).max() <= 1


def test_platt_where_scores_tell_all_nothing_or_the_contrary():
    same = np.arange(300) < 100
    perfect = platt.fit(np.where(same, 1.0, 0.0), same)
    assert np.isfinite([perfect.slope, perfect.offset]).all() and perfect.slope > 0
    assert perfect.calibrated and perfect.doubt == "separated"
    for scores, doubt in ((np.full(300, 7.5), "constant"), (np.where(same, 0.0, 1.0), "reversed")):
        none = platt.fit(scores, same)
        assert (none.calibrated, none.doubt) == (False, doubt)
    assert platt.fit(np.arange(3.0), np.ones(3, dtype=bool)).doubt == "one answer"
    few = np.arange(30.0) % 7 + 3 * (np.arange(30) < 15)
    assert platt.fit(few, np.arange(30) < 15).doubt == "few"
    bare = platt.standardised(np.array([1.0, 3.0]))
    assert not bare.calibrated and bare.thousandths(np.array([1.0, 3.0])).tolist() == [-1000, 1000]


def test_a_test_takes_its_scaling_from_validation(blobs):
    validated = ask(Flat(), make(blobs), seed=0, device="cpu")
    tested = ask(Flat(), make(blobs, "test"), seed=0, device="cpu", scaling=validated.scaling)
    assert validated.outcome.thousandths != tested.outcome.thousandths or (
        validated.asked.digest() == tested.asked.digest()
    )
    assert tested.outcome.calibrated
    alone = ask(Flat(), make(blobs, "test"), seed=0, device="cpu")
    assert not alone.outcome.calibrated and abs(np.mean(alone.outcome.thousandths)) < 1


class Small:
    """Quick on all of glyphs."""

    distance, input_size = "cosine", 8

    def embed(self, images):
        return images.flatten(1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    names = ("glyphs-verification", "glyphs-retrieval")
    return folder, [benchmark.evaluate(Small, name, results=folder) for name in names]


def test_records_are_whole_sound_and_small(kept):
    folder, (verified, found) = kept
    assert store.load(folder) == sorted([verified, found], key=lambda r: r.task.name)
    assert verify(folder) == (2, [])
    assert verified.outcome.answered == 15_000 and found.outcome.answered == 8_300
    assert verified.validation.outcome.answered == 6_000 and found.outcome.matches == 19
    for path in store.paths(folder):
        text = path.read_text()
        assert len(text.splitlines()) < 90, "long lists stand on one line"
        assert Record.model_validate_json(text).id == Record.model_validate_json(text).content_id()


def test_forged_pairs_are_told(kept, tmp_path):
    _, (verified, found) = kept
    for record, change, says in (
        (found, {"matches": 18, "hits": [0] * 8_300}, "other numbers of matches"),
        (verified, None, "its outcome is of counts"),
    ):
        data = record.model_dump(mode="json", by_alias=True) | {"id": ""}
        counts = {"kind": "counts", "of": 1, "correct": [1] * record.outcome.answered}
        data["outcome"] = counts if change is None else data["outcome"] | change
        forged = Record.model_validate(data)
        store.write(tmp_path / says[:5], forged)
        _, findings = verify(tmp_path / says[:5])
        assert any(says in finding.says for finding in findings)


def test_verdicts_on_pairs(kept):
    for record in kept[1]:
        assert compared(record, record).verdict == "identical"
        data = record.model_dump(mode="json", by_alias=True) | {"id": ""}
        name = "thousandths" if record.outcome.kind == "log-odds" else "first"
        values = data["outcome"][name]
        values[0] = -values[0] if name == "thousandths" else values[0] + 1
        found = compared(record, Record.model_validate(data))
        assert found.verdict == "different", "a fixed model on the same machine"
        data["provenance"]["processor"] = "another"
        found = compared(record, Record.model_validate(data))
        assert found.verdict == "decisions differ" and found.differing <= 1
        data["outcome"][name] = [1 if name == "thousandths" else 9] * len(values)
        data["provenance"]["weights"] = "a" * 64
        assert compared(record, Record.model_validate(data)).verdict == "different"
