"""Distances against their formulas, computed by hand and by plain numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from baselines.parts import class_of, part_names
from baselines.siamese.network import Siamese
from baselines.siamese.traits import distance_traits
from benchmark.models import distances
from benchmark.models.distances._distance import Distance
from benchmark.models.distances.mahalanobis import RANK
from benchmark.models.distances.weighted_l1 import SPREAD
from benchmark.protocols import PairHead, TrackInfo

A = torch.tensor([[1.0, 2.0, 2.0], [0.0, 0.0, 3.0]])
B = torch.tensor([[1.0, 2.0, 2.0], [4.0, 6.0, 2.0], [0.0, 0.0, 0.0]])


@pytest.fixture
def track() -> TrackInfo:
    return TrackInfo("small", "character", channels=1, side=32)


def between(name: str) -> np.ndarray:
    result: np.ndarray = class_of("distances", name)(3)(A, B).detach().numpy()
    return result


def randomised(name: str, embedding: int) -> Distance:
    """A distance whose own weights, if any, are not those it starts with."""
    torch.manual_seed(3)
    distance: Distance = class_of("distances", name)(embedding)
    with torch.no_grad():
        for weight in distance.parameters():
            weight.copy_(torch.randn_like(weight))
    return distance


def poincare(a: np.ndarray, b: np.ndarray) -> float:
    def to_ball(v: np.ndarray) -> np.ndarray:
        v = v / len(v) ** 0.5
        v = v * min(1.0, 2.0 / np.linalg.norm(v))
        return np.tanh(np.linalg.norm(v)) * v / np.linalg.norm(v)

    x, y = to_ball(a), to_ball(b)
    return float(np.arccosh(1 + 2 * ((x - y) @ (x - y)) / ((1 - x @ x) * (1 - y @ y))))


def weights(distance: Distance, name: str) -> np.ndarray:
    result: np.ndarray = getattr(distance, name).detach().double().numpy()
    return result


FORMULAS: dict[str, Callable[[Distance, np.ndarray, np.ndarray], float]] = {
    "bilinear": lambda d, a, b: -a @ weights(d, "weight") @ b,
    "cosine": lambda d, a, b: 1 - a @ b / (np.linalg.norm(a) * np.linalg.norm(b)),
    "dot-product": lambda d, a, b: -sum(x * y for x, y in zip(a, b, strict=True)),
    "euclidean": lambda d, a, b: sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5,
    "hyperbolic": lambda d, a, b: poincare(a, b),
    "mahalanobis": lambda d, a, b: float(np.linalg.norm(weights(d, "map") @ (a - b))),
    "manhattan": lambda d, a, b: sum(abs(x - y) for x, y in zip(a, b, strict=True)),
    "signal-to-noise": lambda d, a, b: np.var(b - a) / np.var(a),
    "squared-euclidean": lambda d, a, b: sum((x - y) ** 2 for x, y in zip(a, b, strict=True)),
    "weighted-l1": lambda d, a, b: (
        SPREAD / len(a) * np.abs(a - b) @ weights(d, "weight") - weights(d, "bias")
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_matrix_and_pairs_are_the_formula(name: str) -> None:
    distance = randomised(name, 6)
    draw = torch.Generator().manual_seed(0)
    a = 5 * torch.randn(2, 7, 6, generator=draw)
    b = 5 * torch.randn(2, 4, 6, generator=draw)
    a[0, 0] *= 0.1  # near the origin, where the hyperbolic distance does not clip
    p, q = a.double().numpy(), b.double().numpy()
    expected = np.array(
        [
            [[FORMULAS[name](distance, p[s, i], q[s, j]) for j in range(4)] for i in range(7)]
            for s in range(2)
        ]
    )
    with torch.no_grad():
        matrix = distance(a, b).numpy()
        pairs = distance.pairs(a[1, :4], b[1]).numpy()
    assert np.allclose(matrix, expected, rtol=1e-4, atol=1e-4)
    assert np.allclose(pairs, expected[1, :4].diagonal(), rtol=1e-4, atol=1e-4)


def test_euclidean() -> None:
    assert np.allclose(between("euclidean"), [[0, 5, 3], [6**0.5, 53**0.5, 3]])


def test_squared_euclidean() -> None:
    assert np.allclose(between("squared-euclidean"), [[0, 25, 9], [6, 53, 9]], atol=1e-5)


def test_dot_product_and_bilinear_as_it_starts() -> None:
    assert np.allclose(between("dot-product"), [[-9, -20, 0], [-6, -6, 0]])
    assert np.allclose(between("bilinear"), between("dot-product"))


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


def test_mahalanobis_starts_as_a_euclidean_distance() -> None:
    assert np.allclose(between("mahalanobis"), between("euclidean"), atol=1e-6)
    wide = class_of("distances", "mahalanobis")(16 * RANK)
    assert wide.map.shape == (RANK, 16 * RANK)
    a, b = torch.randn(2, 200, 16 * RANK, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        ratios = wide.pairs(a, b) / (a - b).norm(dim=1)
    assert float(ratios.mean()) == pytest.approx(1.0, abs=0.05)
    assert float(ratios.std()) < 0.15  # sqrt(1 / (2 RANK)) = 0.09


def test_signal_to_noise_agrees_with_pytorch_metric_learning() -> None:
    distances = pytest.importorskip("pytorch_metric_learning.distances")
    a, b = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(2))
    theirs = distances.SNRDistance(normalize_embeddings=False)(a, b)
    assert torch.allclose(class_of("distances", "signal-to-noise")(8)(a, b), theirs, rtol=1e-4)


def test_signal_to_noise_of_anchors_without_signal_is_finite() -> None:
    distance = class_of("distances", "signal-to-noise")(3)
    blank = torch.zeros(1, 3)
    assert torch.isfinite(distance(blank, B)).all() and torch.isfinite(distance(B, blank)).all()


def test_hyperbolic_is_finite_near_the_boundary_and_keeps_its_limit() -> None:
    distance = class_of("distances", "hyperbolic")(3)
    far = torch.tensor([[1e6, 0.0, 0.0], [-1e6, 0.0, 0.0], [1e30, 0.0, 0.0]], requires_grad=True)
    d = distance(far, far)
    d.sum().backward()
    assert float(d[0, 1].detach()) == pytest.approx(distance_traits("hyperbolic").upper, abs=1e-4)
    assert far.grad is not None and torch.isfinite(far.grad).all()


def test_close_pairs_far_from_the_origin_keep_their_digits() -> None:
    draw = torch.Generator().manual_seed(4)
    a = 100 + torch.randn(5, 8, generator=draw)
    b = a + 0.1 * torch.randn(5, 8, generator=draw)
    expected = (a.double() - b.double()).square().sum(dim=1).float()
    d = class_of("distances", "squared-euclidean")(8)(a, b).diagonal()
    assert torch.allclose(d, expected, rtol=1e-3)


@pytest.mark.parametrize("name", ["squared-euclidean", "mahalanobis", "signal-to-noise"])
def test_low_precision_of_the_network_does_not_reach_differences(name: str) -> None:
    distance = class_of("distances", name)(8)
    a, b = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(6))
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        low = distance(a, b)
    assert torch.allclose(low, distance(a, b), rtol=1e-5)


@pytest.mark.parametrize("name", part_names("distances"))
def test_pairs_are_the_diagonal_of_all_pairs(name: str) -> None:
    distance = class_of("distances", name)(6)
    a, b = torch.rand(7, 6), torch.rand(7, 6)
    assert torch.allclose(distance.pairs(a, b), distance(a, b).diagonal(), rtol=1e-4, atol=1e-5)
    assert distance(a.expand(2, 7, 6), b[:4]).shape == (2, 7, 4)


@pytest.mark.parametrize("name", part_names("distances"))
def test_no_gradient_is_nan_between_equal_or_blank_embeddings(name: str) -> None:
    distance = class_of("distances", name)(4)
    for start in (torch.ones(3, 4), torch.zeros(3, 4), torch.arange(4.0).expand(3, 4)):
        a = start.clone().requires_grad_()
        (distance(a, a).sum() + distance.pairs(a, a).sum()).backward()
        assert a.grad is not None and torch.isfinite(a.grad).all()
        for weight in distance.parameters():
            assert weight.grad is not None and torch.isfinite(weight.grad).all()


@pytest.mark.parametrize("name", part_names("distances"))
def test_what_the_harness_knows_by_name_orders_alike(name: str, track: TrackInfo) -> None:
    model = Siamese(0, track, distance=name, loss="triplet", width=0.05)
    prototypes_stand = distance_traits(name).prototypes
    assert isinstance(model, PairHead) == (not prototypes_stand)
    draw = torch.Generator().manual_seed(1)
    prototypes, query = torch.randn(9, 6, generator=draw), torch.randn(1, 6, generator=draw)
    distance = class_of("distances", name)(6)
    with torch.no_grad():
        ours = distance(prototypes, query)[:, 0]
        if prototypes_stand:
            # As the harness does, embeddings come with length one where the cosine is declared.
            length = query.norm() if name == "cosine" else 1.0
            judge = distances.declared(model, 6)
            theirs = judge.similarity((query / length)[None], prototypes[None])[0, 0]
        else:
            theirs = Siamese._compare(model_with(distance), prototypes, query.expand(9, 6))
    assert torch.equal(ours.argsort(), theirs.argsort(descending=True))


def model_with(distance: Distance) -> Siamese:
    """As much of a network as comparing takes."""
    model = Siamese.__new__(Siamese)
    torch.nn.Module.__init__(model)
    model.metric = distance
    return model
