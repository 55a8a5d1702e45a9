"""Losses on pairs against their formulas, written out pair by pair."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from .helpers import LABELS, make_loss, metric, table


def hadsell(d: float, y: int, m: float) -> float:
    """Equation 4, Y = 1 for a dissimilar pair."""
    return (1 - y) * 0.5 * d**2 + y * 0.5 * max(0.0, m - d) ** 2


def unordered() -> list[tuple[int, int]]:
    return [(i, j) for i in range(7) for j in range(i + 1, 7)]


def test_contrastive_over_all_pairs_weighs_both_kinds_equally(embeddings: Tensor) -> None:
    d, m = table(embeddings), 1.5
    loss = make_loss("contrastive", "euclidean", margin=m)
    same = [hadsell(d[i, j], 0, m) for i, j in unordered() if LABELS[i] == LABELS[j]]
    different = [hadsell(d[i, j], 1, m) for i, j in unordered() if LABELS[i] != LABELS[j]]
    expected = 0.5 * np.mean(same) + 0.5 * np.mean(different)
    value = loss(metric("euclidean"), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_contrastive_over_given_pairs(embeddings: Tensor) -> None:
    d, m = table(embeddings), 2.5
    pairs = torch.tensor([[0, 1], [3, 4], [0, 5], [2, 6]])
    loss = make_loss("contrastive", "euclidean", margin=m)
    expected = np.mean([hadsell(d[i, j], int(LABELS[i] != LABELS[j]), m) for i, j in pairs])
    assert float(loss(metric("euclidean"), embeddings, LABELS, pairs)) == pytest.approx(
        expected, abs=1e-5
    )


def test_contrastive_with_cosine_stays_finite_for_a_collapsed_network() -> None:
    loss = make_loss("contrastive", "cosine", margin=0.5)
    collapsed = torch.ones(7, 3, requires_grad=True)
    value = loss(metric("cosine"), collapsed, LABELS, None)
    value.backward()
    assert float(value.detach()) == pytest.approx(0.5 * 0.5 * 0.5**2, abs=1e-5)
    assert collapsed.grad is not None and torch.isfinite(collapsed.grad).all()


def test_bce_of_a_plain_distance(embeddings: Tensor) -> None:
    d = table(embeddings)
    loss = make_loss("bce", "euclidean", margin=2.0)
    with torch.no_grad():
        loss.threshold.fill_(1.7)
        loss.log_scale.fill_(math.log(0.6))

    def nats(i: int, j: int) -> float:
        p = 1 / (1 + math.exp(-0.6 * (1.7 - d[i, j])))
        return -math.log(p if LABELS[i] == LABELS[j] else 1 - p)

    same = [nats(i, j) for i, j in unordered() if LABELS[i] == LABELS[j]]
    different = [nats(i, j) for i, j in unordered() if LABELS[i] != LABELS[j]]
    expected = 0.5 * np.mean(same) + 0.5 * np.mean(different)
    value = loss(metric("euclidean"), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_bce_takes_a_logit_as_it_is(embeddings: Tensor) -> None:
    distance = metric("weighted-l1")
    loss = make_loss("bce", "weighted-l1", margin=1.0)
    assert not list(loss.parameters())
    pairs = torch.tensor([[0, 1], [0, 3]])
    e = embeddings.numpy()
    logits = [4 - 8 * np.abs(e[i] - e[j]).mean() for i, j in pairs]  # as it starts
    expected = (math.log1p(math.exp(-logits[0])) + math.log1p(math.exp(logits[1]))) / 2
    assert float(loss(distance, embeddings, LABELS, pairs).detach()) == pytest.approx(
        expected, abs=1e-5
    )
