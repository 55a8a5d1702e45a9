"""Losses against their published formulas, written out pair by pair."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.episodic.prototypical import episode_loss
from baselines.parts import class_of, part_names
from baselines.siamese.distances._distance import Distance
from baselines.siamese.losses._loss import COSINE_RADIUS
from baselines.siamese.network import Siamese
from baselines.siamese.traits import distance_traits, loss_needs, refusal
from benchmark.protocols import TrackInfo, TrainingData, TrainingRun

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


Numbers = np.ndarray


def cosines(embeddings: Tensor) -> Numbers:
    e = embeddings.double().numpy()
    e = e / np.linalg.norm(e, axis=1, keepdims=True)
    return e @ e.T


def positives(i: int) -> list[int]:
    return [j for j in range(7) if j != i and LABELS[j] == LABELS[i]]


def negatives(i: int) -> list[int]:
    return [j for j in range(7) if LABELS[j] != LABELS[i]]


def positive_pairs() -> list[tuple[int, int]]:
    return [(i, j) for i in range(7) for j in positives(i)]


def value_of(name: str, distance: str, embeddings: Tensor, margin: float = 0.0) -> float:
    loss = class_of("losses", name)(distance_traits(distance), margin)
    metric = class_of("distances", distance)(embeddings.shape[1])
    return float(loss(metric, embeddings, LABELS, None).detach())


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
    value = value_of("triplet-semi-hard", "euclidean", embeddings, 0.5)
    assert value == pytest.approx(np.mean(hinges), abs=1e-5)


def test_triplet_batch_hard(embeddings: Tensor) -> None:
    d, m = table(embeddings), 0.5
    hinges = [
        max(0.0, max(d[a, p] for p in positives(a)) - min(d[a, n] for n in negatives(a)) + m)
        for a in range(7)
    ]
    value = value_of("triplet-batch-hard", "euclidean", embeddings, m)
    assert value == pytest.approx(np.mean(hinges), abs=1e-5)


def test_triplet_batch_hard_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses, miners, reducers

    distance = distances.LpDistance(normalize_embeddings=False)
    theirs = losses.TripletMarginLoss(0.5, distance=distance, reducer=reducers.MeanReducer())
    hardest = miners.BatchHardMiner(distance=distance)(embeddings, LABELS)
    value = value_of("triplet-batch-hard", "euclidean", embeddings, 0.5)
    assert value == pytest.approx(float(theirs(embeddings, LABELS, hardest)), abs=1e-5)


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
    assert value_of(name, "cosine", embeddings, 0.3) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", [name for name in BY_COSINE if name != "circle"])
def test_another_distance_is_measured_in_its_radius(name: str, embeddings: Tensor) -> None:
    embeddings = 8 * embeddings
    d = table(embeddings)
    expected = BY_COSINE[name](1 - d * 0.6 / 16)
    margin = 0.3 * 16 / 0.6
    assert value_of(name, "euclidean", embeddings, margin) == pytest.approx(expected, rel=1e-4)
    if name != "lifted-structure":  # which has no use for the zero of a similarity
        inner = embeddings.double().numpy() @ embeddings.double().numpy().T
        expected = BY_COSINE[name](inner * 0.6 / 128)
        assert value_of(name, "dot-product", embeddings) == pytest.approx(expected, rel=1e-4)


def test_the_cosine_is_its_own_unit() -> None:
    assert distance_traits("cosine").radius == COSINE_RADIUS
    loss = class_of("losses", "nt-xent")(distance_traits("weighted-l1"), 0.0)
    middle = loss.similarity(torch.tensor([0.0, -8.0, 8.0]))  # from sure to sure not
    assert middle.tolist() == pytest.approx([0.7, 1.0, 0.4])


def test_n_pairs_over_the_inner_product_is_sohns_formula(embeddings: Tensor) -> None:
    traits = replace(distance_traits("dot-product"), radius=COSINE_RADIUS)
    loss = class_of("losses", "n-pairs")(traits, 0.0)
    loss.temperature = 1.0
    value = float(loss(class_of("distances", "dot-product")(3), embeddings, LABELS, None))
    e = embeddings.double().numpy()
    assert value == pytest.approx(n_pairs(e @ e.T, 1.0), rel=1e-5)


@pytest.mark.parametrize("alpha", [30.0, 45.0])
@pytest.mark.parametrize("name", ["euclidean", "squared-euclidean", "mahalanobis", "cosine"])
def test_angular(name: str, alpha: float, embeddings: Tensor) -> None:
    e = embeddings.double().numpy()
    lengths = np.linalg.norm(e, axis=1, keepdims=True)
    e = e / (lengths if name == "cosine" else 16 / 1.2**0.5)  # sides are measured in radii
    loss = class_of("losses", "angular")(distance_traits(name), 0.0)
    loss.alpha = alpha
    value = float(loss(class_of("distances", name)(3), embeddings, LABELS, None).detach())
    assert value == pytest.approx(angular(e, alpha), rel=1e-4)


def proxied(name: str, distance: str) -> tuple[Any, Numbers]:
    loss = class_of("losses", name)(distance_traits(distance), 0.0)
    loss.prepare(classes=5, embedding=3, seed=7)  # two of them are not in the batch
    return loss, loss.proxies.detach().double().numpy()


def test_proxy_nca(embeddings: Tensor) -> None:
    loss, proxies = proxied("proxy-nca", "squared-euclidean")
    metric = class_of("distances", "squared-euclidean")(3)
    value = float(loss(metric, embeddings, LABELS, None).detach())
    t = 256 / 0.6 / 9
    nats = []
    for x, label in zip(embeddings.double().numpy(), LABELS, strict=True):
        weights = [math.exp(-((x - p) ** 2).sum() / t) for p in proxies]
        nats.append(-math.log(weights[int(label)] / sum(weights)))
    assert value == pytest.approx(np.mean(nats), rel=1e-5)


def test_proxy_anchor(embeddings: Tensor) -> None:
    loss, proxies = proxied("proxy-anchor", "cosine")
    value = float(loss(class_of("distances", "cosine")(3), embeddings, LABELS, None).detach())
    e = embeddings.double().numpy()
    pulls, pushes = [], []
    for c, proxy in enumerate(proxies):
        s = e @ proxy / np.linalg.norm(e, axis=1) / np.linalg.norm(proxy)
        own = [math.exp(-32 * (s[i] - 0.1)) for i in range(7) if int(LABELS[i]) == c]
        others = [math.exp(32 * (s[i] + 0.1)) for i in range(7) if int(LABELS[i]) != c]
        if own:
            pulls.append(math.log(1 + sum(own)))
        pushes.append(math.log(1 + sum(others)))
    assert value == pytest.approx(np.mean(pulls) + np.mean(pushes), rel=1e-5)


def test_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses, miners, reducers

    mean = reducers.MeanReducer()
    cosine = distances.CosineSimilarity()
    theirs = {
        "nt-xent": losses.NTXentLoss(temperature=0.1),
        "supervised-contrastive": losses.SupConLoss(temperature=0.1, reducer=mean),
        "circle": losses.CircleLoss(m=0.4, gamma=80, reducer=mean),
        "nca": losses.NCALoss(softmax_scale=10, distance=cosine),
        "multi-similarity": losses.MultiSimilarityLoss(alpha=2, beta=50, base=0.5),
    }
    mined = {"multi-similarity": miners.MultiSimilarityMiner(epsilon=0.1)(embeddings, LABELS)}
    for name, loss in theirs.items():
        expected = float(loss(embeddings, LABELS, mined.get(name)))
        assert value_of(name, "cosine", embeddings) == pytest.approx(expected, rel=1e-4), name


def test_n_pairs_agrees_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = losses.NPairsLoss(distance=distances.CosineSimilarity())
    # One pair of each class, since otherwise it draws them; the negatives are not read.
    chosen = tuple(torch.tensor(index) for index in ([0, 3, 5], [1, 4, 6], [0, 3], [3, 5]))
    ours = class_of("losses", "n-pairs")(distance_traits("cosine"), 0.0)
    ours.temperature = 1.0
    value = float(ours(class_of("distances", "cosine")(3), embeddings, LABELS, None))
    assert value == pytest.approx(float(theirs(embeddings, LABELS, chosen)), rel=1e-4)


def test_geometric_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    lifted = losses.LiftedStructureLoss(
        neg_margin=1.0, distance=distances.LpDistance(normalize_embeddings=False)
    )
    ours = class_of("losses", "lifted-structure")(
        replace(distance_traits("euclidean"), radius=COSINE_RADIUS), 1.0
    )
    ours.temperature = 1.0
    value = float(ours(euclidean(), embeddings, LABELS, None))
    assert value == pytest.approx(float(lifted(embeddings, LABELS)), rel=1e-4)

    ours = class_of("losses", "angular")(distance_traits("cosine"), 0.0)
    ours.alpha = 30.0  # where the terms that the paper drops are zero
    value = float(ours(class_of("distances", "cosine")(3), embeddings, LABELS, None))
    unit = torch.nn.functional.normalize(embeddings)  # theirs does so for all but negatives
    expected = float(losses.AngularLoss(alpha=30)(unit, LABELS))
    assert value == pytest.approx(expected, rel=1e-4)


def test_proxy_losses_agree_with_pytorch_metric_learning(embeddings: Tensor) -> None:
    pytest.importorskip("pytorch_metric_learning")
    from pytorch_metric_learning import distances, losses

    theirs = {
        "proxy-nca": losses.ProxyNCALoss(
            5, 3, softmax_scale=9, distance=distances.CosineSimilarity()
        ),
        "proxy-anchor": losses.ProxyAnchorLoss(5, 3, margin=0.1, alpha=32),
    }
    for name, other in theirs.items():
        loss, _ = proxied(name, "cosine")
        other.proxies.data.copy_(loss.proxies.data)
        value = float(loss(class_of("distances", "cosine")(3), embeddings, LABELS, None).detach())
        expected = float(other(embeddings, LABELS).detach())
        assert value == pytest.approx(expected, rel=1e-4), name


def test_proxies_follow_the_seed_and_load_into_a_fresh_loss() -> None:
    loss, proxies = proxied("proxy-nca", "cosine")
    again, same = proxied("proxy-nca", "cosine")
    assert np.array_equal(proxies, same)
    again.prepare(5, 3, seed=8)
    assert not np.array_equal(proxies, again.proxies.detach().numpy())
    fresh = class_of("losses", "proxy-nca")(distance_traits("cosine"), 0.0)
    assert fresh.proxies.numel() == 0
    fresh.load_state_dict(loss.state_dict())
    assert torch.equal(fresh.proxies, loss.proxies)


def test_proxies_are_trained_with_the_network_and_load_into_another(
    track: TrackInfo,
    training: Callable[..., TrainingData],
    running: Callable[..., TrainingRun],
    quick: dict[str, Any],
) -> None:
    model = Siamese(0, track, loss="proxy-anchor", **quick)
    model.fit(training(), running())
    start = class_of("losses", "proxy-anchor")(distance_traits("euclidean"), 0.0)
    start.prepare(12, model.recipe.embedding, seed=0)
    trained = model.state_dict()["loss.proxies"]
    assert trained.shape == start.proxies.shape
    assert not torch.equal(trained, start.proxies)
    Siamese(0, track, loss="proxy-anchor", **quick).load_state_dict(model.state_dict())


COMBINATIONS = [
    (distance, loss)
    for distance in part_names("distances")
    for loss in part_names("losses")
    if refusal(distance, loss) is None
]


def built(distance: str, loss: str, embedding: int) -> tuple[Distance, Any]:
    traits, needs = distance_traits(distance), loss_needs(loss)
    made = class_of("losses", loss)(traits, needs.margin * traits.radius)
    made.prepare(classes=6, embedding=embedding, seed=0)
    return class_of("distances", distance)(embedding), made


@pytest.mark.parametrize(("distance", "loss"), COMBINATIONS)
def test_every_combination_is_finite_and_learns(distance: str, loss: str) -> None:
    metric, made = built(distance, loss, 8)
    draw = torch.Generator().manual_seed(0)
    for scale in (0.1, 1.0, 10.0):
        e = (scale * torch.randn(12, 8, generator=draw)).requires_grad_()
        labels = torch.arange(6).repeat_interleave(2)
        value = made(metric, e, labels, None)
        value.backward()
        assert value.shape == () and torch.isfinite(value)
        assert e.grad is not None and torch.isfinite(e.grad).all()
        if scale == 1.0:
            assert bool((e.grad != 0).any())
    for weight in (*metric.parameters(), *made.parameters()):
        assert weight.grad is not None and torch.isfinite(weight.grad).all()


@pytest.mark.parametrize(("distance", "loss"), COMBINATIONS)
def test_a_collapsed_batch_has_a_finite_gradient(distance: str, loss: str) -> None:
    metric, made = built(distance, loss, 8)
    labels = torch.arange(6).repeat_interleave(2)
    by_class = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    for start in (
        torch.ones(12, 8),
        torch.zeros(12, 8),
        by_class[:1].expand(12, 8),
        by_class[labels],  # each class in one point
    ):
        e = start.clone().requires_grad_()
        value = made(metric, e, labels, None)
        value.backward()
        assert torch.isfinite(value)
        assert e.grad is not None and torch.isfinite(e.grad).all()


@pytest.mark.parametrize(("distance", "loss"), COMBINATIONS)
def test_a_step_against_the_gradient_lowers_the_loss(distance: str, loss: str) -> None:
    metric, made = built(distance, loss, 8)
    labels = torch.arange(6).repeat_interleave(3)
    e = torch.randn(18, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    before = made(metric, e, labels, None)
    before.backward()
    assert e.grad is not None
    with torch.no_grad():
        after = [
            made(metric, e - step * e.grad / e.grad.norm(), labels, None)
            for step in (0.1, 0.01, 0.001)
        ]
    assert min(after) < before
