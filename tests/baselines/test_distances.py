"""Distances against their formulas, computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from baselines.parts import class_of, part_names
from baselines.siamese.distances.weighted_l1 import SPREAD

A = torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]])
B = torch.tensor([[1.0, 2.0, 2.0], [4.0, 6.0, 2.0], [0.0, 0.0, 0.0]])


def between(name: str) -> np.ndarray:
    result: np.ndarray = class_of("distances", name)(3)(A, B).detach().numpy()
    return result


def test_euclidean() -> None:
    assert np.allclose(between("euclidean"), [[0, 5, 3], [6**0.5, 53**0.5, 3]])


def test_manhattan() -> None:
    assert np.allclose(between("manhattan"), [[0, 7, 5], [4, 11, 3]])


def test_cosine() -> None:
    expected = [[0, 1 - 20 / (3 * 56**0.5), 1], [1 - 2 / 3, 1 - 2 / 56**0.5, 1]]
    assert np.allclose(between("cosine"), expected, atol=1e-6)


def test_weighted_l1_with_weights_of_both_signs() -> None:
    distance = class_of("distances", "weighted-l1")(3)
    with torch.no_grad():
        distance.weight.copy_(torch.tensor([1.0, -2.0, 0.5]) * 3 / SPREAD)
        distance.bias.fill_(0.25)
        result = distance(A, B).numpy()
    differences = np.abs(A.numpy()[:, None] - B.numpy()[None])
    assert np.allclose(result, differences @ np.array([1, -2, 0.5]) - 0.25, atol=1e-6)


@pytest.mark.parametrize("name", part_names("distances"))
def test_pairs_are_the_diagonal_of_all_pairs(name: str) -> None:
    distance = class_of("distances", name)(6)
    a, b = torch.rand(7, 6), torch.rand(7, 6)
    assert torch.allclose(distance.pairs(a, b), distance(a, b).diagonal(), atol=1e-6)
    assert distance(a.expand(2, 7, 6), b[:4]).shape == (2, 7, 4)


@pytest.mark.parametrize("name", part_names("distances"))
def test_no_gradient_is_nan_between_equal_or_blank_embeddings(name: str) -> None:
    distance = class_of("distances", name)(4)
    for start in (torch.ones(3, 4), torch.zeros(3, 4)):
        a = start.clone().requires_grad_()
        (distance(a, a).sum() + distance.pairs(a, a).sum()).backward()
        assert a.grad is not None and torch.isfinite(a.grad).all()
