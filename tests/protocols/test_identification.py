"""Open-set identification: what is drawn, what is counted, and that the folder is all it takes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from benchmark.datasets.data_set import whole
from benchmark.errors import OneshotError, Refused
from benchmark.protocols.catalogue import BY_NAME, BY_OUTCOME, PROTOCOLS, protocol_of
from benchmark.protocols.few_shot import task as families
from benchmark.protocols.identification.metrics import ACCURACY, AUROC, TPIR, counts_of
from benchmark.protocols.identification.outcome import AtRate, Identified
from benchmark.protocols.identification.score import answer_task, measured
from benchmark.protocols.identification.task import RANKED, IdentificationTask, draw_open, parse
from benchmark.records.packed import Integers
from benchmark.tasks import task
from benchmark.tasks.episodes import UNKNOWN, Episodes
from benchmark.tasks.loading import LoadedTask


def small(data, **changes):
    """Two-way episodes with two unknown classes on synthetic data."""
    settings = {
        "name": "blobs-2w1s-open", "version": 1, "track": "blobs", "split": "test", "n_way": 2,
        "n_shot": 1, "n_query": 3, "episodes": 40, "protocol": "identification",
        "unknown_classes": 2,
    }  # fmt: skip
    asked = IdentificationTask(**settings | changes)
    episodes = draw_open(asked, data, list(range(12)))
    return LoadedTask(asked, data, episodes, data.class_names)


def vectors(values, labels):
    """A data set of vectors [n, d], a class name a label."""
    names = tuple(f"c{n}" for n in range(max(labels) + 1))
    values = np.asarray(values, dtype=np.float32)
    return whole("vectors", "vector", values[:, :, None, None], np.asarray(labels), names, {})


@pytest.mark.parametrize("within", [None, "alphabet"])
def test_unknown_queries_are_of_no_support_class_and_of_the_same_group(blobs, within):
    loaded = small(blobs, within=within)
    episodes, labels = loaded.episodes, blobs.labels
    support = labels[episodes.support[:, :, 0]]
    queries = labels[episodes.queries]
    match = queries[:, :, None] == support[:, None]
    known = episodes.labels != UNKNOWN
    assert np.array_equal(match.any(axis=2), known)
    assert np.array_equal(match.argmax(axis=2)[known], episodes.labels[known])
    assert (known.sum(axis=1) == loaded.task.known).all()
    assert ((~known).sum(axis=1) == loaded.task.unknown).all()
    assert (np.diff(known.astype(int), axis=1) != 0).any(), "both kinds are mixed"
    if within:
        alphabet = blobs.class_groups("alphabet")
        assert (alphabet[queries] == alphabet[support[:, :1]]).all()


def test_a_prefix_of_the_draw_is_the_draw_of_a_prefix(blobs):
    assert small(blobs).episodes.first(7).digest() == small(blobs, episodes=7).episodes.digest()


@pytest.mark.parametrize("name", RANKED)
def test_ranked_tasks_and_their_twins(name):
    found, twin = task(name), task(f"{name}@validation")
    assert found.ranked and found.protocol == "identification" == twin.protocol
    assert (found.n_way, found.unknown_classes) == (twin.n_way, twin.unknown_classes)
    assert found.key != task(name.removesuffix("-open")).key
    assert protocol_of(name) is BY_NAME["identification"]


def test_a_validation_split_that_is_too_small_gives_narrower_episodes():
    assert (task("orl-faces-5w1s-open").n_way, task("orl-faces-5w1s-open").unknown_classes) == (
        5,
        3,
    )
    twin = task("orl-faces-7w1s-open@validation")
    assert (twin.n_way, twin.unknown_classes) == (7, 1)


@pytest.mark.parametrize("name", ["orl-faces-8w1s-open", "omniglot-lake-20w1s-open"])
def test_what_leaves_no_unknown_class_is_refused(name):
    with pytest.raises(OneshotError, match=name):
        task(name)


def test_families_of_a_users_own_data_have_the_task(monkeypatch):
    from benchmark.tasks.family import TaskFamily

    own = TaskFamily("mine", "mine", (), per_class=6, validation_classes=2, test_classes=6)
    monkeypatch.setattr(families.own, "family", lambda name: own if name == "mine" else None)
    assert (parse("mine-4w1s-open").n_way, parse("mine-4w1s-open").unknown_classes) == (4, 2)
    assert not parse("mine-4w1s-open").ranked
    with pytest.raises(Refused, match="validation split has 2 classes"):
        parse("mine-4w1s-open@validation")
    assert parse("other-4w1s-open") is None and parse("mine-4w1s") is None


def episodes_of(labels):
    """Episodes with these labels [e, q]; the items do not matter."""
    labels = np.asarray(labels, dtype=np.int16)
    support = np.zeros((len(labels), 2, 1), dtype=np.int32)
    return Episodes(support, np.zeros(labels.shape, dtype=np.int32), labels)


def test_counts_are_those_of_the_definitions():
    random = np.random.default_rng(0)
    labels = np.tile([0, 1, 0, UNKNOWN, 1, UNKNOWN, UNKNOWN], (2_000, 1))
    scores = np.round(random.normal(size=labels.shape) + (labels != UNKNOWN), 1)  # with ties
    classes = np.where(random.random(labels.shape) < 0.8, np.maximum(labels, 0), 1)
    found = measured(episodes_of(labels), classes, scores)
    known = labels[0] != UNKNOWN
    a, b = scores[:, known][:, :, None], scores[:, ~known][:, None]
    assert list(found.ordered) == (2 * (a > b) + (a == b)).sum(axis=(1, 2)).tolist()
    right = (classes == labels) & known
    assert list(found.correct) == right.sum(axis=1).tolist()
    assert [each.per_thousand for each in found.rates] == [10, 100]
    unknown = scores[:, ~known]
    for each in found.rates:
        share = each.per_thousand / 1000
        allowed = [t for t in np.unique(scores) if (unknown >= t).mean() <= share]
        best = max((right & (scores >= t)).sum() for t in allowed)
        assert sum(each.identified) == best
        assert sum(each.accepted) <= share * unknown.size


def test_a_constant_score_tells_nothing_and_identifies_nothing():
    labels = np.tile([0, 1, UNKNOWN], (4_000, 1))
    found = measured(episodes_of(labels), np.zeros_like(labels), np.ones(labels.shape))
    (accuracy, of), (auroc, pairs) = (counts_of([found], 4_000)[name] for name in (ACCURACY, AUROC))
    assert auroc.sum() / (pairs * 4_000) == 0.5 and accuracy.sum() / (of * 4_000) == 0.5
    assert all(sum(each.accepted) == sum(each.identified) == 0 for each in found.rates)


def test_rates_need_enough_unknown_queries():
    labels = np.tile([0, 1, UNKNOWN], (300, 1))
    random = np.random.default_rng(0).random(labels.shape)
    found = measured(episodes_of(labels), np.zeros_like(labels), random)
    assert [each.per_thousand for each in found.rates] == [100]
    assert set(counts_of([found], 300)) == {AUROC, ACCURACY, TPIR[100]}


class Nearest:
    """Answers with the items themselves."""

    def __init__(self, distance="euclidean"):
        self.distance = distance

    def embed(self, items):
        return items.flatten(1)


@pytest.mark.parametrize("distance", ["euclidean", "squared-euclidean", "manhattan"])
def test_similarities_of_different_queries_can_be_compared(distance):
    # Scores of an episode may leave out a query's own length: far from the origin that decides.
    values = [[0.0, 0.0], [0.0, 1.0], [90.0, 90.0], [90.0, 91.0], [60.0, 60.0]]
    data = vectors(values, [0, 0, 1, 1, 2])
    episodes = Episodes(
        np.array([[[0], [2]]], dtype=np.int32),
        np.array([[1, 3, 4]], dtype=np.int32),
        np.array([[0, 1, UNKNOWN]], dtype=np.int16),
    )
    asked = IdentificationTask(
        "vectors-2w1s-open", 1, "vectors", "test", 2, 1, 1, 1, protocol="identification",
        unknown_classes=1,
    )  # fmt: skip
    loaded = LoadedTask(asked, data, episodes, data.class_names)
    found = answer_task(Nearest(distance), loaded, seed=0, device="cpu").outcome
    assert list(found.correct) == [2] and list(found.ordered) == [4], "both known ones are nearer"


class Rejecting(Nearest):
    """Knows that items with a large second number are of no class."""

    def reject(self, support, labels, queries):
        assert support.shape[:2] == labels.shape and labels.max() == 1
        return queries[:, :, 1]


def test_a_model_that_rejects_by_itself_is_asked(blobs):
    values = np.concatenate([np.zeros((6, 2)), np.full((2, 2), 5.0)])
    values[:, 0] = [0, 0, 1, 1, 2, 2, 0, 1]
    data = vectors(values, [0, 0, 1, 1, 2, 2, 3, 3])
    episodes = Episodes(
        np.array([[[0], [2]]], dtype=np.int32),
        np.array([[1, 3, 6, 7]], dtype=np.int32),
        np.array([[0, 1, UNKNOWN, UNKNOWN]], dtype=np.int16),
    )
    asked = IdentificationTask(
        "vectors-2w1s-open", 1, "vectors", "test", 2, 1, 1, 1, protocol="identification",
        unknown_classes=2,
    )  # fmt: skip
    loaded = LoadedTask(asked, data, episodes, data.class_names)
    found = answer_task(Rejecting(), loaded, seed=0, device="cpu").outcome
    assert list(found.ordered) == [8]
    reverse = Rejecting()
    reverse.reject = lambda support, labels, queries: -queries[:, :, 1]
    assert list(answer_task(reverse, loaded, seed=0, device="cpu").outcome.ordered) == [0]


def test_an_observer_sees_all_scores(blobs):
    seen = []
    loaded = small(blobs)
    answer_task(Nearest(), loaded, seed=0, device="cpu", observe=lambda s, y: seen.append((s, y)))
    scores, labels = torch.cat([s for s, _ in seen]), torch.cat([y for _, y in seen])
    assert scores.shape == (40, 12, 2)
    assert np.array_equal(labels.numpy(), loaded.episodes.labels)


def at(per_thousand, accepted, identified):
    """Counts of two episodes at a limit."""
    return AtRate(
        per_thousand=per_thousand, accepted=Integers(accepted), identified=Integers(identified)
    )


def outcome(**changes):
    """A valid outcome of two episodes, with changes."""
    settings = {
        "known": 2, "unknown": 2, "correct": Integers([2, 1]), "ordered": Integers([8, 3]),
        "rates": [at(500, [1, 1], [1, 0])],
    }  # fmt: skip
    return Identified(**settings | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"correct": Integers([3, 1])},
        {"ordered": Integers([9, 3])},
        {"ordered": Integers([8])},
        {
            "rates": [
                AtRate(per_thousand=10, accepted=Integers([1, 1]), identified=Integers([1, 0]))
            ]
        },
        {
            "rates": [
                AtRate(per_thousand=500, accepted=Integers([1, 1]), identified=Integers([1, 2]))
            ]
        },
    ],
)
def test_an_outcome_that_cannot_be_is_refused(changes):
    assert outcome().answered == 2
    with pytest.raises(ValidationError):
        outcome(**changes)


def test_an_outcome_of_other_queries_than_the_task_has_is_a_fault():
    protocol = BY_OUTCOME["identified"]
    (fault,) = protocol.faults(task("glyphs-5w1s-open"), outcome())
    assert "75 known and 75 unknown" in fault
    fitting = replace(task("glyphs-5w1s-open"), n_way=2, n_query=1, unknown_classes=2)
    assert not protocol.faults(fitting, outcome())


def test_every_protocol_has_the_same_files():
    from pathlib import Path

    import benchmark.protocols as home

    files = {"__init__", "task", "score", "outcome", "metrics", "columns", "chart"}
    folders = [path for path in Path(home.__file__).parent.iterdir() if (path / "task.py").exists()]
    assert len(folders) == len(PROTOCOLS)
    for folder in folders:
        assert {path.stem for path in folder.glob("*.py")} == files, folder.name
