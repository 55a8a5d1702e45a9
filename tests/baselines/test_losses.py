"""Losses against their published formulas, written out pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.episodic.prototypical import episode_loss
from baselines.parts import class_of
from baselines.siamese.distances._distance import Distance
from baselines.siamese.traits import distance_traits

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2])


@pytest.fixture
def embeddings() -> Tensor:
    return torch.randn(7, 3, generator=torch.Generator().manual_seed(1))


def euclidean() -> Distance:
    distance: Distance = class_of("distances", "euclidean")(3)
    return distance


def table(embeddings: Tensor) -> np.ndarray:
    e = embeddings.double().numpy()
    return np.sqrt(((e[:, None] - e[None]) ** 2).sum(axis=2))


def hadsell(d: float, y: int, m: float) -> float:
    """Equation 4, Y = 1 for a dissimilar pair."""
    return (1 - y) * 0.5 * d**2 + y * 0.5 * max(0.0, m - d) ** 2


def unordered() -> list[tuple[int, int]]:
    return [(i, j) for i in range(7) for j in range(i + 1, 7)]


def test_contrastive_over_all_pairs_weighs_both_kinds_equally(embeddings: Tensor) -> None:
    d, m = table(embeddings), 1.5
    loss = class_of("losses", "contrastive")(distance_traits("euclidean"), m)
    same = [hadsell(d[i, j], 0, m) for i, j in unordered() if LABELS[i] == LABELS[j]]
    different = [hadsell(d[i, j], 1, m) for i, j in unordered() if LABELS[i] != LABELS[j]]
    expected = 0.5 * np.mean(same) + 0.5 * np.mean(different)
    value = loss(euclidean(), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_contrastive_over_given_pairs(embeddings: Tensor) -> None:
    d, m = table(embeddings), 2.5
    pairs = torch.tensor([[0, 1], [3, 4], [0, 5], [2, 6]])
    loss = class_of("losses", "contrastive")(distance_traits("euclidean"), m)
    expected = np.mean([hadsell(d[i, j], int(LABELS[i] != LABELS[j]), m) for i, j in pairs])
    assert float(loss(euclidean(), embeddings, LABELS, pairs)) == pytest.approx(expected, abs=1e-5)


def test_contrastive_with_cosine_stays_finite_for_a_collapsed_network() -> None:
    loss = class_of("losses", "contrastive")(distance_traits("cosine"), 0.5)
    collapsed = torch.ones(7, 3, requires_grad=True)
    value = loss(class_of("distances", "cosine")(3), collapsed, LABELS, None)
    value.backward()
    assert float(value.detach()) == pytest.approx(0.5 * 0.5 * 0.5**2, abs=1e-5)
    assert collapsed.grad is not None and torch.isfinite(collapsed.grad).all()


def test_triplet_averages_the_positive_ones(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.3
    hinges = [
        d[a, p] - d[a, n] + m
        for a in range(7)
        for p in range(7)
        for n in range(7)
        if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]
    ]
    loss = class_of("losses", "triplet")(distance_traits("euclidean"), m)
    expected = np.mean([h for h in hinges if h > 0])
    value = loss(euclidean(), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_triplet_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pml = pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = losses.TripletMarginLoss(
        margin=0.3, distance=distances.LpDistance(normalize_embeddings=False)
    )
    ours = class_of("losses", "triplet")(distance_traits("euclidean"), 0.3)
    value = float(ours(euclidean(), embeddings, LABELS, None))
    assert value == pytest.approx(float(theirs(embeddings, LABELS)), abs=1e-5), pml.__version__


def test_triplet_over_given_triplets_counts_the_easy_ones(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.1
    triplets = torch.tensor([[0, 1, 3], [3, 4, 6], [5, 6, 0], [2, 0, 5]])
    loss = class_of("losses", "triplet")(distance_traits("euclidean"), m)
    expected = np.mean([max(0.0, d[a, p] - d[a, n] + m) for a, p, n in triplets])
    value = loss(euclidean(), embeddings, LABELS, triplets)
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_triplet_is_zero_where_all_are_far_enough() -> None:
    loss = class_of("losses", "triplet")(distance_traits("euclidean"), 0.5)
    apart = 100.0 * LABELS[:, None].float().expand(7, 3)
    assert float(loss(euclidean(), apart, LABELS, None)) == 0.0


def test_bce_of_a_plain_distance(embeddings: Tensor) -> None:
    d = table(embeddings)
    loss = class_of("losses", "bce")(distance_traits("euclidean"), 2.0)
    with torch.no_grad():
        loss.threshold.fill_(1.7)
        loss.log_scale.fill_(math.log(0.6))

    def nats(i: int, j: int) -> float:
        p = 1 / (1 + math.exp(-0.6 * (1.7 - d[i, j])))
        return -math.log(p if LABELS[i] == LABELS[j] else 1 - p)

    same = [nats(i, j) for i, j in unordered() if LABELS[i] == LABELS[j]]
    different = [nats(i, j) for i, j in unordered() if LABELS[i] != LABELS[j]]
    expected = 0.5 * np.mean(same) + 0.5 * np.mean(different)
    value = loss(euclidean(), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_bce_takes_a_logit_as_it_is(embeddings: Tensor) -> None:
    distance = class_of("distances", "weighted-l1")(3)
    loss = class_of("losses", "bce")(distance_traits("weighted-l1"), 1.0)
    assert not list(loss.parameters())
    pairs = torch.tensor([[0, 1], [0, 3]])
    e = embeddings.numpy()
    logits = [4 - 8 * np.abs(e[i] - e[j]).mean() for i, j in pairs]  # as it starts
    expected = (math.log1p(math.exp(-logits[0])) + math.log1p(math.exp(logits[1]))) / 2
    assert float(loss(distance, embeddings, LABELS, pairs).detach()) == pytest.approx(
        expected, abs=1e-5
    )


def test_prototypical_loss(embeddings: Tensor) -> None:
    e = embeddings[:6].double().numpy()  # two classes of three: two shots and one query
    prototypes = np.stack([e[0:2].mean(axis=0), e[3:5].mean(axis=0)])
    losses = []
    for query, label in ((e[2], 0), (e[5], 1)):
        scores = -((query - prototypes) ** 2).sum(axis=1) / 2.5
        losses.append(math.log(np.exp(scores).sum()) - scores[label])
    value = float(episode_loss(embeddings[:6], per_class=3, shots=2, temperature=2.5))
    assert value == pytest.approx(np.mean(losses), abs=1e-5)
