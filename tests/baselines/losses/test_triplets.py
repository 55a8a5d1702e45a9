"""Losses on triplets against their formulas, written out triplet by triplet."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from .helpers import (
    LABELS,
    Numbers,
    make_loss,
    metric,
    negatives,
    positive_pairs,
    positives,
    table,
    value_of,
)


def test_triplet_averages_the_positive_ones(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.3
    hinges = [
        d[a, p] - d[a, n] + m
        for a in range(7)
        for p in range(7)
        for n in range(7)
        if a != p and LABELS[a] == LABELS[p] and LABELS[a] != LABELS[n]
    ]
    loss = make_loss("triplet", "euclidean", margin=m)
    expected = np.mean([h for h in hinges if h > 0])
    value = loss(metric("euclidean"), embeddings, LABELS, None).detach()
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_triplet_over_given_triplets_counts_the_easy_ones(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.1
    triplets = torch.tensor([[0, 1, 3], [3, 4, 6], [5, 6, 0], [2, 0, 5]])
    loss = make_loss("triplet", "euclidean", margin=m)
    expected = np.mean([max(0.0, d[a, p] - d[a, n] + m) for a, p, n in triplets])
    value = loss(metric("euclidean"), embeddings, LABELS, triplets)
    assert float(value) == pytest.approx(expected, abs=1e-5)


def test_triplet_is_zero_where_all_are_far_enough() -> None:
    loss = make_loss("triplet", "euclidean", margin=0.5)
    apart = 100.0 * LABELS[:, None].float().expand(7, 3)
    assert float(loss(metric("euclidean"), apart, LABELS, None)) == 0.0


def hinges_semi_hard(d: Numbers, m: float) -> list[float]:
    values = []
    for a, p in positive_pairs():
        beyond = [d[a, n] for n in negatives(a) if d[a, n] > d[a, p]]
        if beyond and d[a, p] - min(beyond) + m > 0:
            values.append(d[a, p] - min(beyond) + m)
    return values


def test_triplet_semi_hard(embeddings: Tensor) -> None:
    hinges = hinges_semi_hard(table(embeddings), 0.5)
    assert len(hinges) > 1
    value = value_of("triplet-semi-hard", "euclidean", embeddings, margin=0.5)
    assert value == pytest.approx(np.mean(hinges), abs=1e-5)


def test_triplet_batch_hard(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.5
    hinges = [
        max(0.0, max(d[a, p] for p in positives(a)) - min(d[a, n] for n in negatives(a)) + m)
        for a in range(7)
    ]
    value = value_of("triplet-batch-hard", "euclidean", embeddings, margin=m)
    assert value == pytest.approx(np.mean(hinges), abs=1e-5)
