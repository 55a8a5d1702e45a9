"""Losses on similarities against their published formulas, item by item."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.episodic._episodes import split
from baselines.episodic.prototypical import episode_loss
from baselines.siamese.losses._loss import COSINE_RADIUS
from baselines.siamese.traits import distance_traits

from .helpers import (
    LABELS,
    Numbers,
    cosines,
    make_loss,
    metric,
    negatives,
    positive_pairs,
    positives,
    table,
    value_of,
)


def n_pairs(s: Numbers, t: float) -> float:
    anchors, partners = (0, 3, 5), (1, 4, 6)
    return float(
        np.mean(
            [
                math.log(
                    1
                    + sum(
                        math.exp((s[anchors[i], partners[j]] - s[anchors[i], partners[i]]) / t)
                        for j in range(3)
                        if j != i
                    )
                )
                for i in range(3)
            ]
        )
    )


def nt_xent(s: Numbers, t: float) -> float:
    values = []
    for i, j in positive_pairs():
        own = math.exp(s[i, j] / t)
        values.append(-math.log(own / (own + sum(math.exp(s[i, n] / t) for n in negatives(i)))))
    return float(np.mean(values))


def supervised_contrastive(s: Numbers, t: float) -> float:
    values = []
    for i in range(7):
        total = sum(math.exp(s[i, a] / t) for a in range(7) if a != i)
        logs = [math.log(math.exp(s[i, p] / t) / total) for p in positives(i)]
        values.append(-sum(logs) / len(logs))
    return float(np.mean(values))


def nca(s: Numbers, t: float) -> float:
    values = []
    for i in range(7):
        total = sum(math.exp(s[i, k] / t) for k in range(7) if k != i)
        values.append(-math.log(sum(math.exp(s[i, j] / t) for j in positives(i)) / total))
    return float(np.mean(values))


def prototypical(s: Numbers, t: float) -> float:
    supports = {0: 0, 1: 3, 2: 5}
    values = []
    for query in (1, 2, 4, 6):
        total = sum(math.exp(s[c, query] / t) for c in supports.values())
        values.append(-math.log(math.exp(s[supports[int(LABELS[query])], query] / t) / total))
    return float(np.mean(values))


def multi_similarity(s: Numbers, a: float, b: float, threshold: float, epsilon: float) -> float:
    values = []
    for i in range(7):
        chosen_p = [
            p for p in positives(i) if s[i, p] < max(s[i, n] for n in negatives(i)) + epsilon
        ]
        chosen_n = [
            n for n in negatives(i) if s[i, n] > min(s[i, p] for p in positives(i)) - epsilon
        ]
        pull = math.log(1 + sum(math.exp(-a * (s[i, p] - threshold)) for p in chosen_p)) / a
        push = math.log(1 + sum(math.exp(b * (s[i, n] - threshold)) for n in chosen_n)) / b
        values.append(pull + push)
    return float(np.mean(values))


def circle(s: Numbers, g: float, m: float) -> float:
    values = []
    for i in range(7):
        of_n = sum(math.exp(g * max(0, s[i, n] + m) * (s[i, n] - m)) for n in negatives(i))
        of_p = sum(
            math.exp(-g * max(0, 1 + m - s[i, p]) * (s[i, p] - (1 - m))) for p in positives(i)
        )
        values.append(math.log(1 + of_n * of_p))
    return float(np.mean(values))


def lifted_structure(d: Numbers, m: float, t: float) -> float:
    values = []
    for i, j in positive_pairs():
        if i < j:
            of_i = sum(math.exp((m - d[i, n]) / t) for n in negatives(i))
            of_j = sum(math.exp((m - d[j, n]) / t) for n in negatives(j))
            values.append(max(0.0, math.log(of_i + of_j) + d[i, j] / t) ** 2)
    return sum(values) / (2 * len(values))


def angular(e: Numbers, alpha: float) -> float:
    t = math.tan(math.radians(alpha)) ** 2
    values = []
    for a, p in positive_pairs():
        centre = (e[a] + e[p]) / 2
        excess = [
            ((e[a] - e[p]) ** 2).sum() - 4 * t * ((e[n] - centre) ** 2).sum() for n in negatives(a)
        ]
        values.append(math.log(1 + sum(math.exp(x) for x in excess)))
    return float(np.mean(values))


BY_COSINE = {
    "n-pairs": lambda s: n_pairs(s, 0.1),
    "nt-xent": lambda s: nt_xent(s, 0.1),
    "supervised-contrastive": lambda s: supervised_contrastive(s, 0.1),
    "nca": lambda s: nca(s, 0.1),
    "prototypical": lambda s: prototypical(s, 0.0375),
    "multi-similarity": lambda s: multi_similarity(s, 2, 50, 0.5, 0.1),
    "circle": lambda s: circle(s, 80, 0.4),
    "lifted-structure": lambda s: lifted_structure(1 - s, 0.3, 0.1),
}


@pytest.mark.parametrize("name", BY_COSINE)
def test_with_the_cosine_a_loss_is_as_published(name: str, embeddings: Tensor) -> None:
    expected = BY_COSINE[name](cosines(embeddings))
    assert value_of(name, "cosine", embeddings, margin=0.3) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", [name for name in BY_COSINE if name != "circle"])
def test_another_distance_is_measured_in_its_radius(name: str, embeddings: Tensor) -> None:
    embeddings = 8 * embeddings
    d = table(embeddings)
    expected = BY_COSINE[name](1 - d * 0.6 / 16)
    margin = 0.3 * 16 / 0.6
    assert value_of(name, "euclidean", embeddings, margin=margin) == pytest.approx(
        expected, rel=1e-4
    )
    if name != "lifted-structure":  # which has no use for the zero of a similarity
        inner = embeddings.double().numpy() @ embeddings.double().numpy().T
        expected = BY_COSINE[name](inner * 0.6 / 128)
        assert value_of(name, "dot-product", embeddings) == pytest.approx(expected, rel=1e-4)


def test_the_cosine_is_its_own_unit() -> None:
    assert distance_traits("cosine").radius == COSINE_RADIUS
    loss = make_loss("nt-xent", "weighted-l1")
    middle = loss.similarity(torch.tensor([0.0, -8.0, 8.0]))  # from sure to sure not
    assert middle.tolist() == pytest.approx([0.7, 1.0, 0.4])


def test_n_pairs_over_the_inner_product_is_sohns_formula(embeddings: Tensor) -> None:
    traits = replace(distance_traits("dot-product"), radius=COSINE_RADIUS)
    loss = make_loss("n-pairs", traits, temperature=1.0)
    value = float(loss(metric("dot-product"), embeddings, LABELS, None))
    e = embeddings.double().numpy()
    assert value == pytest.approx(n_pairs(e @ e.T, 1.0), rel=1e-5)


@pytest.mark.parametrize("alpha", [30.0, 45.0])
@pytest.mark.parametrize("name", ["euclidean", "squared-euclidean", "mahalanobis", "cosine"])
def test_angular(name: str, alpha: float, embeddings: Tensor) -> None:
    e = embeddings.double().numpy()
    lengths = np.linalg.norm(e, axis=1, keepdims=True)
    e = e / (lengths if name == "cosine" else 16 / 1.2**0.5)  # sides are measured in radii
    loss = make_loss("angular", name)
    loss.alpha = alpha
    value = float(loss(metric(name), embeddings, LABELS, None).detach())
    assert value == pytest.approx(angular(e, alpha), rel=1e-4)


def test_prototypical_loss(embeddings: Tensor) -> None:
    e = embeddings[:6].double().numpy()  # two classes of three: two shots and one query
    prototypes = np.stack([e[0:2].mean(axis=0), e[3:5].mean(axis=0)])
    losses = []
    for query, label in ((e[2], 0), (e[5], 1)):
        scores = -((query - prototypes) ** 2).sum(axis=1) / 2.5
        losses.append(math.log(np.exp(scores).sum()) - scores[label])
    value = float(episode_loss(split(embeddings[:6], per_class=3, shots=2), temperature=2.5))
    assert value == pytest.approx(np.mean(losses), abs=1e-5)
