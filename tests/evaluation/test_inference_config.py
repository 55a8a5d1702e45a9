"""Views and shots: what the harness does with embeddings, whatever the model."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.errors import OneshotError, Refused
from benchmark.evaluation.embeddings import embed
from benchmark.evaluation.episodes import answer
from benchmark.evaluation.inference_config import SHOTS, InferenceConfig, recorded, split
from benchmark.evaluation.views import MOST_VIEWS, maps, view
from benchmark.registry import ModelSpec, recipe_of
from benchmark.tasks.episodes import draw
from benchmark.tasks.loading import LoadedTask
from benchmark.tasks.spec import Task


class Flat:
    """Pixels as the embedding, in any distance."""

    def __init__(self, distance="euclidean"):
        self.distance = distance

    def embed(self, images):
        return images.flatten(1)


class Pairs(Flat):
    """The same, compared by the model itself."""

    def compare(self, a, b):
        return -(a - b).square().sum(dim=1)


@pytest.fixture(scope="module")
def three_shot(blobs):
    """Hard questions: most of each image is noise."""
    noise = np.random.default_rng(0).integers(0, 256, blobs.stored.shape)
    blobs = replace(blobs, stored=(0.25 * blobs.stored + 0.75 * noise).astype(np.uint8))
    task = Task(
        name="blobs-5w3s", version=1, track="blobs", split="test", n_way=5, n_shot=3, n_query=4,
        episodes=120,
    )  # fmt: skip
    return LoadedTask(task, blobs, draw(task, blobs, list(range(12))), blobs.class_names)


def by_hand(loaded, distance, shots):
    """Plain loops: the score of each class from the scores of its supports."""
    flat = loaded.data.images().reshape(len(loaded.data), -1) / 255
    if distance == "cosine":
        flat = flat / np.linalg.norm(flat, axis=1, keepdims=True)
    measure = {
        "euclidean": lambda q, s: -np.sqrt(((q - s) ** 2).sum(axis=-1)),
        "squared-euclidean": lambda q, s: -((q - s) ** 2).sum(axis=-1),
        "cosine": lambda q, s: s @ q / np.linalg.norm(s, axis=-1),
        "dot-product": lambda q, s: s @ q,
        "manhattan": lambda q, s: -np.abs(q - s).sum(axis=-1),
    }[distance]
    correct = []
    asked = loaded.episodes
    for support, queries, labels in zip(asked.support, asked.queries, asked.labels, strict=True):
        hits = 0
        for query, label in zip(queries, labels, strict=True):
            if shots == "prototype":
                scores = measure(flat[query], flat[support].mean(axis=1))
            else:
                each = np.stack([measure(flat[query], flat[shot]) for shot in support])
                scores = each.max(axis=1) if shots == "nearest" else each.mean(axis=1)
            hits += int(np.argmax(scores) == label)
        correct.append(hits)
    return np.array(correct)


@pytest.mark.parametrize("shots", SHOTS)
@pytest.mark.parametrize(
    "distance", ["euclidean", "squared-euclidean", "cosine", "dot-product", "manhattan"]
)
@pytest.mark.parametrize("by_matrix", [True, False])
def test_shots_agree_with_plain_loops(three_shot, distance, shots, by_matrix, monkeypatch):
    from benchmark.evaluation import scorers

    monkeypatch.setattr(scorers, "LOOKUP", 0 if by_matrix else 10**12)
    answers = answer(Flat(distance), three_shot, shots=shots)
    differ = np.abs(answers.correct - by_hand(three_shot, distance, shots)).sum()
    assert differ <= 2  # ties of nearly equal scores


def test_ways_of_taking_shots_differ(three_shot):
    results = {s: answer(Flat(), three_shot, shots=s).correct.tolist() for s in SHOTS}
    assert len({tuple(correct) for correct in results.values()}) == 3


@pytest.mark.parametrize("shots", SHOTS)
def test_a_model_s_own_similarity_takes_shots_alike(three_shot, shots):
    own = answer(Pairs(), three_shot, shots=shots).correct
    declared = answer(Flat("squared-euclidean"), three_shot, shots=shots).correct
    assert np.abs(own - declared).sum() <= 2


def test_one_view_is_the_item_itself(blobs):
    assert torch.equal(embed(Flat(), blobs), embed(Flat(), blobs, views=1))


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_views_average_embeddings(blobs, distance):
    images = torch.from_numpy(blobs.images()).float() / 255
    rows = [view(images, "character", number).flatten(1) for number in range(3)]
    if distance == "cosine":
        rows = [torch.nn.functional.normalize(row, dim=1) for row in rows]
    expected = torch.stack(rows).mean(dim=0)
    assert torch.allclose(embed(Flat(distance), blobs, views=3), expected, atol=1e-6)


@pytest.mark.parametrize("family", ["character", "photograph"])
def test_views_are_small_pinned_and_begin_with_the_item(family):
    theta = maps(family)
    assert theta.shape == (MOST_VIEWS, 2, 3) and np.array_equal(theta[0], np.eye(2, 3))
    assert len(np.unique(theta.reshape(MOST_VIEWS, -1), axis=0)) == MOST_VIEWS
    linear = np.abs(np.linalg.det(theta[:, :, :2]))
    assert linear.min() > 0.4 and linear.max() < 1.4
    pinned = {"character": 0.8720, "photograph": -0.8726}
    assert theta[1, 0, 0] == pytest.approx(pinned[family], abs=1e-4)


def test_views_of_what_is_no_image_are_refused(blobs):
    vectors = replace(blobs, family="vector", stored=np.ones((len(blobs), 4), np.float32))
    with pytest.raises(Refused, match="vector data"):
        embed(Flat(), vectors, views=2)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"views": 0}, "between 1 and"),
        ({"views": "many"}, "not a whole number"),
        ({"views": True}, "not a whole number"),
        ({"shots": "best"}, "not one of prototype"),
        ({"final_fit": "perhaps"}, "not true or false"),
    ],
)
def test_wrong_values_are_named(settings, says):
    with pytest.raises(OneshotError, match=says):
        split(settings)


def test_the_harness_keeps_its_settings_from_the_model():
    config, own = split({"views": "4", "shots": "nearest", "final_fit": "true", "margin": "1"})
    assert config == InferenceConfig(4, "nearest", True) and own == {"margin": "1"}


def test_the_recipe_says_how_a_model_was_asked():
    class Learns(Flat):
        refits = True

        def fit(self, data, run): ...

    spec = ModelSpec("m", Flat, {"views": 2})
    assert recipe_of(Flat(), spec, "quick") | {"resampler": ""} == {
        "budget": "none", "distance": "euclidean", "dtype": "float32", "resampler": "",
        "shots": "prototype", "views": 2,
    }  # fmt: skip
    assert recorded(InferenceConfig(), Pairs())["shots"] == "mean-similarity"
    assert recorded(InferenceConfig(final_fit=True), Learns())["final_fit"] is True
    with pytest.raises(Refused, match="final fit"):
        recorded(InferenceConfig(final_fit=True), Flat())


def test_what_does_not_apply_is_refused():
    class Single:
        def classify_episode(self, support, labels, queries, generator): ...

    assert "shots" not in recorded(InferenceConfig(), Single())
    with pytest.raises(Refused, match="embeds"):
        recorded(InferenceConfig(views=2), Single())
    with pytest.raises(Refused, match="shots"):
        recorded(InferenceConfig(shots="nearest"), Single())
