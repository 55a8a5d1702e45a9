"""Scores of every protocol and distance against float64, on magnitudes that float32 cancels."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.evaluation import precision, scorers
from benchmark.evaluation.embedding_store import EmbeddingStore
from benchmark.evaluation.retrieval import by_distance, search
from benchmark.evaluation.verification import score_pairs
from benchmark.models.distances._distance import squared_distances
from benchmark.models.distances._unit import unit
from benchmark.tasks.queries import Queries

DISTANCES = ("euclidean", "squared-euclidean", "cosine", "dot-product", "manhattan")
TRANSLATED = ("euclidean", "squared-euclidean", "manhattan")
CLASSES, ITEMS, WIDTH, EPISODES = 12, 8, 6, 60
SURE = 1e-6  # relative to the distances: closer scores are ties that either arithmetic may break


def clusters(seed=0, width=WIDTH):
    """float64 [CLASSES * ITEMS, width]: overlapping classes about the origin."""
    random = np.random.default_rng(seed)
    centres = np.repeat(random.normal(0, 1.5, (CLASSES, width)), ITEMS, axis=0)
    return centres + random.normal(0, 1, centres.shape)


def outlier(x):
    x = x.copy()
    x[5] = 1e7
    return x


def unequal(x):
    """Lengths from 1e-6 to 1e6, a class at one scale."""
    return x * np.repeat(10.0 ** np.linspace(-6, 6, CLASSES), ITEMS)[:, None]


def islands(x):
    """Two far groups of classes, each with small differences."""
    return x + np.where(np.arange(len(x)) % (2 * ITEMS) < ITEMS, 3e5, -2e5)[:, None]


MAPS = {
    "plain": lambda x: x,
    "offset 30": lambda x: x + 30,
    "offset 1e3": lambda x: x + 1e3,
    "offset 1e5": lambda x: x + 1e5,
    "offset 1e7": lambda x: 40 * x + 1e7,
    "one column offset": lambda x: x + np.eye(WIDTH)[2] * 3e6,
    "scale 1e-6": lambda x: 1e-6 * x,
    "scale 1e6": lambda x: 1e6 * x,
    "scale 1e-25": lambda x: 1e-25 * x,
    "scale 1e25": lambda x: 1e25 * x,
    "offset and small scale": lambda x: 1e-6 * x + 1e-2,
    "outlier": outlier,
    "unequal lengths": unequal,
    "islands": islands,
}


def normalised(x):
    lengths = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.where(lengths == 0, 1, lengths)


def reference(distance, a, b):
    """float64 similarities of [..., e] and [..., e]; the cosine as a distance of unit vectors."""
    if distance == "dot-product":
        return (a * b).sum(-1)
    if distance == "manhattan":
        return -np.abs(a - b).sum(-1)
    if distance == "cosine":
        a, b = normalised(a), normalised(b)
        return -((a - b) ** 2).sum(-1) / 2
    squares = -((a - b) ** 2).sum(-1)
    return squares if distance == "squared-euclidean" else -np.sqrt(-squares)


def of_class(distance, shots, support, queries):
    """float64 [q, n] of support [n, k, e] and queries [q, e]."""
    if distance == "cosine":
        support = normalised(support)
    if shots == "prototype":
        return reference(distance, queries[:, None], support.mean(axis=1)[None])
    each = reference(distance, queries[:, None, None], support[None])
    return each.max(-1) if shots == "nearest" else each.mean(-1)


def episodes(n_shot, seed=1, ways=5, n_query=2):
    random = np.random.default_rng(seed)
    support, queries = [], []
    for _ in range(EPISODES):
        chosen = random.choice(CLASSES, ways, replace=False)
        items = np.stack([random.permutation(ITEMS)[: n_shot + n_query] for _ in chosen])
        rows = chosen[:, None] * ITEMS + items
        support.append(rows[:, :n_shot])
        queries.append(rows[:, n_shot:].ravel())
    return np.array(support), np.array(queries)


def few_shot(distance, shots, vectors, support, queries):
    """float [b, q, n]: what the harness makes of float32 vectors [m, e]."""
    asked = SimpleNamespace(support=support, queries=queries)
    model = SimpleNamespace(distance=distance)
    items = np.arange(len(vectors))
    scorer = scorers.embedding_scorer(
        model, vectors, asked, items, EmbeddingStore(model, "cpu"), shots
    )
    return scorer.score(torch.from_numpy(support), torch.from_numpy(queries)).double().numpy()


def agreement(distance, shots, vectors, support, queries):
    """Whether all sure answers are those of float64, and how many are sure."""
    scores = few_shot(distance, shots, vectors, support, queries)
    exact = vectors.double().numpy()
    truth = np.stack(
        [
            of_class(distance, shots, exact[s], exact[q])
            for s, q in zip(support, queries, strict=True)
        ]
    )
    best = np.sort(truth, axis=2)
    largest = np.abs(exact[queries]).max(-1) if distance == "dot-product" else 0
    size = np.maximum(np.abs(best[..., -1]), np.abs(best[..., -2]))
    sure = best[..., -1] - best[..., -2] > SURE * size + 1e-15 * largest**2
    same = scores.argmax(2) == truth.argmax(2)
    return same, sure


@pytest.fixture(params=["matrix", "gather"])
def route(request, monkeypatch):
    """Both ways to the scores of episodes."""
    if request.param == "gather":
        monkeypatch.setattr(scorers, "MATRIX_ITEMS", 0)
    return request.param


@pytest.mark.parametrize("shots", ["prototype", "nearest", "mean-similarity"])
@pytest.mark.parametrize("distance", DISTANCES)
def test_few_shot_answers_are_those_of_float64(distance, shots, route):
    for name, change in MAPS.items():
        vectors = torch.from_numpy(change(clusters())).float()
        for n_shot in (1, 3):
            same, sure = agreement(distance, shots, vectors, *episodes(n_shot))
            # Just below the limits float32 keeps four digits of a distance, above them all.
            wrong = int((~same & sure).sum())
            assert wrong <= (1 if name in ("offset 30", "plain") else 0), (name, n_shot, wrong)
            assert sure.mean() > 0.5 or distance in ("cosine", "dot-product"), name


@pytest.mark.parametrize("distance", DISTANCES)
def test_few_shot_scores_do_not_depend_on_scale_order_or_copies(distance, route):
    support, queries = episodes(3)
    vectors = torch.from_numpy(clusters()).float()
    answers = few_shot(distance, "prototype", vectors, support, queries).argmax(2)
    for factor in (2.0**-60, 2.0**-20, 2.0**20, 2.0**60):
        scaled = few_shot(distance, "prototype", vectors * factor, support, queries)
        assert (scaled.argmax(2) == answers).all(), factor
    order = np.random.default_rng(0).permutation(len(vectors))
    back = np.argsort(order)
    moved = few_shot(distance, "prototype", vectors[order], back[support], back[queries])
    assert (moved.argmax(2) == answers).all()
    twice = np.concatenate([support, support], axis=2)  # every support counts twice
    assert (few_shot(distance, "prototype", vectors, twice, queries).argmax(2) == answers).all()


@pytest.mark.parametrize("distance", [d for d in DISTANCES if d != "dot-product"])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e7])
def test_a_copy_of_the_query_is_the_nearest(distance, offset, route):
    """Whole numbers, which float32 holds at any offset here: copies are at distance 0."""
    x = np.rint(40 * clusters()) + offset
    x[ITEMS * np.arange(CLASSES) + 1] = x[ITEMS * np.arange(CLASSES)]
    support = np.stack([np.roll(np.arange(5), n)[:, None] * ITEMS for n in range(5)])
    queries = np.stack([np.roll(np.arange(5), n) * ITEMS + 1 for n in range(5)])
    scores = few_shot(distance, "prototype", torch.from_numpy(x).float(), support, queries)
    assert (scores.argmax(2) == np.arange(5)).all()


def test_equal_distances_stay_equal_at_an_offset(route):
    """The earlier of two equally near classes answers, whatever the offset."""
    x = torch.tensor([[2.0, 0, 0], [-2.0, 0, 0], [0, 2.0, 0], [0, 0, 0], [40, 50, 60]])
    support, queries = np.array([[[0], [1], [2]]]), np.array([[3, 3]])
    for offset in (0.0, 1e4, 1e7):
        scores = few_shot("euclidean", "prototype", x + offset, support, queries)
        assert (scores.argmax(2) == 0).all()


@pytest.mark.parametrize("references", [1, 4])
@pytest.mark.parametrize("distance", DISTANCES)
def test_verification_scores_are_those_of_float64(distance, references):
    for name, change in MAPS.items():
        vectors = torch.from_numpy(change(clusters())).float()
        support, queries = episodes(references)
        left = np.repeat(support[:, 0], queries.shape[1], axis=0)
        right = queries.ravel()
        model = SimpleNamespace(distance=distance)
        scores = score_pairs(model, "embed", vectors, left, right)
        exact = vectors.double().numpy()
        sides = normalised(exact[left]) if distance == "cosine" else exact[left]
        truth = reference(distance, sides.mean(axis=1), exact[right])
        if distance == "cosine":
            lost = 1e-15  # of a value near 1 in float64
            np.testing.assert_allclose(1 - scores, -truth, rtol=2e-3, atol=lost, err_msg=name)
        elif distance == "dot-product":
            size = np.linalg.norm(sides.mean(axis=1), axis=1) * np.linalg.norm(exact[right], axis=1)
            assert (np.abs(scores - truth) <= 1e-6 * size).all(), name
            if name.startswith("offset 1e"):
                assert (np.argsort(scores) == np.argsort(truth)).all(), name
        else:
            np.testing.assert_allclose(
                scores, truth, rtol=1e-5 if references == 1 else 1e-4, err_msg=name
            )


@pytest.mark.parametrize("distance", DISTANCES)
def test_retrieval_ranks_are_those_of_float64(distance):
    for name, change in MAPS.items():
        vectors = torch.from_numpy(change(clusters())).float()
        n = len(vectors)
        asked = Queries(
            np.arange(n, dtype=np.int32),
            np.full(CLASSES, ITEMS, np.int32),
            np.arange(n, dtype=np.int32),
        )
        found = search(
            by_distance(SimpleNamespace(distance=distance), vectors),
            asked,
            "cpu",
            lambda a, b: None,
        )
        exact = vectors.double().numpy()
        truth = reference(distance, exact[:, None], exact[None])
        label = np.repeat(np.arange(CLASSES), ITEMS)
        differing = 0
        for q in range(n):
            match = (label == label[q]) & (np.arange(n) != q)
            others = truth[q][label != label[q]]
            first = 1 + int((others >= truth[q][match].max()).sum())
            gap = np.abs(others - truth[q][match].max()).min()
            differing += first != found.first[q] and gap > SURE * np.abs(others).max()
        assert differing <= (1 if name in ("plain", "offset 30") else 0), name


def test_well_conditioned_scores_are_left_alone(monkeypatch):
    """Bit by bit those of float32: committed answers do not change."""
    vectors = torch.from_numpy(clusters(width=32)).float()

    def never(*arguments):
        raise AssertionError("float64 is not needed")

    monkeypatch.setattr(precision, "exact_scores", never)
    for distance in DISTANCES:
        few_shot(distance, "prototype", vectors, *episodes(1))


def test_distances_of_baselines_do_not_cancel_at_inference():
    x = torch.from_numpy(clusters()).float()[None]
    close = torch.cat([x, x + 1e-4], dim=1) + 100  # pairs 100,000 times closer than the spread
    exact = torch.cdist(close.double(), close.double()).square()
    with torch.no_grad():
        found = squared_distances(close, close)
    torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=0)
    a, b = close[:, :5].clone().requires_grad_(), close[:, 5:9]
    squared_distances(a, b).sum().backward()
    assert torch.isfinite(a.grad).all()


@pytest.mark.parametrize("length", [1e-38, 1e-20, 1e-6, 1.0, 1e6, 1e30])
def test_unit_vectors_of_any_length(length):
    rows = torch.from_numpy(normalised(clusters()) * length).float()
    lengths = unit(rows).double().norm(dim=1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths), rtol=1e-5, atol=0)
    assert not unit(torch.zeros(2, 3)).any()
