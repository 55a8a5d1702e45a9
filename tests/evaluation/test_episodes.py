"""Scoring: no position is favoured, nothing is embedded twice, every way gives the same answers."""

import numpy as np
import pytest
import torch

from benchmark.errors import ModelFailed
from benchmark.evaluation.episodes import answer, way_of
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import Task


def make(blobs, **changes):
    facts = {
        "name": "blobs-5w1s", "version": 1, "track": "blobs", "split": "test", "n_way": 5,
        "n_shot": 1, "n_query": 6, "episodes": 150,
    } | changes  # fmt: skip
    task = Task(**facts)
    return LoadedTask(task, blobs, draw(task, blobs, list(range(12))), blobs.class_names)


@pytest.fixture(scope="module")
def one_shot(blobs):
    return make(blobs)


@pytest.fixture(scope="module")
def three_shot(blobs):
    return make(blobs, name="blobs-5w3s", n_shot=3)


class Flat:
    """Pixels as the embedding, counting what it is given."""

    def __init__(self, distance="euclidean"):
        self.distance = distance
        self.seen = 0

    def embed(self, images):
        self.seen += len(images)
        return images.flatten(1)


def by_hand(loaded, distance):
    """Nearest prototype with NumPy loops, one query at a time."""
    flat = loaded.data.images().reshape(len(loaded.data), -1) / 255
    if distance == "cosine":
        flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    correct = []
    for support, queries, labels in zip(
        loaded.episodes.support, loaded.episodes.queries, loaded.episodes.labels, strict=True
    ):
        prototypes = flat[support].mean(axis=1)
        hits = 0
        for query, label in zip(queries, labels, strict=True):
            q = flat[query]
            if distance == "cosine":
                score = prototypes @ q / np.linalg.norm(prototypes, axis=1)
            elif distance == "manhattan":
                score = -np.abs(prototypes - q).sum(axis=1)
            else:
                score = -((prototypes - q) ** 2).sum(axis=1)
            hits += int(score.argmax() == label)
        correct.append(hits)
    return np.array(correct)


@pytest.mark.parametrize("distance", ["euclidean", "cosine", "manhattan"])
@pytest.mark.parametrize("shots", ["one_shot", "three_shot"])
def test_agrees_with_plain_loops(distance, shots, request):
    loaded = request.getfixturevalue(shots)
    answers = answer(Flat(distance), loaded)
    assert np.abs(answers.correct - by_hand(loaded, distance)).sum() <= 1, "float32 ties aside"
    assert answers.correct.mean() / answers.of > 0.9, "the classes are easy"


def test_each_item_is_embedded_once(one_shot):
    model = Flat()
    answer(model, one_shot)
    assert model.seen == len(one_shot.episodes.items())


def test_a_constant_scorer_scores_exactly_one_in_n(one_shot):
    class Collapsed:
        def embed(self, images):
            return torch.ones(len(images), 7)

    class FirstIsTrue:
        def classify_episode(self, support, labels, queries, generator):
            return torch.tensor([[1.0, 0, 0, 0, 0]]).expand(len(queries), 5)

    for model in (Collapsed(), FirstIsTrue()):
        answers = answer(model, one_shot)
        assert (answers.correct * 5 == answers.of).all()


def test_every_way_gives_the_same_answers(one_shot):
    class Pairs(Flat):
        def compare(self, a, b):
            return -(a - b).square().sum(dim=1)

    class Batched(Flat):
        def classify(self, support, labels, queries):
            return -torch.cdist(queries, support).square()

    class Single:
        def classify_episode(self, support, labels, queries, generator):
            return -torch.cdist(queries.flatten(1), support.flatten(1))

    class Images:
        def similarity(self, support, queries):
            return -torch.cdist(queries.flatten(1), support.flatten(1))

    base = answer(Flat(), one_shot).correct
    for model, way in (
        (Pairs(), "compare"),
        (Batched(), "classify"),
        (Single(), "classify_episode"),
        (Images(), "similarity"),
    ):
        assert way_of(model) == way
        correct = answer(model, one_shot).correct
        assert np.array_equal(correct, base[: len(correct)]), way


def test_pair_scorers_answer_a_declared_prefix(one_shot):
    class Images:
        def similarity(self, support, queries):
            return torch.zeros(len(queries), len(support))

    assert len(answer(Images(), one_shot).correct) == 100 < len(one_shot.episodes)
    assert len(answer(Images(), one_shot, episodes=7).correct) == 7


def test_episode_classifiers_get_a_generator_of_their_own_for_each_episode(one_shot):
    class Draws:
        def __init__(self):
            self.numbers = []

        def classify_episode(self, support, labels, queries, generator):
            self.numbers.append(float(torch.rand(1, generator=generator)))
            return torch.rand(len(queries), 5, generator=generator)

    first, again, other = Draws(), Draws(), Draws()
    a = answer(first, one_shot, seed=1).correct
    b = answer(again, one_shot, seed=1).correct
    c = answer(other, one_shot, seed=2).correct
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert len(set(first.numbers)) == len(first.numbers)


@pytest.mark.parametrize(
    ("embedding", "says"),
    [
        (lambda images: images.flatten(1) * float("nan"), "not finite"),
        (lambda images: images.flatten(1)[:-1], "expected"),
        (lambda images: images, "expected"),
    ],
)
def test_unusable_answers_are_named(one_shot, embedding, says):
    model = Flat()
    model.embed = embedding
    with pytest.raises(ModelFailed, match=says):
        answer(model, one_shot)


def test_inputs_are_what_the_model_declares(one_shot):
    class Fussy:
        input_size, channels, normalise = 8, 3, ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))

        def embed(self, images):
            assert images.shape[1:] == (3, 8, 8)
            assert images.dtype == torch.float32
            assert images.min() >= -1 and images.max() <= 1 and images.min() < 0
            return images.flatten(1)

    answer(Fussy(), one_shot, episodes=2)


@pytest.mark.parametrize("distance", ["euclidean", "cosine", "dot-product"])
@pytest.mark.parametrize("shots", ["one_shot", "three_shot"])
def test_looking_up_and_gathering_give_the_same_scores(distance, shots, request, monkeypatch):
    from benchmark.evaluation import scorers

    loaded = request.getfixturevalue(shots)
    gathered = answer(Flat(distance), loaded).correct
    monkeypatch.setattr(scorers, "GATHERED_VALUE", 1e12)
    looked_up = answer(Flat(distance), loaded).correct
    assert np.abs(gathered - looked_up).sum() <= 1, "float32 ties aside"


def test_a_second_task_embeds_only_what_is_new(one_shot, three_shot):
    from benchmark.evaluation.embedding_store import EmbeddingStore

    model = Flat()
    bank = EmbeddingStore(model, "cpu")
    answer(model, one_shot, bank=bank, episodes=3)
    first = model.seen
    with_bank = answer(model, three_shot, bank=bank).correct
    everything = np.union1d(one_shot.episodes.first(3).items(), three_shot.episodes.items())
    assert first < model.seen == len(everything)
    assert np.array_equal(with_bank, answer(Flat(), three_shot).correct)
