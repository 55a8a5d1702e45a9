"""The hardest share of pairs and triplets, against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.parts import part_names
from baselines.siamese.losses._masks import highest
from baselines.siamese.traits import loss_needs

from .helpers import (
    LABELS,
    make_loss,
    metric,
    negatives,
    positive_pairs,
    table,
    value_of,
)

MINABLE = ("bce", "contrastive", "triplet")
SHARES = (0.01, 0.25, 0.7, 1.0)


def top(losses: list[float], share: float) -> list[float]:
    """The highest share of losses, one at least."""
    return sorted(losses, reverse=True)[: max(1, round(share * len(losses)))]


def pair_loss(name: str, d: float, same: bool, m: float) -> float:
    if name == "contrastive":
        return float(0.5 * d**2 if same else 0.5 * max(0.0, m - d) ** 2)
    logit = 4 / m * (m - d)  # as it starts
    return math.log1p(math.exp(-logit if same else logit))


def of_pairs(name: str, pairs: Tensor, d: np.ndarray, m: float) -> tuple[list[float], list[float]]:
    """Losses of the similar and of the different ones among given pairs."""
    by_kind: tuple[list[float], list[float]] = ([], [])
    for i, j in pairs.tolist():
        same = bool(LABELS[i] == LABELS[j])
        by_kind[0 if same else 1].append(pair_loss(name, d[i, j], same, m))
    return by_kind


def test_what_can_be_mined() -> None:
    assert tuple(name for name in part_names("losses") if loss_needs(name).minable) == MINABLE


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", ["contrastive", "bce"])
def test_pairs_of_a_batch(name: str, share: float, embeddings: Tensor) -> None:
    every = torch.tensor([(i, j) for i in range(7) for j in range(7) if i != j])
    similar, different = of_pairs(name, every, table(embeddings), 1.5)
    expected = 0.5 * np.mean(top(similar, share)) + 0.5 * np.mean(top(different, share))
    value = value_of(name, "euclidean", embeddings, margin=1.5, hardest=share)
    assert value == pytest.approx(expected, rel=1e-5)
    assert (value > value_of(name, "euclidean", embeddings, margin=1.5)) == (share < 1)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("name", ["contrastive", "bce"])
def test_drawn_pairs(name: str, share: float, embeddings: Tensor) -> None:
    pairs = torch.tensor(
        [[0, 3], [0, 1], [3, 4], [0, 5], [2, 6], [1, 2], [5, 6], [4, 6], [0, 2], [1, 5]]
    )
    similar, different = of_pairs(name, pairs, table(embeddings), 2.5)
    assert len(similar) == len(different)
    loss = make_loss(name, "euclidean", margin=2.5, hardest=share)
    value = float(loss(metric("euclidean"), embeddings, LABELS, pairs).detach())
    expected = np.mean(top(similar, share) + top(different, share))
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("share", SHARES)
def test_triplets_of_a_batch(share: float, embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.3
    hinges = [max(0.0, d[a, p] - d[a, n] + m) for a, p in positive_pairs() for n in negatives(a)]
    expected = np.mean([hinge for hinge in top(hinges, share) if hinge > 0])
    value = value_of("triplet", "euclidean", embeddings, margin=m, hardest=share)
    assert value == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("share", SHARES)
def test_drawn_triplets(share: float, embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.3
    triplets = torch.tensor([[0, 1, 3], [3, 4, 6], [5, 6, 0], [2, 0, 5], [4, 3, 1], [6, 5, 2]])
    hinges = [max(0.0, float(d[a, p] - d[a, n]) + m) for a, p, n in triplets.tolist()]
    loss = make_loss("triplet", "euclidean", margin=m, hardest=share)
    value = float(loss(metric("euclidean"), embeddings, LABELS, triplets))
    assert value == pytest.approx(np.mean(top(hinges, share)), rel=1e-5)


@pytest.mark.parametrize("name", MINABLE)
def test_the_whole_share_is_the_default_and_sorts_nothing(
    name: str, embeddings: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("sorted")

    monkeypatch.setattr(Tensor, "sort", forbidden)
    plain = value_of(name, "euclidean", embeddings, margin=1.5)
    assert value_of(name, "euclidean", embeddings, margin=1.5, hardest=1.0) == plain
    with pytest.raises(AssertionError, match="sorted"):
        value_of(name, "euclidean", embeddings, margin=1.5, hardest=0.5)


@pytest.mark.parametrize("name", MINABLE)
def test_only_what_counts_gets_a_gradient(name: str) -> None:
    e = torch.tensor([[0.0], [1.0], [10.0], [14.0]], requires_grad=True)
    labels = torch.tensor([0, 0, 1, 1])
    loss = make_loss(name, "euclidean", margin=0.5 if name != "triplet" else 20.0, hardest=0.01)
    pairs = torch.tensor([[0, 1], [2, 3]])  # the second is the farther one
    triplets = torch.tensor([[0, 1, 3], [2, 3, 1]])
    loss(metric("euclidean", 1), e, labels, triplets if name == "triplet" else pairs).backward()
    assert e.grad is not None
    assert float(e.grad[0, 0]) == 0
    assert float(e.grad[3, 0]) > 0


def test_one_at_least_is_kept_and_none_of_none() -> None:
    assert highest(torch.tensor([1.0, 3.0, 2.0]), 1e-9).tolist() == [3.0]
    assert highest(torch.tensor([1.0, 3.0, 2.0]), 0.7).tolist() == [3.0, 2.0]
    assert highest(torch.tensor([]), 0.5).tolist() == []


@pytest.mark.parametrize("name", ["contrastive", "bce"])
def test_a_batch_without_similar_pairs_is_finite(name: str, embeddings: Tensor) -> None:
    loss = make_loss(name, "euclidean", margin=1.5, hardest=0.25)
    value = loss(metric("euclidean"), embeddings, torch.arange(7), None)
    assert torch.isfinite(value)
